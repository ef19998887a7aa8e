// What a node's GPU devices are, and which of them would do for a workload.
#pragma once

#include <vector>

#include "protocol/fleet.pb.h"

namespace nemo::verify {

struct Device {
  uint64_t milli = 0; ///< what there is of it
  proto::Gpu said;    ///< empty: nobody says what it is
  bool suits(const proto::Resources &resources) const;
};

/// The first 64, and no more than the node is said to have.
std::vector<Device> devices_on(const proto::Node &node);

/// How much of each device a replica takes.
uint64_t part_of_device(const proto::Resources &resources);

/// Whether the node, were it empty, would not have the devices, although it has as much in sum.
bool wants_other_devices(const proto::Resources &resources, const proto::Node &node);

} // namespace nemo::verify
