// The plan pass: everything that people read, put together. Parts and digests follow in lower.
#pragma once

#include <vector>

#include "base/diagnostics/diagnostics.h"
#include "compiler/pipeline/stages.pb.h"

namespace nemo::compiler {

struct Assembled {
  proto::Plan plan;
  std::vector<Diagnostic> diagnostics;
};

Assembled assemble(const stages::Inputs &inputs, const stages::Resolved &resolved,
                   const stages::Placed &placed, const stages::Deliverable &deliverable,
                   const stages::Migration &migration);

} // namespace nemo::compiler
