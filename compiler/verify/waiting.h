// Which workloads may wait for room, and who comes before whom.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <utility>

#include "compiler/verify/case.h"

namespace nemo::verify {

constexpr uint64_t never_waits = UINT64_MAX;

/// By workload: its priority, or the highest of what needs it.
std::map<std::string, uint64_t> ranks(const proto::Intent &intent);

/// By workload: below which number its replicas are within what its tenant is guaranteed. What is
/// over uses nothing of that.
std::map<std::string, uint32_t> guaranteed(const Case &subject,
                                           const std::map<std::string, uint64_t> &ranks);

} // namespace nemo::verify
