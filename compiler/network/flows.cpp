#include "compiler/network/flows.h"

#include <map>

namespace nemo::compiler {

std::vector<Flow> flows_of(const proto::Intent &intent) {
  std::map<std::string, size_t> workloads;
  for (int w = 0; w < intent.workloads_size(); ++w)
    workloads.emplace("workload." + intent.workloads(w).name(), w);
  std::vector<Flow> flows;
  for (const proto::Object &object : intent.objects()) {
    if (object.kind() != "flow" || object.labels_size() == 0)
      continue;
    Flow flow;
    flow.object = &object;
    bool from = false, to = false;
    for (const proto::Attribute &attribute : object.attributes()) {
      if (attribute.name() == "bandwidth" && attribute.value().has_quantity())
        if (const auto quantity = formula::from_proto(attribute.value().quantity()))
          flow.bandwidth = quantity->value;
      // "workload.plc" or, with a port, "workload.plc.out"
      const std::string &end = attribute.value().reference();
      const auto found = workloads.find(end.substr(0, end.find('.', end.find('.') + 1)));
      if (found == workloads.end())
        continue;
      (attribute.name() == "from" ? flow.from : flow.to) = found->second;
      (attribute.name() == "from" ? from : to) = true;
    }
    if (from && to)
      flows.push_back(flow);
  }
  return flows;
}

std::vector<std::pair<uint32_t, uint32_t>> counted_nodes(const std::vector<uint32_t> &placed_on) {
  std::map<uint32_t, uint32_t> counts;
  for (const uint32_t node : placed_on)
    ++counts[node];
  return {counts.begin(), counts.end()};
}

} // namespace nemo::compiler
