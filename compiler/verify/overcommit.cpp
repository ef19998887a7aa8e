#include "compiler/verify/overcommit.h"

#include <algorithm>
#include <cmath>

#include <fmt/format.h>

#include "compiler/explain/texts.h"
#include "compiler/verify/hours.h"
#include "compiler/verify/rooms.h"

namespace nemo::verify {

namespace {

/// Of what the node's own replicas use, and what it has for them.
struct Load {
  std::vector<Burst> uses;
  uint64_t peaks = 0, largest = 0, room = 0; ///< millicores
};

std::map<std::string, Load> loads(const Case &subject) {
  std::map<std::string, Load> all;
  for (const Replica &replica : subject.replicas) {
    Load &load = all[replica.node];
    const proto::Resources &resources = replica.workload->resources();
    load.uses.push_back(burst_of(resources));
    const uint64_t peak_there = peak(day_of(resources)).cpu;
    load.peaks += peak_there;
    load.largest = std::max(load.largest, peak_there);
  }
  const std::map<std::string, Amounts> others = held_by_others(subject);
  for (auto &[node, load] : all) {
    const uint64_t has = fed(*subject.world.at(node).node);
    const Amount held = others.count(node) ? others.at(node)[0] : 0;
    load.room = has > held ? has - static_cast<uint64_t>(held) : 0;
  }
  return all;
}

} // namespace

std::optional<uint64_t> accepted_risk(const proto::Intent &intent) {
  std::optional<uint64_t> risk;
  for (const proto::Objective &objective : intent.objectives())
    if (objective.has_overcommit_ppb() && (!risk || objective.overcommit_ppb() < *risk))
      risk = objective.overcommit_ppb();
  return risk;
}

Burst at_peak(const proto::Resources &resources) {
  const double most = static_cast<double>(peak(day_of(resources)).cpu) / 1000;
  return {most, most};
}

Burst burst_of(const proto::Resources &resources) {
  Burst use = at_peak(resources);
  if (resources.cpu_mean_millicores() != 0)
    use.mean = std::min(use.peak, static_cast<double>(resources.cpu_mean_millicores()) / 1000);
  return use;
}

double log_moment(const Burst &use, double s) {
  const double busy = use.peak > 0 ? use.mean / use.peak : 0;
  const double power = s * use.peak;
  return power < 1 ? std::log1p(busy * std::expm1(power))
                   : power + std::log(busy + (1 - busy) * std::exp(-power));
}

double least(const std::function<double(double)> &exponent, double enough) {
  // By thirds of log2 s, where a convex function is still one that falls and then rises.
  double low = -20, high = 20, best = 0; // at s = 0 every exponent is 0
  for (int round = 0; round < 160 && best > enough; ++round) {
    const double a = low + (high - low) / 3, b = high - (high - low) / 3;
    const double at_a = exponent(std::exp2(a)), at_b = exponent(std::exp2(b));
    best = std::min({best, at_a, at_b});
    if (at_a < at_b)
      high = b;
    else
      low = a;
  }
  return best;
}

double log_chance(const std::vector<Burst> &uses, double room) {
  return least(
      [&](double s) {
        double sum = -s * room;
        for (const Burst &use : uses)
          sum += log_moment(use, s);
        return sum;
      },
      -1e300);
}

double log_accepted(uint64_t risk) { return std::log(static_cast<double>(risk) / 1e9) + 1e-9; }

std::vector<std::string> overfull(const Case &subject, uint64_t risk) {
  std::vector<std::string> why;
  for (const auto &[node, load] : loads(subject)) {
    if (load.largest > load.room)
      why.push_back(fmt::format("{} has {} of cpu (millicores) beside other stacks; one replica "
                                "alone may want {}",
                                node, load.room, load.largest));
    if (load.peaks <= load.room)
      continue;
    const double chance = log_chance(load.uses, static_cast<double>(load.room) / 1000);
    if (chance > log_accepted(risk))
      why.push_back(fmt::format("{} has {} of cpu (millicores) beside other stacks; that its "
                                "replicas want more has a chance of at most {:.3g}, and {} is "
                                "accepted",
                                node, load.room, std::exp(chance),
                                static_cast<double>(risk) / 1e9));
  }
  return why;
}

proto::Expectation risk_taken(const Case &subject, const proto::Objective &objective) {
  double highest = 0;
  std::string where;
  for (const auto &[node, load] : loads(subject)) {
    if (load.peaks <= load.room)
      continue;
    const double chance = std::exp(log_chance(load.uses, static_cast<double>(load.room) / 1000));
    if (where.empty() || chance > highest) {
      highest = chance;
      where = node;
    }
  }
  // As it is printed: up to the next number of three digits, and not above what is accepted.
  const uint64_t limit = objective.overcommit_ppb();
  uint64_t shown = static_cast<uint64_t>(std::ceil(highest * 1e9)), unit = 1;
  while (shown / unit >= 1000)
    unit *= 10;
  if (shown % unit != 0)
    shown += unit - shown % unit;
  if (highest * 1e9 <= static_cast<double>(limit) * (1 + 1e-8))
    shown = std::min(shown, limit);
  const auto ratio = [](uint64_t ppb) {
    return formula::to_proto(
        {*Rational::make(static_cast<Rational::Int>(ppb), 1000000000), formula::Dimension(), "%"});
  };
  proto::Expectation item;
  item.set_object("objective." + objective.name());
  item.set_name("overcommit");
  item.set_target(explain::overcommit_target(limit));
  item.set_verb("require");
  item.set_model(explain::overcommit_model().name());
  item.set_met(shown <= limit);
  item.set_detail(explain::overcommitted(where, shown));
  *item.mutable_span() = objective.overcommit_span();
  *item.mutable_predicted() = ratio(shown);
  *item.mutable_limit() = ratio(limit);
  item.set_margin((static_cast<double>(limit) - static_cast<double>(shown)) /
                  static_cast<double>(limit));
  return item;
}

} // namespace nemo::verify
