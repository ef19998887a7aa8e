// What is promised of a node, with the disk that volumes on it may fill, and what it has.
#pragma once

#include <array>
#include <optional>

#include "protocol/fleet.pb.h"
#include "protocol/intent.pb.h"

namespace nemo::verify {

using Size = __int128;
using Sizes = std::array<Size, 5>;
constexpr std::array<const char *, 5> size_names = {"cpu (millicores)", "memory (bytes)",
                                                    "disk (bytes)", "gpu (thousandths)", "pids"};

template <typename Mounts> Sizes sizes_of(const proto::Resources &resources, const Mounts &mounts) {
  Sizes sizes = {resources.cpu_millicores(), resources.memory_bytes(), resources.disk_bytes(),
                 resources.gpu_milli(), resources.pids()};
  for (const proto::Mount &mount : mounts)
    if (!mount.volume().empty() && mount.kind().empty())
      sizes[2] += mount.size_bytes();
  return sizes;
}

inline std::array<std::optional<uint64_t>, 5> room_of(const proto::Node &node) {
  auto known = [](bool has, uint64_t value) {
    return has ? std::optional<uint64_t>(value) : std::nullopt;
  };
  return {node.cpu_millicores(), node.memory_bytes(),
          known(node.has_disk_bytes(), node.disk_bytes()),
          known(node.has_gpu_milli(), node.gpu_milli()), known(node.has_pids(), node.pids())};
}

inline void operator+=(Sizes &sum, const Sizes &part) {
  for (size_t i = 0; i < sum.size(); ++i)
    sum[i] += part[i];
}

} // namespace nemo::verify
