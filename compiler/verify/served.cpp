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

/// The share of the time in which a workload does not serve, or the fact that is missing.
std::optional<long double> not_served(const Case &subject, const proto::Workload &workload,
                                      const std::vector<const Replica *> &replicas,
                                      std::string &missing) {
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
      const long double down = lacking(node.availability_ppb());
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
  long double worst = 0, log_served = 0;
  const WorkloadList all = needed_by(about);
  for (const proto::Workload *workload : all) {
    std::string missing;
    const auto down = not_served(subject_, *workload, replicas_(workload), missing);
    if (!down) {
      figure.low = figure.high = formula::unknown(missing);
      return figure;
    }
    worst = std::max(worst, *down);
    log_served += std::log1p(-*down);
  }
  figure.bounded = true;
  figure.low = share_left(-std::expm1(log_served), true);
  figure.high = all.size() == 1 ? figure.low : share_left(worst, false);
  return figure;
}

} // namespace nemo::verify
