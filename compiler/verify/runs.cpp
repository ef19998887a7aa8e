#include "compiler/verify/runs.h"

#include <algorithm>
#include <set>
#include <tuple>

#include <fmt/format.h>

#include "base/clock.h"
#include "compiler/explain/texts.h"

namespace nemo::verify {

namespace {

constexpr int64_t an_hour = 3'600'000;

std::optional<int64_t> since_1970(const std::string &time) {
  const auto parsed = from_rfc3339(time);
  return parsed ? std::optional<int64_t>(
                      std::chrono::floor<std::chrono::milliseconds>(parsed->time_since_epoch())
                          .count())
                : std::nullopt;
}

} // namespace

std::string first_planned_at(const Case &subject, const proto::Workload &workload) {
  if (workload.job().within_ms() == 0)
    return {};
  const proto::Fleet &facts = subject.plan.facts();
  std::set<std::tuple<std::string, uint32_t, std::string, std::string>> over;
  for (const auto *list : {&subject.there, &subject.finished})
    for (const There &one : *list)
      if (one.over)
        over.insert({one.reported_as, one.replica, one.node, one.revision});
  std::map<int64_t, std::string> all;
  for (const proto::PartState &state : facts.parts())
    if (state.part().stack() == subject.plan.stack())
      for (const proto::Instance &told : state.part().instances())
        if (const auto time = since_1970(told.planned_at());
            time &&
            !over.count({told.workload(), told.replica(), state.part().node(), told.revision()}) &&
            subject.moves.name_of_now(told.workload()) == workload.name())
          all.try_emplace(*time, told.planned_at());
  return all.empty() ? facts.at() : all.begin()->second;
}

Runs::Runs(const Case &subject) : subject_(subject), at_(since_1970(subject.plan.facts().at())) {
  for (const proto::Placement &placement : subject.plan.placements())
    starts_[{placement.workload(), placement.replica()}] = placement.starts_at();
  for (const There &there : subject.there) {
    if (there.retiring || !there.told || there.over)
      continue;
    if (const auto start = after_at(there.told->start_at()))
      told_.try_emplace({there.workload, there.replica},
                        Told{there.node, there.told->start_at(), *start, false});
  }
  for (const proto::Workload &workload : subject.intent.workloads()) {
    if (!workload.has_job())
      continue;
    const auto earliest = after_at(workload.job().earliest());
    for (auto &[unit, told] : told_)
      if (unit.first == workload.name())
        told.begun = told.start <= 0 && (!earliest || *earliest <= told.start);
  }
}

std::optional<int64_t> Runs::after_at(const std::string &time) const {
  const auto parsed = since_1970(time);
  return parsed && at_ ? std::optional<int64_t>(*parsed - *at_) : std::nullopt;
}

std::optional<int64_t> Runs::deadline(const proto::Workload &job) const {
  if (job.job().within_ms() == 0)
    return after_at(job.job().deadline());
  const auto planned = after_at(first_planned_at(subject_, job));
  return planned ? std::optional(*planned + static_cast<int64_t>(job.job().within_ms()))
                 : std::nullopt;
}

Runs::Window Runs::window(const proto::Workload &job) const {
  Window window;
  const auto earliest = after_at(job.job().earliest());
  window.first = std::max<int64_t>(0, earliest.value_or(0));
  window.last = deadline(job).value_or(0) - static_cast<int64_t>(job.job().duration_ms());
  if (window.last < window.first) {
    window.last = window.first;
    window.reopened = true;
  }
  return window;
}

const Runs::Told *Runs::told(const Replica &replica) const {
  const auto found = told_.find({replica.workload->name(), replica.number});
  if (found == told_.end() || !replica.workload->has_job())
    return nullptr;
  const Window open = window(*replica.workload);
  const Told &told = found->second;
  const bool inside = !open.reopened && open.first <= told.start && told.start <= open.last;
  return told.begun || inside ? &told : nullptr;
}

std::optional<Span> Runs::of(const Replica &replica) const {
  const auto start = starts_.find({replica.workload->name(), replica.number});
  if (!replica.workload->has_job() || start == starts_.end())
    return std::nullopt;
  const auto time = after_at(start->second);
  if (!time)
    return std::nullopt;
  return Span{*time, static_cast<int64_t>(replica.workload->job().duration_ms())};
}

std::optional<Span> Runs::takes_room(const Replica &replica) const {
  const auto run = of(replica);
  return run && run->start + run->length > 0 ? run : std::nullopt;
}

bool Runs::goes_on(const Replica &replica) const {
  const Told *known = told(replica);
  return known && known->begun && known->node == replica.node;
}

std::optional<Span> Runs::before(const There &there) const {
  for (const proto::Workload &workload : subject_.intent.workloads())
    if (workload.name() == there.workload && workload.has_job())
      return Span{there.told ? after_at(there.told->start_at()).value_or(0) : 0,
                  static_cast<int64_t>(workload.job().duration_ms())};
  return std::nullopt;
}

std::vector<Span> Runs::choices(const proto::Workload &job, const Place &place) const {
  const Window open = window(job);
  const auto length = static_cast<int64_t>(job.job().duration_ms());
  std::vector<Span> list = {{open.first, length}};
  int64_t hours = 0; // beyond them every start is as good
  if (place.site)
    for (int known : {place.site->carbon_forecast_mg_per_kwh_size(),
                      place.site->price_forecast_neur_per_kwh_size()})
      hours = std::max<int64_t>(hours, known);
  for (int64_t start = (open.first / an_hour + 1) * an_hour;
       start <= open.last && start <= hours * an_hour; start += an_hour)
    list.push_back({start, length});
  for (const Replica &replica : subject_.replicas)
    if (replica.workload == &job)
      if (const Told *known = told(replica))
        list.push_back({known->start, length});
  return list;
}

std::string Runs::look(const proto::Workload &job) const {
  if (!job.has_job())
    return {};
  std::string look = fmt::format("{} {} {}", job.job().duration_ms(), job.job().earliest(),
                                 deadline(job).value_or(-1));
  for (const Replica &replica : subject_.replicas)
    if (replica.workload == &job)
      if (const Told *known = told(replica))
        look += ' ' + std::to_string(known->start);
  return look;
}

std::string Runs::begun(const Replica &replica) const {
  const Told *known = told(replica);
  return known && known->begun ? explain::job_begun(known->text) : std::string();
}

void Runs::check(Faults &faults) const {
  for (const Replica &replica : subject_.replicas) {
    if (!replica.workload->has_job())
      continue;
    const proto::Job &job = replica.workload->job();
    const auto refuse = [&](const std::string &why) {
      faults.at(diag::N0715,
                fmt::format("{} starts at '{}': {}", replica.name(),
                            starts_.at({replica.workload->name(), replica.number}), why),
                job.span());
    };
    const auto run = of(replica);
    if (!run) {
      refuse("that is no time");
      continue;
    }
    const Told *known = told(replica);
    const bool there = known && known->node == replica.node;
    if (there && known->start == run->start)
      continue;
    const Window open = window(*replica.workload);
    if (there && known->begun)
      refuse("it has begun at " + known->text);
    else if (open.reopened && !(known && known->begun))
      refuse("there is no time left until its deadline");
    else if (run->start < open.first || run->start > open.last)
      refuse(fmt::format("it runs between {} and {}",
                         job.earliest().empty() ? subject_.plan.facts().at() : job.earliest(),
                         to_rfc3339(UnixNanos(std::chrono::milliseconds(
                                        *at_ + deadline(*replica.workload).value_or(0))),
                                    0)));
    else if (run->start != open.first && run->start % an_hour != 0)
      refuse("that is no whole hour from the fleet's time on");
  }
}

} // namespace nemo::verify
