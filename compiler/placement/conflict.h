// Why no placement exists, narrowed down until nothing in it is superfluous.
#pragma once

#include "compiler/placement/state.h"
#include "llvm/ADT/STLFunctionalExtras.h"

namespace nemo::placement {

/// The problem with only these workloads, parts of others after those.
Problem only(const Problem &problem, const std::vector<uint32_t> &needs);

/// The problem with only the restrictions that are kept.
Problem relaxed(Problem problem, llvm::function_ref<bool(const stages::Restriction &)> keep);
bool same(const stages::Restriction &a, const stages::Restriction &b);

/// Whether everybody can be placed: by quick methods, then exactly.
/// \param left  steps that there are, of which what is used is taken off.
/// \param most  steps of the exact search.
Verdict decide(const Problem &problem, uint64_t &left, uint64_t most);

/// \param needs  workloads of `problem` that were proved to have no placement together.
Infeasible narrow(const Problem &problem, std::vector<uint32_t> needs, const Budget &budget);

/// Workloads that compete for no node with those of other groups, and have no bonds with them, can
/// be decided apart.
std::vector<std::vector<uint32_t>> components(const Problem &problem);

} // namespace nemo::placement
