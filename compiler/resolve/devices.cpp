#include "compiler/resolve/devices.h"

#include <algorithm>
#include <set>

namespace nemo::compiler {

std::vector<DeviceView> devices_of(const proto::Node &node) {
  constexpr size_t most = 64;
  std::vector<DeviceView> list;
  uint64_t left = node.has_gpu_milli() ? node.gpu_milli() : UINT64_MAX;
  for (const proto::Gpu &gpu : node.gpus()) {
    if (left < 1000 || list.size() == most)
      return list;
    list.push_back({1000, &gpu});
    left -= 1000;
  }
  if (node.gpus().empty() && node.has_gpu_milli())
    for (; left > 0 && list.size() < most; left -= list.back().milli)
      list.push_back({std::min<uint64_t>(left, 1000), nullptr});
  return list;
}

uint64_t gpu_milli(const proto::Node &node) {
  uint64_t sum = 0;
  for (const DeviceView &device : devices_of(node))
    sum += device.milli;
  return sum;
}

DeviceAmount devices_asked(const proto::Resources &resources) {
  const uint64_t milli = resources.gpu_milli();
  if (milli == 0)
    return {};
  return milli < 1000 ? DeviceAmount{1, milli} : DeviceAmount{milli / 1000, 1000};
}

bool is_of_kind(const proto::Resources &resources, const DeviceView &device) {
  const proto::Gpu &said = device.said ? *device.said : proto::Gpu::default_instance();
  if (said.profile() != resources.gpu_profile())
    return false;
  const auto &models = resources.gpu_models();
  if (!models.empty() && std::find(models.begin(), models.end(), said.model()) == models.end())
    return false;
  return said.memory_bytes() >= resources.gpu_memory_bytes();
}

uint64_t devices_named(const NamedDevices &list, const std::string &name) {
  uint64_t sum = 0;
  for (const proto::NamedDevice &device : list)
    sum += device.name() == name ? device.count() : 0;
  return sum;
}

std::vector<std::string> names_of_devices(const proto::Intent &intent) {
  std::set<std::string> names;
  for (const proto::Workload &workload : intent.workloads())
    for (const proto::NamedDevice &device : workload.resources().devices())
      names.insert(device.name());
  return {names.begin(), names.end()};
}

bool lacks_devices(const proto::Resources &resources, const proto::Node &node) {
  const DeviceAmount asked = devices_asked(resources);
  uint64_t milli = 0, count = 0;
  for (const DeviceView &device : devices_of(node)) {
    milli += device.milli;
    count += device.milli >= asked.milli && is_of_kind(resources, device);
  }
  return resources.gpu_milli() > 0 && milli >= resources.gpu_milli() && count < asked.count;
}

} // namespace nemo::compiler
