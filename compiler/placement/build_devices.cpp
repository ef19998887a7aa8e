#include "compiler/placement/build_devices.h"

#include <algorithm>

#include "compiler/policy/explain.h"
#include "compiler/resolve/devices.h"

namespace nemo::placement {

using compiler::DeviceAmount;
using compiler::DeviceView;

namespace {

int64_t bounded(uint64_t amount) {
  return static_cast<int64_t>(std::min<uint64_t>(amount, optimiser::most_amount));
}

} // namespace

DeviceBits DeviceTables::bits(const google::protobuf::RepeatedField<uint32_t> &gpus) {
  DeviceBits result = 0;
  for (uint32_t gpu : gpus)
    if (gpu < most_node_devices)
      result |= DeviceBits{1} << gpu;
  return result;
}

DeviceTables::DeviceTables(Problem &problem, const stages::Inputs &inputs,
                           const stages::Resolved &resolved,
                           const std::vector<compiler::NodeView> &nodes,
                           const std::unordered_map<std::string, size_t> &index_of)
    : problem_(problem), nodes_(nodes) {
  problem.first_device.push_back(0);
  for (uint32_t n = 0; n < nodes.size(); ++n) {
    for (const DeviceView &device : compiler::devices_of(*nodes[n].node))
      problem.devices.push_back({n, static_cast<int64_t>(device.milli),
                                 device.said ? bounded(device.said->memory_bytes()) : int64_t{0}});
    problem.first_device.push_back(static_cast<uint32_t>(problem.devices.size()));
  }
  if (problem.devices.empty())
    return;
  // Who names devices has them; who does not takes of what is left.
  for (const bool named : {true, false}) {
    for (const proto::PartState &state : resolved.facts().parts())
      if (const auto node = index_of.find(state.part().node());
          node != index_of.end() && state.part().stack() != inputs.intent().stack())
        for (const proto::Instance &instance : state.part().instances())
          if (instance.spec().gpus().empty() != named)
            take(instance.spec(), node->second);
    for (const stages::Existing &there : resolved.frozen())
      if (const auto node = index_of.find(there.node());
          node != index_of.end() && there.spec().gpus().empty() != named)
        take(there.spec(), node->second);
  }
}

void DeviceTables::take(const proto::Spec &spec, size_t node) {
  const DeviceAmount asked = compiler::devices_asked(spec.resources());
  const size_t first = problem_.first_device[node], end = problem_.first_device[node + 1];
  const int64_t share = bounded(asked.milli);
  const int64_t memory = bounded(spec.resources().gpu_memory_bytes());
  auto use = [&](optimiser::Device &device) {
    device.capacity = std::max<int64_t>(device.capacity - share, 0);
    device.memory = std::max<int64_t>(device.memory - memory, 0);
  };
  if (!spec.gpus().empty()) {
    for (uint32_t gpu : spec.gpus())
      if (gpu < end - first)
        use(problem_.devices[first + gpu]);
    return;
  }
  uint64_t left = asked.count;
  for (size_t i = first; i < end && left > 0; ++i)
    if (problem_.devices[i].capacity >= share) {
      use(problem_.devices[i]);
      --left;
    }
}

void DeviceTables::ask(Need &need, const proto::Resources &resources, size_t workload) {
  const DeviceAmount asked = compiler::devices_asked(resources);
  if (asked.count == 0)
    return;
  need.devices.count =
      static_cast<uint32_t>(std::min<uint64_t>(asked.count, most_node_devices + 1));
  need.devices.share = bounded(asked.milli);
  need.devices.memory = bounded(resources.gpu_memory_bytes());
  need.device.set_kind(stages::Restriction::DEVICE);
  need.device.set_block(static_cast<uint32_t>(workload));
  const auto [set, fresh] = sets_.try_emplace(compiler::kind_text(resources),
                                              static_cast<uint32_t>(problem_.device_sets.size()));
  if (fresh) {
    std::vector<bool> &of_kind = problem_.device_sets.emplace_back();
    for (const compiler::NodeView &node : nodes_)
      for (const DeviceView &device : compiler::devices_of(*node.node))
        of_kind.push_back(compiler::is_of_kind(resources, device));
  }
  need.devices.allowed = set->second;
  NodeBits lacking(problem_.nodes);
  for (size_t n = 0; n < nodes_.size(); ++n)
    if (compiler::lacks_devices(resources, *nodes_[n].node))
      lacking.set(n);
  if (!lacking.any())
    return;
  problem_.sets.push_back(std::move(lacking));
  need.no_device = static_cast<uint32_t>(problem_.sets.size() - 1);
  need.clauses.push_back({need.device, need.no_device});
}

} // namespace nemo::placement
