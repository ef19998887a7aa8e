// One attempt at a placement: found, described and proved, or why there is none.
#pragma once

#include "compiler/placement/assign.h"
#include "compiler/placement/jobs.h"
#include "compiler/placement/objective.h"
#include "compiler/placement/place.h"

namespace nemo::placement {

/// What all attempts at a placement have in common.
struct Setting {
  const stages::Inputs &inputs;
  const stages::Resolved &resolved;
  const stages::Admissible &admissible;
  const std::vector<compiler::NodeView> &nodes;
  const compiler::Objective &objective;
  const compiler::Jobs &jobs;
  const Start &start;
  const std::optional<Problem> &free; ///< where jobs share room in time: without what they take
};

/// \param timed  the jobs, or a timetable of them
Result solve(const Setting &set, const compiler::Jobs &timed, Budget budget);

} // namespace nemo::placement
