// The devices of nodes: what other stacks and what stays leave of each, and who may have which.
#pragma once

#include <map>
#include <unordered_map>

#include "compiler/placement/place.h"
#include "compiler/resolve/names.h"

namespace nemo::placement {

class DeviceTables {
public:
  DeviceTables(Problem &problem, const stages::Inputs &inputs, const stages::Resolved &resolved,
               const std::vector<compiler::NodeView> &nodes,
               const std::unordered_map<std::string, size_t> &index_of);

  /// Fills in what the need asks of devices, and what excludes nodes that have none of the kind.
  void ask(Need &need, const proto::Resources &resources, size_t workload);

  static DeviceBits bits(const google::protobuf::RepeatedField<uint32_t> &gpus);

private:
  void take(const proto::Spec &spec, size_t node);

  Problem &problem_;
  const std::vector<compiler::NodeView> &nodes_;
  std::map<std::string, uint32_t> sets_; ///< by the kinds that are asked for, in words
};

} // namespace nemo::placement
