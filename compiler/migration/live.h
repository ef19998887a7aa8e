// Moves of what runs, memory and all: a machine can be copied while it runs.
#pragma once

#include <optional>

#include "compiler/migration/spec.h"

namespace nemo::compiler {

/// Whether `there` can become `wanted`, on another node, without a restart. What it holds beside
/// its memory (volumes, devices) stays where it is, so it may hold nothing.
bool moves_live(const proto::Workload &workload, const Wanted &wanted,
                const stages::Existing &there, const proto::Node &from, const proto::Node &to);

/// Of the fastest link between the two or their sites; nullopt: none says.
std::optional<uint64_t> bandwidth_between(const proto::Fleet &world, const proto::Node &from,
                                          const proto::Node &to);

} // namespace nemo::compiler
