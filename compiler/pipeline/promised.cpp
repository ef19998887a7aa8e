#include "compiler/pipeline/promised.h"

#include <algorithm>
#include <map>

#include <fmt/format.h>

#include "compiler/placement/build.h"
#include "compiler/placement/report.h"
#include "compiler/placement/survive.h"
#include "compiler/policy/policy.h"
#include "compiler/resolve/resolve.h"
#include "compiler/resolve/selection.h"

namespace nemo::compiler {

namespace {

using placement::NodeId;
using Places = std::map<std::pair<std::string, uint32_t>, NodeId>;

Places homes(const stages::Resolved &resolved) {
  std::map<std::string, uint32_t> index;
  for (int n = 0; n < resolved.world().nodes_size(); ++n)
    index.emplace(resolved.world().nodes(n).name(), static_cast<uint32_t>(n));
  Places places;
  for (const stages::Existing &there : resolved.existing())
    if (const auto node = index.find(there.node()); node != index.end() && !there.retiring())
      places.emplace(std::pair(there.workload(), there.replica()), NodeId(node->second));
  return places;
}

} // namespace

std::vector<Diagnostic> broken_promises(const stages::Inputs &inputs,
                                        const stages::Resolved &resolved,
                                        const stages::Placed &placed) {
  const proto::Intent &intent = inputs.intent();
  if (inputs.asked().empty() || !is_selective(inputs) ||
      std::all_of(intent.workloads().begin(), intent.workloads().end(),
                  [](const proto::Workload &workload) { return workload.survive().empty(); }))
    return {};
  stages::Inputs all = inputs;
  all.clear_targets();
  all.clear_excludes();
  all.clear_asked();
  stages::Resolved whole = resolve(all).resolved;
  const Places before = homes(whole);
  const auto home_of = [&](const stages::Replica &replica) {
    return before.find(
        {intent.workloads(static_cast<int>(replica.workload())).name(), replica.number()});
  };
  // What does not run takes no room, and nothing is promised to a workload that runs in part.
  auto *replicas = whole.mutable_replicas();
  replicas->erase(std::remove_if(replicas->begin(), replicas->end(),
                                 [&](const auto &one) { return home_of(one) == before.end(); }),
                  replicas->end());
  const stages::Admissible admissible = judge_policies(all, whole).admissible;
  if (admissible.workloads_size() != intent.workloads_size())
    return {};
  const std::vector<NodeView> nodes = views(whole.world());
  const placement::Problem problem =
      placement::build(all, whole, admissible, read_objective(intent, nodes), Jobs(all, whole));
  Places after = before;
  for (int r = 0; r < placed.replicas_size(); ++r) {
    const stages::Replica &replica = resolved.replicas(r);
    if (const auto home = home_of(replica); home != before.end())
      after[home->first] = NodeId(placed.replicas(r).node());
  }
  std::vector<NodeId> now, then;
  for (const stages::Replica &replica : whole.replicas()) {
    now.push_back(home_of(replica)->second);
    then.push_back(after.at(home_of(replica)->first));
  }
  const auto loss = placement::first_fatal(problem, then);
  if (!loss || !placement::survives(problem, now))
    return {};
  const proto::AskedMove &asked = inputs.asked(0);
  Diagnostic fault = placement::tell(intent, nodes, problem, *loss,
                                     fmt::format("{}/{} on {} leaves too little room for",
                                                 asked.workload(), asked.replica(), asked.node()));
  fault.fix = "move it to another node, add a node, or take `survive` away";
  return {std::move(fault)};
}

} // namespace nemo::compiler
