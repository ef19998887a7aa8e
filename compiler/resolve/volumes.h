// Volumes by who keeps them, and what a replica reserves of its node with the local ones.
#pragma once

#include <algorithm>

#include "compiler/resolve/hours.h"

namespace nemo::compiler {

/// The node keeps it: its replica stays there.
inline bool is_local_volume(const proto::Mount &mount) {
  return !mount.volume().empty() && mount.kind().empty();
}

/// What is promised of the node: `resources` at their largest, and the disk that local volumes may
/// fill. Sums beyond 64 bits are the largest number, which fits nowhere.
template <typename Mounts>
proto::Resources reserved(const proto::Resources &resources, const Mounts &mounts) {
  proto::Resources all = largest(resources);
  for (const proto::Mount &mount : mounts)
    if (uint64_t sum = 0; is_local_volume(mount) && mount.size_bytes() != 0)
      all.set_disk_bytes(
          __builtin_add_overflow(all.disk_bytes(), mount.size_bytes(), &sum) ? UINT64_MAX : sum);
  return all;
}

/// Its data is on its node and would be left behind; or it goes on where nobody can see it, so that
/// it must not run elsewhere.
inline bool held_by_data(const proto::Workload &workload) {
  return workload.partition() == "run" || workload.data().location() == "local" ||
         std::any_of(workload.mounts().begin(), workload.mounts().end(), is_local_volume);
}

} // namespace nemo::compiler
