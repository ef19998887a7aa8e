// Carbon of a continuum put together from public data, under the optimiser and under what clusters
// do today.
#include <fmt/format.h>

#include "bench/placement/continuum/pareto.h"
#include "bench/support/bench.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/FileSystem.h"

using namespace nemo;
using namespace nemo::bench;
using namespace nemo::bench::continuum;

namespace {

struct Asked {
  std::string topology = "Tinet", svg;
  int nodes = 240, applications = 120, load = 40, suspending = 80, quietest = 50, moving = 100,
      days = 12, seeds = 3;
  int effort = 100;  ///< million ticks
  std::string bound; ///< seconds
  bool never_suspend = false;
};

// Of each policy, by seed.
using Outcomes = std::vector<std::vector<Outcome>>;

llvm::Expected<Experiment> experiment(const Asked &asked, const Intensity &intensity, uint64_t seed,
                                      int days) {
  auto world = make_world(
      {asked.topology, static_cast<uint32_t>(asked.nodes),
       static_cast<uint32_t>(asked.applications), static_cast<uint32_t>(asked.load),
       asked.never_suspend ? 0 : static_cast<uint32_t>(asked.suspending),
       static_cast<uint32_t>(asked.quietest), static_cast<uint32_t>(asked.moving), seed});
  if (!world)
    return world.takeError();
  return Experiment(std::move(*world), intensity,
                    days_of_year(intensity, static_cast<uint32_t>(days)), seed,
                    static_cast<uint64_t>(asked.effort) * 1'000'000);
}

llvm::Error measure_seeds(const Asked &asked, const Intensity &intensity, Report &report,
                          Outcomes &outcomes) {
  for (uint64_t seed = 1; seed <= static_cast<uint64_t>(asked.seeds); ++seed) {
    auto one = experiment(asked, intensity, seed, asked.days);
    if (!one)
      return one.takeError();
    if (seed == 1)
      report.note(fmt::format("{}: {} sites; {} applications of {} replicas; {} limits, {} "
                              "nearness rules",
                              asked.topology, one->world().network.sites.size(),
                              one->world().applications.size(), one->problem().copies.size(),
                              one->problem().model.limits.size(),
                              one->problem().model.nears.size()));
    for (uint32_t policy = 0; policy < policies; ++policy) {
      auto outcome = one->run(static_cast<Policy>(policy), grams_only);
      if (!outcome)
        return outcome.takeError();
      if (!outcome->violation.empty())
        report.note(fmt::format("seed {}, {}: {} replicas unplaced; {}", seed,
                                name_of(static_cast<Policy>(policy)), outcome->unplaced,
                                outcome->violation));
      outcomes[policy].push_back(std::move(*outcome));
    }
  }
  return llvm::Error::success();
}

double mean_of(const std::vector<Outcome> &outcomes, double (*figure)(const Outcome &)) {
  double sum = 0;
  for (const Outcome &one : outcomes)
    sum += figure(one);
  return sum / static_cast<double>(outcomes.size());
}

double grams(const Outcome &one) { return one.account.grams; }

// Of each seed that of the carbon-greedy policies which emitted least, of those that keep the
// rules.
std::vector<Outcome> best_carbon_greedy(const Outcomes &outcomes) {
  std::vector<Outcome> best = outcomes[carbon_greedy];
  for (Policy other : {carbon_anew, carbon_scaled})
    for (size_t i = 0; i < best.size(); ++i) {
      const Outcome &one = outcomes[other][i];
      const bool keeps = one.violation.empty(), kept = best[i].violation.empty();
      if (keeps != kept ? keeps : grams(one) < grams(best[i]))
        best[i] = one;
    }
  return best;
}

// In percent, by which `ours` is below `theirs`: the mean of the seeds, and the worst.
struct Below {
  double mean = 0, worst = 100;
};
Below below(const std::vector<Outcome> &ours, const std::vector<Outcome> &theirs) {
  Below out;
  for (size_t i = 0; i < ours.size(); ++i) {
    const double percent = 100 * (1 - grams(ours[i]) / grams(theirs[i]));
    out.mean += percent / static_cast<double>(ours.size());
    out.worst = std::min(out.worst, percent);
  }
  return out;
}

llvm::json::Object data_of(const Outcome &one, uint64_t seed) {
  return llvm::json::Object{
      {"seed", static_cast<int64_t>(seed)},
      {"gco2e_per_day", one.account.grams},
      {"kwh_per_day", one.account.kwh},
      {"eur_per_day", one.account.kwh * eur_per_kwh},
      {"nodes_awake", one.account.awake},
      {"access_ms_mean", one.delays.mean_access_ms},
      {"chain_ms_p50", one.delays.p50_ms},
      {"chain_ms_p99", one.delays.p99_ms},
      {"applications_over_limit", one.delays.over_limit},
      {"placing_s", one.placing_s},
      {"forecast_gco2e_per_day", one.forecast_grams},
      {"gco2e_per_day_by_cause", llvm::json::Object{{"in any case", one.account.always},
                                                    {"awake", one.account.idle},
                                                    {"load", one.account.load},
                                                    {"waking", one.account.waking},
                                                    {"moving", one.account.moving}}},
      {"moves_per_day", one.account.moves},
      {"unplaced_replica_hours", one.unplaced},
      {"feasible", one.violation.empty()}};
}

void tell(const Outcomes &outcomes, Report &report) {
  llvm::json::Object data;
  for (uint32_t policy = 0; policy < policies; ++policy) {
    const std::string name = name_of(static_cast<Policy>(policy));
    const auto &of = outcomes[policy];
    report.add({name + ": carbon", mean_of(of, grams) / 1000, "kgCO2e/day"});
    report.add({name + ": electricity",
                mean_of(of, [](const Outcome &one) { return one.account.kwh * eur_per_kwh; }),
                "EUR/day"});
    report.add({name + ": power",
                mean_of(of, [](const Outcome &one) { return one.account.kwh / hours_of_day; }),
                "kW"});
    report.add({name + ": nodes awake",
                mean_of(of, [](const Outcome &one) { return one.account.awake; }), ""});
    report.add({name + ": users to frontends, one way",
                mean_of(of, [](const Outcome &one) { return one.delays.mean_access_ms; }), "ms"});
    report.add({name + ": slowest chain of calls, p99 of applications",
                mean_of(of, [](const Outcome &one) { return one.delays.p99_ms; }), "ms"});
    report.add({name + ": rules broken",
                mean_of(of, [](const Outcome &one) { return one.violation.empty() ? 0.0 : 1.0; }),
                "runs", 0, ""});
    report.add(
        {name + ": applications over their limit of delay",
         mean_of(of, [](const Outcome &one) { return static_cast<double>(one.delays.over_limit); }),
         "", 0, ""});
    report.add({name + ": time to place a day",
                mean_of(of, [](const Outcome &one) { return one.placing_s; }), "s"});
    llvm::json::Array seeds;
    for (size_t i = 0; i < of.size(); ++i)
      seeds.push_back(data_of(of[i], i + 1));
    data[name] = std::move(seeds);
  }
  report.data("policies", std::move(data));
}

llvm::Error draw_curve(const Asked &asked, const Intensity &intensity, Report &report) {
  auto one = experiment(asked, intensity, 1, std::min(asked.days, 2));
  if (!one)
    return one.takeError();
  auto curve = trade_off(*one);
  if (!curve)
    return curve.takeError();
  std::error_code error;
  llvm::raw_fd_ostream file(asked.svg, error);
  if (error)
    return llvm::createStringError(error, asked.svg + ": " + error.message());
  file << draw(*curve);
  file.close();
  if (file.has_error())
    return llvm::createStringError(file.error(), asked.svg + ": " + file.error().message());
  for (const auto *points : {&curve->by_carbon_price, &curve->by_delay_price})
    for (const Point &point : *points)
      report.note(
          fmt::format("at {:g} {}: {:.1f} kgCO2e/day, {:.2f} EUR/day, {:.2f} ms", point.price,
                      points == &curve->by_carbon_price ? "EUR/tCO2e" : "g/ms/h",
                      point.outcome.account.grams / 1000, point.outcome.account.kwh * eur_per_kwh,
                      point.outcome.delays.mean_access_ms));
  return llvm::Error::success();
}

// How far the policies are from the least that the first day's forecast allows.
llvm::Error tell_bound(const Asked &asked, const Intensity &intensity, Report &report) {
  double seconds = 0;
  if (!llvm::to_float(asked.bound, seconds) || !(seconds > 0 && seconds < 1e6))
    return llvm::createStringError(llvm::inconvertibleErrorCode(),
                                   "--bound is a number of seconds above 0");
  for (uint64_t seed = 1; seed <= static_cast<uint64_t>(asked.seeds); ++seed) {
    auto one = experiment(asked, intensity, seed, 1);
    if (!one)
      return one.takeError();
    auto least = one->least_grams(seconds);
    if (!least)
      return least.takeError();
    for (Policy policy : {carbon_greedy, carbon_anew, carbon_scaled, optimised}) {
      auto outcome = one->run(policy, grams_only);
      if (!outcome)
        return outcome.takeError();
      report.note(fmt::format("seed {}, first day by the forecast, {}: {:.1f} kgCO2e; no plan "
                              "less than {:.1f}, {:.2f} % below",
                              seed, name_of(policy), outcome->forecast_grams / 1000, *least / 1000,
                              100 * (1 - *least / outcome->forecast_grams)));
    }
  }
  return llvm::Error::success();
}

llvm::Error measure(const Asked &asked, Report &report) {
  auto intensity = read_intensity();
  if (!intensity)
    return intensity.takeError();
  Outcomes outcomes(policies);
  if (auto error = measure_seeds(asked, *intensity, report, outcomes))
    return error;
  tell(outcomes, report);
  const auto &ours = outcomes[optimised];
  const Below of_spread = below(ours, outcomes[least_allocated]),
              of_once = below(ours, outcomes[carbon_greedy]),
              of_anew = below(ours, outcomes[carbon_anew]),
              of_scaled = below(ours, outcomes[carbon_scaled]),
              of_carbon = below(ours, best_carbon_greedy(outcomes)),
              of_grams = below(ours, outcomes[gram_greedy]);
  report.add({"carbon below spread + least-allocated", of_spread.mean, "%", 25, "", true});
  report.add({"the same, worst seed", of_spread.worst, "%"});
  report.add(
      {"carbon below the best carbon-greedy of each seed", of_carbon.mean, "%", 5, "", true});
  report.add({"the same, worst seed", of_carbon.worst, "%"});
  report.add({"carbon below carbon-greedy once a day", of_once.mean, "%"});
  report.add({"carbon below carbon-greedy anew when best", of_anew.mean, "%"});
  report.add({"carbon below carbon-greedy scaled down", of_scaled.mean, "%"});
  report.add({"carbon below greedy by added grams", of_grams.mean, "%"});
  report.note("placed by day-ahead forecasts (mean of the same hour of seven days), settled by "
              "the hours that came; electricity at 0.21 EUR/kWh everywhere");
  if (!asked.bound.empty())
    if (auto error = tell_bound(asked, *intensity, report))
      return error;
  return asked.svg.empty() ? llvm::Error::success() : draw_curve(asked, *intensity, report);
}

} // namespace

int main(int argc, char **argv) {
  Asked asked;
  Bench bench("continuum", "Carbon of a continuum of public data, under several policies.");
  bench.text("--topology", asked.topology, "of the Topology Zoo (Tinet)")
      .number("--nodes", asked.nodes, "nodes, a sample of openb's")
      .number("--applications", asked.applications, "instances of the four graphs in turn")
      .number("--load", asked.load, "percent of all processors that is asked for")
      .number("--suspending", asked.suspending, "percent of the nodes that can be suspended")
      .number("--quietest", asked.quietest, "percent of the peak asked for in the quietest hour")
      .number("--moving", asked.moving, "percent of what moves take that is charged")
      .yes("--never-suspend", asked.never_suspend, "no node can be suspended")
      .number("--days", asked.days, "days of the year, evenly spread")
      .number("--seeds", asked.seeds, "fleets and sets of applications")
      .number("--effort", asked.effort, "million work units of the optimiser for a day")
      .text("--bound", asked.bound,
            "seconds for each hour: of the first day also what is the least")
      .text("--svg", asked.svg, "file for the trade-off curve");
  return bench.run(argc, argv, [&](Report &report) { return measure(asked, report); });
}
