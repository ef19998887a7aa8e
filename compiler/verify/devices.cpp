// Devices one by one: nothing is ever added up over two of them.
#include "compiler/verify/devices.h"

#include <algorithm>

#include <fmt/format.h>

#include "compiler/verify/rooms.h"

namespace nemo::verify {

bool Device::suits(const proto::Resources &resources) const {
  const bool model =
      resources.gpu_models().empty() ||
      std::count(resources.gpu_models().begin(), resources.gpu_models().end(), said.model()) > 0;
  return model && said.memory_bytes() >= resources.gpu_memory_bytes() &&
         said.profile() == resources.gpu_profile();
}

std::vector<Device> devices_on(const proto::Node &node) {
  std::vector<Device> all;
  if (node.gpus().empty()) {
    const uint64_t milli = std::min<uint64_t>(node.gpu_milli(), 64'000);
    for (uint64_t at = 0; at < milli; at += 1000)
      all.push_back({std::min<uint64_t>(milli - at, 1000), {}});
    return all;
  }
  uint64_t count = std::min<uint64_t>(static_cast<uint64_t>(node.gpus_size()), 64);
  if (node.has_gpu_milli())
    count = std::min(count, node.gpu_milli() / 1000);
  for (uint64_t i = 0; i < count; ++i)
    all.push_back({1000, node.gpus(static_cast<int>(i))});
  return all;
}

uint64_t part_of_device(const proto::Resources &resources) {
  return std::min<uint64_t>(resources.gpu_milli(), 1000);
}

bool wants_other_devices(const proto::Resources &resources, const proto::Node &node) {
  if (resources.gpu_milli() == 0)
    return false;
  uint64_t sum = 0, suitable = 0;
  for (const Device &device : devices_on(node)) {
    sum += device.milli;
    suitable += device.milli >= part_of_device(resources) && device.suits(resources) ? 1 : 0;
  }
  return sum >= resources.gpu_milli() && suitable * 1000 < resources.gpu_milli();
}

namespace {

struct Use {
  unsigned __int128 milli = 0, memory = 0;
  void add(const proto::Resources &resources) {
    milli += part_of_device(resources);
    memory += resources.gpu_memory_bytes();
  }
};

} // namespace

void check_devices(const Case &subject, Faults &faults) {
  std::map<std::pair<std::string, uint32_t>, Use> used;
  for (const auto &[node, spec] : specs_of_others(subject))
    for (uint32_t gpu : spec->gpus())
      used[{node, gpu}].add(spec->resources());
  for (const Replica &replica : subject.replicas) {
    const proto::Resources &resources = replica.workload->resources();
    const uint64_t milli = resources.gpu_milli();
    const uint64_t count = milli == 0 ? 0 : milli < 1000 ? 1 : milli / 1000;
    const auto refuse = [&](const std::string &what) {
      faults.at(diag::N0715, fmt::format("{} on {} {}", replica.name(), replica.node, what),
                resources.span());
    };
    if (replica.gpus.size() != count || (milli > 1000 && milli % 1000 != 0)) {
      refuse(
          fmt::format("takes {} of devices and is given {} of them", milli, replica.gpus.size()));
      continue;
    }
    const std::vector<Device> devices = devices_on(*subject.world.at(replica.node).node);
    for (size_t i = 0; i < replica.gpus.size(); ++i) {
      const uint32_t gpu = replica.gpus[i];
      if (gpu >= devices.size() || (i > 0 && gpu <= replica.gpus[i - 1])) {
        refuse(fmt::format("is given GPU {}, which is not there or out of order", gpu));
        break;
      }
      if (!devices[gpu].suits(resources))
        refuse(fmt::format("is given GPU {}, which is of another kind than it asks for", gpu));
      Use &use = used[{replica.node, gpu}];
      use.add(resources);
      if (use.milli > devices[gpu].milli)
        refuse(fmt::format("is given more of GPU {} than others leave", gpu));
      if (resources.gpu_memory_bytes() > 0 && use.memory > devices[gpu].said.memory_bytes())
        refuse(fmt::format("is given more memory of GPU {} than others leave", gpu));
    }
  }
}

} // namespace nemo::verify
