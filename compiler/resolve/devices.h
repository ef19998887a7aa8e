// The GPU devices of a node, those of a name, and what its replicas ask of them.
#pragma once

#include <string>
#include <vector>

#include "protocol/fleet.pb.h"

namespace nemo::compiler {

struct DeviceView {
  uint64_t milli = 1000;            ///< what there is of it; less than 1000 where only a part is
  const proto::Gpu *said = nullptr; ///< null: the node does not say what it is
};

/// By the order in which the node lists them; nothing where it does not say that it has any. Where
/// it is said to have fewer than it lists, the first ones. At most 64.
std::vector<DeviceView> devices_of(const proto::Node &node);

/// All of them together.
uint64_t gpu_milli(const proto::Node &node);

/// How many devices a workload takes, and how much of each.
struct DeviceAmount {
  uint64_t count = 0, milli = 0;
};
DeviceAmount devices_asked(const proto::Resources &resources);

/// Whether the device is one of those that are asked for, whoever holds it.
bool is_of_kind(const proto::Resources &resources, const DeviceView &device);
/// Whether the node has as much GPU as is asked for, but too few such devices.
bool lacks_devices(const proto::Resources &resources, const proto::Node &node);

using NamedDevices = google::protobuf::RepeatedPtrField<proto::NamedDevice>;
/// How many there are of a name, or are asked for; 0 where it is not listed.
uint64_t devices_named(const NamedDevices &list, const std::string &name);
/// Every name that a workload asks for, sorted.
std::vector<std::string> names_of_devices(const proto::Intent &intent);

} // namespace nemo::compiler
