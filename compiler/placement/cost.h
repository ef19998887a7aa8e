// The named models, exact: what a replica draws, emits and costs by the share of a node that it
// reserves. A figure is a value or the fact that is missing; nothing is guessed.
//
// power  = (max - idle) x cpu share + idle x dominant share      (linear-share)
// of a node that sleeps, times the share of the time that it is awake; of one that can be suspended
// there is no idle power in it: that counts once for everybody there, as what keeps it awake
// carbon = power x carbon intensity of the site                  (location-based)
// cost   = node price x dominant share + power x site price      (dominant-share)
//
// Of a job they are summed over the hours of its run.
#pragma once

#include <optional>
#include <string>

#include "base/rational.h"
#include "compiler/resolve/names.h"

namespace nemo::compiler {

struct Figure {
  std::optional<Rational> value; ///< in base units
  std::string missing;           ///< the fact without which there is no value
};

struct Figures {
  Figure power;  ///< W
  Figure carbon; ///< gCO2e/s
  Figure cost;   ///< EUR/s
};

/// When a job runs, in milliseconds after the fleet's `at`; what has begun before it starts below
/// 0.
struct Run {
  int64_t start_ms = 0;
  uint64_t duration_ms = 0;
};

/// \param run  of a job: the figures are of its whole run, as if all of it fell into one hour.
/// What hours of the day differ in counts as its mean over the day.
Figures figures(const proto::Resources &asked, const NodeView &node, const Run *run = nullptr);

/// What it takes to keep a node awake that can be suspended: what it draws idle more than
/// suspended.
Figures awake(const NodeView &node);

/// Carbon intensity and price of electricity, summed over the hours of a run by the site's
/// forecast; what it does not reach is as it is now. In gCO2e/J and EUR/J, times hours.
std::optional<Rational> carbon_over(const Run &run, const NodeView &node);
std::optional<Rational> price_over(const Run &run, const NodeView &node);

/// Adds what is paid for data that is sent, EUR/s; of a job, over all of its run.
void add_egress(Figures &figures, const Figure &egress, const Run *run);

/// What one EUR/s (or W, gCO2e/s) of each figure counts in the objective.
struct Weights {
  Rational energy, carbon, cost;
  std::string missing; ///< a price that the objective names and nobody knows here
};

/// The objective's rate, in its own base unit per second.
Figure weighted(const Figures &figures, const Weights &weights);

/// Rounded to millionths of the unit per hour, half away from zero; nullopt where there is no
/// value.
std::optional<int64_t> millionths_per_hour(const Figure &figure);
std::optional<int64_t> milliwatts(const Figure &figure);
std::optional<int64_t> milligrams_per_hour(const Figure &figure);

} // namespace nemo::compiler
