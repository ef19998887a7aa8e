// Availability from the top down: short_of[j] is the chance that fewer than j of what was looked at
// so far are up, given that j are needed of it.
#include "compiler/verify/levels.h"

#include <algorithm>
#include <cmath>
#include <cstdio>

#include "compiler/explain/texts.h"

namespace nemo::verify {

namespace {

long double lacking(uint64_t ppb) {
  constexpr uint64_t always = 1000000000;
  return static_cast<long double>(always - std::min(ppb, always)) / 1e9L;
}

long double awake_share(const proto::Node &node) {
  return node.has_duty_ppb() ? 1 - lacking(node.duty_ppb()) : 1;
}

/// The share of the time in which a workload does not serve, or the fact that is missing.
std::optional<long double> not_served(const Case &subject, const proto::Workload &workload,
                                      const std::vector<const Replica *> &replicas,
                                      bool while_they_sleep, std::string &missing) {
  std::map<std::string, std::map<std::string, size_t>> at; // site, node: replicas
  for (const Replica *replica : replicas)
    ++at[subject.world.at(replica->node).site ? subject.world.at(replica->node).site->name() : ""]
        [replica->node];
  const size_t needed = workload.min_available() ? workload.min_available() : 1;
  std::vector<long double> short_of(needed + 1, 1);
  short_of[0] = 0;
  for (const auto &[site_name, nodes] : at) {
    const proto::Site *site = subject.world.at(nodes.begin()->first).site;
    if (!site)
      missing = explain::fact_of("site", "node", nodes.begin()->first);
    else if (!site->has_availability_ppb())
      missing = explain::fact_of("availability", "site", site_name);
    if (!missing.empty())
      return std::nullopt;
    std::vector<long double> while_up = short_of;
    for (const auto &[name, count] : nodes) {
      const proto::Node &node = *subject.world.at(name).node;
      if (!node.has_availability_ppb()) {
        missing = explain::fact_of("availability", "node", name);
        return std::nullopt;
      }
      const bool sleeps = while_they_sleep && awake_share(node) < 1;
      const long double down = sleeps ? 1 : lacking(node.availability_ppb());
      for (size_t j = needed; j > 0; --j)
        while_up[j] = down * while_up[j] + (1 - down) * while_up[j > count ? j - count : 0];
    }
    const long double down = lacking(site->availability_ppb());
    for (size_t j = 1; j <= needed; ++j)
      short_of[j] = down * short_of[j] + (1 - down) * while_up[j];
  }
  return short_of[needed];
}

/// 1 - `down` as an author reads it.
proto::Value share_left(long double down, bool up) {
  const auto rounded = four_digits(down, up);
  const auto left = rounded ? Rational(1).minus(*rounded) : std::nullopt;
  if (!left)
    return formula::unknown("a figure that does not fit 128 bits");
  return formula::quantity({*left, {}, "%"});
}

} // namespace

std::optional<Rational> four_digits(long double value, bool up) {
  if (!std::isfinite(value) || value >= 1e18L)
    return std::nullopt;
  if (value < 1e-12L)
    value = up && value > 0 ? 1e-12L : 0;
  char text[64];
  std::snprintf(text, sizeof text, "%.3Le", value);
  auto rounded = Rational::parse(text);
  const long double off = value - std::strtold(text, nullptr);
  if (rounded && std::fabs(off) > value * 1e-12L && (off > 0) == up) {
    // Below a power of ten the digits are a tenth as large.
    const bool below = !up && std::string(text).rfind("1.000", 0) == 0;
    const auto step = Rational::parse((below ? "0.0001" : "0.001") +
                                      std::string(text).substr(std::string(text).find('e')));
    rounded = !step ? step : up ? rounded->plus(*step) : rounded->minus(*step);
  }
  return rounded;
}

Predicted Levels::availability(const WorkloadList &about) const {
  Predicted figure;
  figure.model = explain::availability_model().name();
  // Without who sleeps, all bounds of a path are those of Esary, Proschan and Walkup. Who sleeps
  // does so at any time: all are awake at least for 1 - (sum of their sleep), one of those that a
  // workload stands on at most for the sum of their shares.
  long double worst = 0, log_awake = 0, log_asleep = 0;
  std::map<std::string, long double> sleep;
  const WorkloadList all = needed_by(about);
  for (const proto::Workload *workload : all) {
    std::string missing;
    const auto &replicas = replicas_(workload);
    const auto down = not_served(subject_, *workload, replicas, false, missing);
    if (!down) {
      figure.low = figure.high = formula::unknown(missing);
      return figure;
    }
    std::map<std::string, long double> awake;
    for (const Replica *replica : replicas)
      if (const auto share = awake_share(*subject_.world.at(replica->node).node); share < 1) {
        awake[replica->node] = share;
        sleep[replica->node] = 1 - share;
      }
    long double any = 0, dark = *down;
    for (const auto &[node, share] : awake)
      any += share;
    if (!awake.empty())
      dark = *not_served(subject_, *workload, replicas, true, missing);
    else
      any = 1;
    any = std::min(any, 1.0L);
    worst = std::max(worst, dark + any * (*down - dark));
    log_awake += std::log1p(-*down);
    log_asleep += std::log1p(-dark);
  }
  long double together = 1;
  for (const auto &[node, share] : sleep)
    together -= share;
  together = std::max(together, 0.0L);
  figure.bounded = true;
  const long double dark = -std::expm1(log_asleep), light = -std::expm1(log_awake);
  figure.low = share_left(sleep.empty() ? light : dark + together * (light - dark), true);
  figure.high = all.size() == 1 && sleep.size() < 2 ? figure.low : share_left(worst, false);
  return figure;
}

} // namespace nemo::verify
