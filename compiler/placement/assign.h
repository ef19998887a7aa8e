// The placement pass: builds the problem, places, and turns the answer into placements with exact
// costs and reasons, or into diagnostics in the author's words.
#pragma once

#include <vector>

#include "base/diagnostics/diagnostics.h"
#include "compiler/pipeline/stages.pb.h"
#include "compiler/placement/place.h"

namespace nemo::placement {

struct Result {
  stages::Placed placed;
  std::vector<Diagnostic> diagnostics;
};

/// A placement to begin with, by replica.
struct Start {
  std::vector<NodeId> nodes;
  bool as_it_is = false; ///< it is the answer
};

Result assign(const stages::Inputs &inputs, const stages::Resolved &resolved,
              const stages::Admissible &admissible, const Watch &watch = {},
              const Start &start = {});

/// How long to search, as the inputs and whoever waits say.
Budget budget_of(const stages::Inputs &inputs, const Watch &watch);

} // namespace nemo::placement
