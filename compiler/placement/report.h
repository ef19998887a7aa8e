// What to say when there is no placement.
#pragma once

#include "base/diagnostics/diagnostics.h"
#include "compiler/placement/place.h"
#include "compiler/placement/relax.h"
#include "compiler/placement/survive.h"
#include "compiler/resolve/names.h"

namespace nemo::placement {

/// "12core", "16GiB of memory".
std::string amount(const Problem &problem, size_t resource, int64_t value);
/// " from 8:00 to 18:00 UTC"; empty where the resource has no parts of the day.
std::string when(const Problem &problem, size_t resource);

/// One note per member: as written, where, which nodes it excludes and why.
Diagnostic tell(const proto::Intent &intent, const std::vector<compiler::NodeView> &nodes,
                const Problem &problem, const Infeasible &conflict);
Diagnostic tell(const proto::Intent &intent, const Problem &problem, const NotFound &failure);
Diagnostic tell(const proto::Intent &intent, const std::vector<compiler::NodeView> &nodes,
                const Problem &problem, const NotSurvived &failure,
                llvm::StringRef what = "no placement was found that survives");
/// One note per relaxation, where it would be written.
/// \param in_euro  the objective is money, so what each leads to has a price.
std::vector<Note> tell(const proto::Intent &intent, const std::vector<compiler::NodeView> &nodes,
                       const Problem &problem, const Relaxations &found, bool in_euro);

/// Tenants whose workloads together ask for more than their quota, but for what has finished.
std::vector<Diagnostic> quotas(const proto::Intent &intent, const stages::Resolved &resolved);

} // namespace nemo::placement
