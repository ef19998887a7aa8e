// What to say when there is no placement.
#pragma once

#include "base/diagnostics/diagnostics.h"
#include "compiler/placement/place.h"
#include "compiler/resolve/names.h"

namespace nemo::placement {

/// One note per member: as written, where, which nodes it excludes and why.
Diagnostic tell(const proto::Intent &intent, const std::vector<compiler::NodeView> &nodes,
                const Problem &problem, const Infeasible &conflict);
Diagnostic tell(const proto::Intent &intent, const Problem &problem, const NotFound &failure);

/// Tenants whose workloads together ask for more than their quota.
std::vector<Diagnostic> quotas(const proto::Intent &intent);

} // namespace nemo::placement
