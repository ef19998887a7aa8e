// Which workloads may wait for room, and who comes before whom.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <utility>

#include "protocol/intent.pb.h"

namespace nemo::verify {

constexpr uint64_t never_waits = UINT64_MAX;

/// By workload: its priority, or the highest of what needs it.
std::map<std::string, uint64_t> ranks(const proto::Intent &intent);

/// By workload: how many of its replicas, the lowest numbers, are within what its tenant is
/// guaranteed.
std::map<std::string, uint32_t> guaranteed(const proto::Intent &intent,
                                           const std::map<std::string, uint64_t> &ranks);

} // namespace nemo::verify
