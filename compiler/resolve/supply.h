// Power that is limited: what of a node's processor its battery, panel or cable can feed.
#pragma once

#include <cstdint>

#include "protocol/fleet.pb.h"

namespace nemo::compiler {

/// All of the time, in 1e-9.
constexpr uint64_t always = 1'000'000'000;
/// Share of the time that a node is awake, in 1e-9.
uint64_t awake_ppb(const proto::Node &node);

/// The most of its processor, in millicores, with which it draws no more than it is given: the
/// linear power model times the share of the time that it is awake. All of it where no supply is
/// said; none where one is and what it draws is not known.
uint64_t fed_millicores(const proto::Node &node);

} // namespace nemo::compiler
