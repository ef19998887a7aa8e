// Totals and the models behind them.
#include "compiler/plan/assemble/totals.h"

#include <map>
#include <unordered_map>

#include <fmt/format.h>

#include "compiler/explain/texts.h"
#include "compiler/placement/jobs.h"
#include "compiler/resolve/suspend.h"

namespace nemo::compiler {

void Sum::add(std::optional<int64_t> part, const std::string &missing_fact) {
  if (!value)
    return;
  int64_t sum = 0;
  if (!part || __builtin_add_overflow(*value, *part, &sum)) {
    value.reset();
    missing = part ? "a sum within 64 bits" : missing_fact;
    return;
  }
  value = sum;
}

void Sums::add(const proto::Resources &reserved, const NodeView &node, const Run *run,
               const Figure *egress) {
  Figures each = figures(reserved, node, run);
  if (egress)
    add_egress(each, *egress, run);
  add(each);
  if (can_sleep(node) && awake.insert(node.node->name()).second)
    add(compiler::awake(node));
}

void Sums::add(const Figures &each) {
  auto fact = [](const Figure &figure) {
    return figure.missing.empty() ? std::string("a figure within 64 bits") : figure.missing;
  };
  milliwatts.add(compiler::milliwatts(each.power), fact(each.power));
  milligrams_per_hour.add(compiler::milligrams_per_hour(each.carbon), fact(each.carbon));
  ueur_per_hour.add(millionths_per_hour(each.cost), fact(each.cost));
}

void Sums::add_unknown(const std::string &missing_fact) {
  for (Sum *sum : {&milliwatts, &milligrams_per_hour, &ueur_per_hour})
    sum->add(std::nullopt, missing_fact);
}

std::vector<Figure> paid(const proto::Intent &intent, const proto::Fleet &world,
                         const std::vector<NodeView> &nodes, bool whole,
                         const std::vector<Stand> &stands) {
  Egress egress(intent, world, nodes, whole);
  std::vector<Figure> result;
  if (!egress.none())
    for (const auto &value : egress.paid(stands))
      result.push_back({value, {}});
  return result;
}

proto::Totals totals(const Sums &sums) {
  proto::Totals result;
  if (sums.ueur_per_hour.value)
    result.set_ueur_per_hour(*sums.ueur_per_hour.value);
  if (sums.milliwatts.value)
    result.set_milliwatts(*sums.milliwatts.value);
  if (sums.milligrams_per_hour.value)
    result.set_mg_co2e_per_hour(*sums.milligrams_per_hour.value);
  for (auto [model, sum] : {std::pair{explain::cost_model(), &sums.ueur_per_hour},
                            {explain::power_model(), &sums.milliwatts},
                            {explain::carbon_model(), &sums.milligrams_per_hour}}) {
    proto::Model *entry = result.add_models();
    *entry = sums.awake.empty() ? model : explain::with_nodes_awake(model);
    entry->set_missing(sum->missing);
  }
  return result;
}

Sums sums_before(const proto::Intent &intent, const stages::Resolved &resolved,
                 const std::vector<NodeView> &nodes, bool whole) {
  std::unordered_map<std::string, const NodeView *> by_name;
  for (const NodeView &view : nodes)
    by_name.emplace(view.node->name(), &view);
  std::unordered_map<std::string, const proto::Workload *> workloads;
  std::unordered_map<std::string, uint32_t> index;
  for (const proto::Workload &workload : intent.workloads()) {
    index.emplace(workload.name(), static_cast<uint32_t>(workloads.size()));
    workloads.emplace(workload.name(), &workload);
  }
  const ToldStarts starts(intent.stack(), resolved.facts());
  std::vector<Stand> stands;
  std::map<const stages::Existing *, size_t> stand_of;
  for (const stages::Existing &there : resolved.existing())
    if (const auto node = by_name.find(there.node()), end = by_name.end();
        node != end && !there.finished())
      if (const auto workload = workloads.find(there.workload()); workload != workloads.end()) {
        stand_of.emplace(&there, stands.size());
        stands.push_back(
            {index.at(there.workload()), static_cast<uint32_t>(node->second - nodes.data())});
      }
  const std::vector<Figure> sent = paid(intent, resolved.world(), nodes, whole, stands);
  Sums sums;
  for (const stages::Existing &there : resolved.existing()) {
    auto node = by_name.find(there.node());
    auto workload = workloads.find(there.workload());
    if (node == by_name.end() || there.finished())
      continue; // nothing runs there any more, where its node is not in the fleet least of all
    std::optional<Run> run;
    if (workload != workloads.end())
      run = run_of(*workload->second, starts.of(there), resolved.world().at());
    const Run *when = run ? &*run : nullptr;
    const auto stand = stand_of.find(&there);
    const Figure *egress = sent.empty() || stand == stand_of.end() ? nullptr : &sent[stand->second];
    if (there.has_spec())
      sums.add(there.spec().resources(), *node->second, when, egress);
    else if (workload != workloads.end())
      sums.add(workload->second->resources(), *node->second, when, egress);
    else
      sums.add_unknown(fmt::format("resources of {}/{}", there.workload(), there.replica()));
  }
  return sums;
}

} // namespace nemo::compiler
