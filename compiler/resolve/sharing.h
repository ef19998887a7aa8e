// Jobs that share room in time: what is on a node is told apart by moments, so that it may hold
// what never runs at once. Only processor and memory are shared so.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "compiler/pipeline/stages.pb.h"

namespace nemo::compiler {

/// Times in milliseconds after the fleet's, from `from` to before `to`.
struct Occupied {
  int64_t from = 0, to = 0;
  bool at(int64_t time) const { return from <= time && time < to; }
  bool operator==(const Occupied &) const = default;
};

/// Whether it can matter when jobs run: there are two replicas of jobs, or one and amounts by hour.
/// Where losses are to be survived or nodes are over-committed, jobs hold their room all the time.
bool jobs_share(const proto::Intent &intent, const stages::Resolved &resolved);

/// When a replica of a job that starts then holds its room, by its duration; none: all the time, as
/// one that should have ended by now and has not may run on.
std::optional<Occupied> held(const proto::Workload &job, const std::string &starts_at,
                             const std::string &at);

struct Moment {
  int64_t time = 0;
  uint32_t hour = 0; ///< of the day, UTC
};
/// Moments of which one is the fullest while any of these runs: they begin, and where `hourly`, the
/// hours that begin within a day after that, while they run. By time.
std::vector<Moment> moments(const std::string &at, const std::vector<Occupied> &runs, bool hourly);

} // namespace nemo::compiler
