// The second pass: which nodes each workload may run on, and what removes the others.
#pragma once

#include <vector>

#include "base/diagnostics/diagnostics.h"
#include "compiler/pipeline/stages.pb.h"

namespace nemo::compiler {

struct Judged {
  stages::Admissible admissible;
  std::vector<Diagnostic> diagnostics;
};

/// Applies policies, `place`, sandbox kinds and network kinds. Rules about something that nothing
/// here supplies, and workloads that a rule refuses wherever they run, are errors here.
Judged judge_policies(const stages::Inputs &inputs, const stages::Resolved &resolved);

} // namespace nemo::compiler
