// The part of building a problem that is about affinity and anti-affinity, and what it needs of the
// other parts.
#pragma once

#include <string>
#include <unordered_map>

#include "compiler/placement/place.h"

namespace nemo::placement {

stages::Restriction restriction(stages::Restriction::Kind kind, size_t workload);
/// "node" to "region"; none for anything else.
Spread spread_of(const std::string &word);

/// \pre the needs are there, with their clauses
/// \param frozen_homes  by workload: where replicas stay as they are
void add_bonds(Problem &problem, const proto::Intent &intent, const stages::Resolved &resolved,
               const std::unordered_map<std::string, std::vector<size_t>> &frozen_homes);

} // namespace nemo::placement
