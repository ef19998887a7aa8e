#include "compiler/verify/sharing.h"

#include <algorithm>
#include <set>

#include <fmt/format.h>

#include "base/clock.h"
#include "compiler/verify/overcommit.h"

namespace nemo::verify {

namespace {

constexpr int64_t one_hour = 3'600'000;

std::string text(Amount value) {
  return value > UINT64_MAX ? "more than 2^64" : std::to_string(static_cast<uint64_t>(value));
}

/// What is on one node, and when.
struct Stand {
  Day day;
  std::optional<Span> run; ///< of a job; none: all the time
  bool goes_on = false;
};

using Used = std::array<Amount, 2>;

/// At a moment; without one at an hour of every day, at which no run is counted.
std::pair<Used, Used> used(const std::vector<Stand> &stands, size_t hour,
                           std::optional<int64_t> time) {
  Used all{}, going_on{};
  for (const Stand &one : stands) {
    if (one.run && (!time || *time < one.run->start || *time >= one.run->start + one.run->length))
      continue;
    for (Used *sum : {&all, &going_on})
      if (sum == &all || one.goes_on) {
        (*sum)[0] += one.day[hour].cpu;
        (*sum)[1] += one.day[hour].memory;
      }
  }
  return {all, going_on};
}

} // namespace

bool shares_in_time(const Case &subject) {
  if (accepted_risk(subject.intent))
    return false;
  size_t jobs = 0;
  for (const Replica &replica : subject.replicas)
    jobs += replica.workload->has_job();
  bool by_hour = false;
  for (const proto::Workload &workload : subject.intent.workloads()) {
    if (!workload.survive().empty())
      return false;
    by_hour |= workload.resources().hours_size() > 0;
  }
  return jobs >= 2 || (jobs == 1 && by_hour);
}

std::vector<Moment> fullest(const std::string &at, const std::vector<Span> &runs, bool hourly) {
  const auto parsed = from_rfc3339(at);
  const int64_t now =
      parsed ? std::chrono::floor<std::chrono::milliseconds>(parsed->time_since_epoch()).count()
             : 0;
  std::set<int64_t> times;
  for (const Span &run : runs) {
    const int64_t begin = std::max<int64_t>(run.start, 0);
    times.insert(begin);
    if (!hourly)
      continue;
    // Services are alike every day, so that a day behind the beginning shows all of them.
    for (int64_t hour = (now + begin) / one_hour + 1; hour <= (now + begin) / one_hour + 24; ++hour)
      if (const int64_t time = hour * one_hour - now; time < run.start + run.length)
        times.insert(time);
  }
  std::vector<Moment> moments;
  for (const int64_t time : times)
    moments.push_back({time, static_cast<size_t>((now + time) / one_hour % 24)});
  return moments;
}

void check_moments(const Case &subject, Faults &faults) {
  const bool shared = shares_in_time(subject);
  const Runs runs(subject);
  std::map<std::string, std::vector<Stand>> on;
  bool by_hour = false;
  for (const Replica &replica : subject.replicas) {
    const bool job = replica.workload->has_job();
    if (job && !subject.jobs_need_room)
      continue;
    Stand one{day_of(replica.workload->resources()), std::nullopt, false};
    if (job && shared) {
      one.run = runs.takes_room(replica);
      one.goes_on = runs.goes_on(replica);
    }
    by_hour |= !replica.workload->resources().hours().empty();
    on[replica.node].push_back(one);
  }
  for (const auto &[node, spec] : specs_of_others(subject))
    if (const auto here = on.find(node); here != on.end()) {
      here->second.push_back({day_of(spec->resources()), std::nullopt, false});
      by_hour |= !spec->resources().hours().empty();
    }
  for (const auto &[node, stands] : on) {
    const auto have = capacity(*subject.world.at(node).node);
    const auto check = [&](size_t hour, std::optional<int64_t> time) {
      const auto [all, going_on] = used(stands, hour, time);
      for (size_t i : {0, 1})
        // What has begun runs on beside what it overlaps with; nothing else joins them.
        if (all[i] > *have[i] && all[i] > going_on[i])
          faults.add(diag::N0715,
                     fmt::format("{} has {} of {}; {} {} are taken", node, *have[i],
                                 amount_names[i],
                                 time ? fmt::format("{} minutes from now", *time / 60000)
                                      : fmt::format("at {}:00", hour),
                                 text(all[i])));
    };
    for (size_t hour = 0; hour < 24; ++hour)
      check(hour, std::nullopt);
    std::vector<Span> spans;
    for (const Stand &one : stands)
      if (one.run)
        spans.push_back(*one.run);
    for (const Moment &moment : fullest(subject.plan.facts().at(), spans, by_hour))
      check(moment.hour, moment.time);
  }
}

} // namespace nemo::verify
