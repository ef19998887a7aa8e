// The first pass: the fleet as the intent sees it, selections as sets of nodes, workloads as
// replicas, and what of the stack exists already.
#pragma once

#include <vector>

#include "base/diagnostics/diagnostics.h"
#include "compiler/pipeline/stages.pb.h"

namespace nemo::compiler {

struct Resolution {
  stages::Resolved resolved;
  std::vector<Diagnostic> diagnostics;
};

/// A workload with a range of replicas gets its lowest number (see pipeline/replicas.h). A plan to
/// destroy has no replicas.
/// \param before  where other numbers of replicas are tried: the same of the numbers before
Resolution resolve(const stages::Inputs &inputs, const stages::Resolved *before = nullptr);

} // namespace nemo::compiler
