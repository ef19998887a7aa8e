// The part of building a problem that is about affinity and anti-affinity, and what it needs of the
// other parts.
#pragma once

#include <optional>
#include <string>
#include <unordered_map>

#include "compiler/placement/place.h"
#include "llvm/ADT/STLFunctionalExtras.h"

namespace nemo::placement {

stages::Restriction restriction(stages::Restriction::Kind kind, size_t workload);
/// "node" to "region"; none for anything else.
Spread spread_of(const std::string &word);

/// \pre the needs are there, with their clauses
/// \param frozen_homes  by workload: where replicas stay as they are
void add_bonds(Problem &problem, const proto::Intent &intent, const stages::Resolved &resolved,
               const std::unordered_map<std::string, std::vector<size_t>> &frozen_homes);

/// Sets `far` of who has to be near others, by domain: where none of those may be. It only removes
/// what bonds remove, so that bounds can leave it out.
/// \param candidates  the nodes that no rule removes for a need; null: some may be elsewhere
void mark_far(Problem &problem,
              llvm::function_ref<std::optional<NodeBits>(uint32_t need)> candidates);

} // namespace nemo::placement
