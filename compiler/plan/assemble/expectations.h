// What the author expects of figures, against what the models predict.
#pragma once

#include <vector>

#include "base/diagnostics/diagnostics.h"
#include "compiler/pipeline/stages.pb.h"

namespace nemo::compiler {

struct Expected {
  std::vector<proto::Expectation> expectations;
  std::vector<Diagnostic> diagnostics; ///< requires that fail, or that nothing predicts
};

/// Every require, prefer and deny on figures in `slo`, policies and objectives, quota rates of
/// tenants, and every prefer about nodes.
Expected expectations(const stages::Inputs &inputs, const stages::Resolved &resolved,
                      const stages::Placed &placed);

} // namespace nemo::compiler
