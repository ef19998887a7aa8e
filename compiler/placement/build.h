// From the stages so far to the tables of the placement problem.
#pragma once

#include "base/diagnostics/diagnostics.h"
#include "compiler/pipeline/stages.pb.h"
#include "compiler/placement/jobs.h"
#include "compiler/placement/objective.h"
#include "compiler/placement/place.h"

namespace nemo::placement {

/// \param objective  of read_objective over the same nodes.
Problem build(const stages::Inputs &inputs, const stages::Resolved &resolved,
              const stages::Admissible &admissible, const compiler::Objective &objective,
              const compiler::Jobs &jobs);

} // namespace nemo::placement
