// Jobs share processor and memory with what does not run when they do: room is looked at again at
// every moment at which something begins.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "compiler/verify/hours.h"
#include "compiler/verify/rooms.h"
#include "compiler/verify/runs.h"

namespace nemo::verify {

/// Where not, a job holds its room all the time.
bool shares_in_time(const Case &subject);

/// The moments of the day from the fleet's time on at which `runs` may make a node fullest.
std::vector<Moment> fullest(const std::string &at, const std::vector<Span> &runs, bool hourly);

/// By node, at the hours of the day without jobs that end, and while these run.
void check_moments(const Case &subject, Faults &faults);

} // namespace nemo::verify
