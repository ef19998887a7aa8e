// Times are milliseconds after the fleet's `at`. Beyond the last hour of all forecasts one start is
// as good as another, which bounds the starts that are looked at.
#include "compiler/placement/jobs.h"

#include <algorithm>
#include <cmath>
#include <set>

#include <fmt/format.h>

#include "base/clock.h"
#include "compiler/placement/place.h"
#include "compiler/resolve/existing.h"
#include "compiler/resolve/finished.h"
#include "compiler/resolve/renames.h"
#include "compiler/resolve/report.h"
#include "intent/units/units.h"

namespace nemo::compiler {

namespace {

constexpr int64_t hour = 3'600'000;

std::optional<int64_t> milliseconds(const std::string &text) {
  const auto time = from_rfc3339(text);
  if (!time)
    return std::nullopt;
  return std::chrono::floor<std::chrono::milliseconds>(time->time_since_epoch()).count();
}

/// What the objective pays for a start, but for what is the same at all of them.
std::optional<Rational> key(const Run &run, const NodeView &node, const Weights &weights) {
  const auto carbon = carbon_over(run, node);
  const auto price = price_over(run, node);
  std::optional<Rational> sum = Rational(0);
  for (const auto &[weight, amount] :
       {std::pair{&weights.carbon, &carbon}, {&weights.cost, &price}}) {
    if (weight->is_zero())
      continue;
    const auto part = *amount ? weight->times(**amount) : std::nullopt;
    sum = sum && part ? sum->plus(*part) : std::nullopt;
  }
  return sum;
}

} // namespace

Jobs::Jobs(const stages::Inputs &inputs, const stages::Resolved &resolved)
    : intent_(inputs.intent()), jobs_(static_cast<size_t>(intent_.workloads_size())) {
  if (const auto at = milliseconds(resolved.world().at())) {
    at_ms_ = *at;
    at_known_ = true;
  }
  const bool any = std::any_of(intent_.workloads().begin(), intent_.workloads().end(),
                               [](const proto::Workload &one) { return one.has_job(); });
  if (!any || inputs.destroy())
    return;
  const ToldStarts starts(intent_.stack(), resolved.facts());
  for (const stages::Existing &there : resolved.existing()) {
    if (there.retiring() || there.finished())
      continue;
    const std::string start = starts.of(there);
    if (const auto time = milliseconds(start))
      told_.try_emplace({there.workload(), there.replica()},
                        Told{there.node(), *time - at_ms_, false, start});
  }
  const std::vector<uint32_t> finished = finished_replicas(intent_, resolved);
  for (size_t w = 0; w < jobs_.size(); ++w)
    if (const proto::Workload &workload = intent_.workloads(static_cast<int>(w));
        workload.has_job() && (finished[w] == 0 || finished[w] < workload.replicas_min()))
      read(w, resolved);
}

void Jobs::read(size_t workload, const stages::Resolved &resolved) {
  const proto::Workload &who = intent_.workloads(static_cast<int>(workload));
  const proto::Job &job = who.job();
  Job made;
  std::string until = job.deadline();
  if (job.within_ms() != 0) {
    const std::string before = first_planned_at(intent_, who.name(), resolved.facts());
    made.planned_at = before.empty() ? resolved.world().at() : before;
    if (const auto planned = milliseconds(made.planned_at))
      until = text({*planned - at_ms_ + static_cast<int64_t>(job.within_ms()), 0});
  }
  const auto deadline = milliseconds(until);
  const auto earliest = job.earliest().empty() ? std::nullopt : milliseconds(job.earliest());
  auto refuse = [&](std::string cause, std::string fix) {
    Diagnostic fault = report(diag::N0531, fmt::format("job {} has no time to run", who.name()),
                              intent_, job.span());
    fault.notes.push_back(note(std::move(cause)));
    fault.fix = std::move(fix);
    diagnostics_.push_back(std::move(fault));
  };
  if (!at_known_)
    return refuse("the fleet does not say what time it is", "say `at` in the fleet");
  made.duration_ms = job.duration_ms();
  made.first_ms = earliest ? std::max<int64_t>(*earliest - at_ms_, 0) : 0;
  made.last_ms = *deadline - at_ms_ - static_cast<int64_t>(job.duration_ms());
  bool waits = false;
  for (const stages::Replica &replica : resolved.replicas()) {
    if (replica.workload() != workload)
      continue;
    const auto known = told_.find({who.name(), replica.number()});
    if (known == told_.end()) {
      waits = true;
      continue;
    }
    Told &told = known->second;
    told.begun = told.start_ms <= 0 && (!earliest || told.start_ms >= *earliest - at_ms_);
    waits |= !told.begun;
    if (told.begun || (told.start_ms >= made.first_ms && told.start_ms <= made.last_ms))
      made.told.push_back(told.start_ms);
    else
      told_.erase(known);
  }
  if (waits && made.last_ms < made.first_ms)
    refuse(fmt::format("it takes {}, its deadline is {}, and it may start at {}",
                       units::show_time(job.duration_ms() * 1'000'000), until,
                       text({made.first_ms, 0})),
           "set a later deadline, or take the job away");
  made.last_ms = std::max(made.first_ms, made.last_ms);
  std::sort(made.told.begin(), made.told.end());
  made.told.erase(std::unique(made.told.begin(), made.told.end()), made.told.end());
  jobs_[workload] = std::move(made);
}

const Jobs::Told *Jobs::told(const std::string &workload, uint32_t replica) const {
  const auto known = told_.find({workload, replica});
  return known == told_.end() ? nullptr : &known->second;
}

Run Jobs::cheapest(size_t workload, llvm::ArrayRef<int64_t> besides, const NodeView &node,
                   const Weights &weights) const {
  const Job &job = *jobs_[workload];
  const int64_t known_hours = node.site ? std::max(node.site->carbon_forecast_mg_per_kwh_size(),
                                                   node.site->price_forecast_neur_per_kwh_size())
                                        : 0;
  Run best{is_timetable() ? only_[workload] : job.first_ms, job.duration_ms};
  std::optional<Rational> least = key(best, node, weights);
  auto consider = [&](int64_t start) {
    const Run run{start, job.duration_ms};
    const auto value = key(run, node, weights);
    if (value && (!least || *value < *least || (*value == *least && start < best.start_ms))) {
      least = value;
      best = run;
    }
  };
  for (int64_t start : besides)
    consider(start);
  for (int64_t k = job.first_ms / hour + 1;
       !is_timetable() && k * hour <= job.last_ms && k <= known_hours; ++k)
    consider(k * hour);
  return best;
}

Run Jobs::best(size_t workload, const NodeView &node, const Weights &weights) const {
  return cheapest(workload, jobs_[workload]->told, node, weights);
}

Run Jobs::chosen(size_t workload, uint32_t replica, const NodeView &node,
                 const Weights &weights) const {
  const Job &job = *jobs_[workload];
  const Run best = cheapest(workload, {}, node, weights);
  const Told *there = told(intent_.workloads(static_cast<int>(workload)).name(), replica);
  if (!there || there->node != node.node->name())
    return best;
  const Run kept{there->start_ms, job.duration_ms};
  const auto stays = key(kept, node, weights), goes = key(best, node, weights);
  if (there->begun || !stays || !goes)
    return kept;
  const double cost = stays->to_double(), saves = cost - goes->to_double();
  return saves > std::abs(cost) * placement::hysteresis ? best : kept;
}

int64_t Jobs::after_at(const std::string &starts_at) const {
  return milliseconds(starts_at).value_or(at_ms_) - at_ms_;
}

std::vector<int64_t> Jobs::starts(size_t workload, size_t most) const {
  const Job &job = *jobs_[workload];
  std::vector<int64_t> list;
  for (int64_t told : job.told)
    if (told >= job.first_ms && told <= job.last_ms)
      list.push_back(told);
  list.push_back(job.first_ms);
  for (int64_t k = job.first_ms / hour + 1; k * hour <= job.last_ms && list.size() < most; ++k)
    list.push_back(k * hour);
  return list;
}

Jobs Jobs::starting_at(std::vector<int64_t> starts) const {
  Jobs timetable = *this;
  timetable.only_ = std::move(starts);
  return timetable;
}

std::optional<std::vector<Occupied>> Jobs::held(size_t workload) const {
  const Job &job = *jobs_[workload];
  std::vector<int64_t> starts = job.told;
  starts.push_back(only_[workload]);
  std::vector<Occupied> list;
  for (int64_t start : starts) {
    list.push_back({start, start + static_cast<int64_t>(job.duration_ms)});
    if (list.back().to <= 0)
      return std::nullopt;
  }
  return list;
}

std::string Jobs::text(const Run &run) const {
  const int64_t time = at_ms_ + run.start_ms;
  return to_rfc3339(UnixNanos(std::chrono::milliseconds(time)), time % 1000 == 0 ? 0 : 3);
}

std::string Jobs::look(size_t workload) const {
  if (!is_job(workload))
    return {};
  const Job &job = *jobs_[workload];
  std::string text = fmt::format("{} {} {}", job.duration_ms, job.first_ms, job.last_ms);
  for (int64_t told : job.told)
    text += fmt::format(" {}", told);
  if (is_timetable())
    text += fmt::format(" only {}", only_[workload]);
  return text;
}

ToldStarts::ToldStarts(const std::string &stack, const proto::Fleet &facts) {
  for (const proto::PartState &state : facts.parts())
    if (state.part().stack() == stack)
      for (const proto::Instance &instance : state.part().instances())
        if (!instance.start_at().empty())
          starts_[{instance.workload(), instance.replica(), state.part().node(),
                   instance.revision()}] = instance.start_at();
}

std::string ToldStarts::of(const stages::Existing &there) const {
  const std::string &name = there.renamed_from().empty() ? there.workload() : there.renamed_from();
  const auto known = starts_.find({name, there.replica(), there.node(), there.revision()});
  return known == starts_.end() ? std::string() : known->second;
}

std::string first_planned_at(const proto::Intent &intent, const std::string &workload,
                             const proto::Fleet &facts) {
  const Renames renames(intent);
  std::set<std::tuple<std::string, uint32_t, std::string, std::string>> finished;
  for (const proto::Running &running : facts.running())
    if (running.stack() == intent.stack() && has_ended(running))
      finished.emplace(running.workload(), running.replica(), running.node(), running.revision());
  std::optional<int64_t> first;
  std::string text;
  for (const proto::PartState &state : facts.parts())
    for (const proto::Instance &instance : state.part().instances())
      if (state.part().stack() == intent.stack() && renames.now(instance.workload()) == workload &&
          !finished.count(
              {instance.workload(), instance.replica(), state.part().node(), instance.revision()}))
        if (const auto time = milliseconds(instance.planned_at());
            time && (!first || *time < *first)) {
          first = time;
          text = instance.planned_at();
        }
  return text;
}

std::optional<Run> run_of(const proto::Workload &workload, const std::string &starts_at,
                          const std::string &at) {
  if (!workload.has_job())
    return std::nullopt;
  const auto begin = milliseconds(at), start = milliseconds(starts_at);
  return Run{begin && start ? *start - *begin : 0, workload.job().duration_ms()};
}

} // namespace nemo::compiler
