// Between two beginnings of jobs, only ends and services change what a node holds; services do so
// by the hour and alike every day. So the most is held at a beginning or within a day behind it.
#include "compiler/resolve/sharing.h"

#include <algorithm>
#include <set>

#include "base/clock.h"

namespace nemo::compiler {

namespace {

constexpr int64_t hour = 3'600'000, day = 24 * hour;

std::optional<int64_t> milliseconds(const std::string &text) {
  const auto time = from_rfc3339(text);
  if (!time)
    return std::nullopt;
  return std::chrono::floor<std::chrono::milliseconds>(time->time_since_epoch()).count();
}

} // namespace

bool jobs_share(const proto::Intent &intent, const stages::Resolved &resolved) {
  bool hourly = false;
  for (const proto::Workload &workload : intent.workloads()) {
    hourly |= !workload.resources().hours().empty();
    if (!workload.survive().empty())
      return false;
  }
  if (std::any_of(intent.objectives().begin(), intent.objectives().end(),
                  [](const proto::Objective &one) { return one.has_overcommit_ppb(); }))
    return false;
  const auto jobs = std::count_if(
      resolved.replicas().begin(), resolved.replicas().end(), [&](const stages::Replica &replica) {
        return intent.workloads(static_cast<int>(replica.workload())).has_job();
      });
  return jobs > (hourly ? 0 : 1);
}

std::optional<Occupied> held(const proto::Workload &job, const std::string &starts_at,
                             const std::string &at) {
  const auto start = milliseconds(starts_at), now = milliseconds(at);
  if (!start || !now)
    return std::nullopt;
  const int64_t from = *start - *now;
  const Occupied run{from, from + static_cast<int64_t>(job.job().duration_ms())};
  return run.to <= 0 ? std::nullopt : std::optional(run);
}

std::vector<Moment> moments(const std::string &at, const std::vector<Occupied> &runs, bool hourly) {
  const int64_t now = milliseconds(at).value_or(0);
  std::set<int64_t> times;
  for (const Occupied &run : runs) {
    const int64_t first = std::max<int64_t>(run.from, 0);
    times.insert(first);
    for (int64_t next = first + hour - (now + first) % hour;
         hourly && next < std::min(run.to, first + day); next += hour)
      times.insert(next);
  }
  std::vector<Moment> list;
  for (int64_t time : times)
    list.push_back({time, static_cast<uint32_t>((now + time) / hour % 24)});
  return list;
}

} // namespace nemo::compiler
