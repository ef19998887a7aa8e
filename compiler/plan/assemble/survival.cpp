#include "compiler/plan/assemble/survival.h"

#include <map>
#include <string>

#include "compiler/explain/texts.h"

namespace nemo::compiler {

std::vector<std::optional<proto::Expectation>>
survivals(const proto::Intent &intent, const std::vector<NodeView> &nodes,
          const std::vector<std::vector<uint32_t>> &of_workload,
          const std::vector<uint32_t> &finished) {
  const auto promised = [&](size_t w) {
    const proto::Workload &workload = intent.workloads(static_cast<int>(w));
    return !of_workload[w].empty() && of_workload[w].size() + finished[w] == workload.replicas_min()
               ? workload.survive()
               : std::string();
  };
  const auto name_of = [&](const std::string &kind, uint32_t node) {
    return kind == "site" ? nodes[node].node->site() : nodes[node].node->name();
  };
  std::map<std::string, std::map<std::string, size_t>> lost; ///< by kind and name
  for (size_t w = 0; w < of_workload.size(); ++w)
    if (const std::string kind = promised(w); !kind.empty())
      for (uint32_t node : of_workload[w]) {
        ++lost["node"][name_of("node", node)];
        if (kind == "site")
          ++lost["site"][name_of("site", node)];
      }
  std::vector<std::optional<proto::Expectation>> list(of_workload.size());
  for (size_t w = 0; w < of_workload.size(); ++w) {
    const std::string kind = promised(w);
    if (kind.empty())
      continue;
    std::string worst;
    for (uint32_t node : of_workload[w]) {
      const std::string name = name_of(kind, node);
      const size_t here = lost[kind][name], most = worst.empty() ? 0 : lost[kind][worst];
      if (here > most || (here == most && name < worst))
        worst = name;
    }
    const proto::Workload &workload = intent.workloads(static_cast<int>(w));
    proto::Expectation &made = list[w].emplace();
    made.set_object("workload." + workload.name());
    made.set_name("survive");
    made.set_target("survive = " + kind);
    made.set_verb("require");
    made.set_met(true);
    made.set_detail(explain::survives(kind, worst, lost[kind][worst]));
    *made.mutable_span() = workload.survive_span();
  }
  return list;
}

} // namespace nemo::compiler
