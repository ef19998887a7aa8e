// Power, carbon and cost of one replica on one node, by the named models, exact.
#pragma once

#include <optional>
#include <string>

#include "base/rational.h"
#include "compiler/verify/world.h"
#include "protocol/formula/evaluate.h"

namespace nemo::verify {

/// A value in base units, or the fact without which there is none.
struct Figure {
  std::optional<Rational> value;
  std::string missing;
};

struct Figures {
  Figure watts;            ///< W
  Figure grams_per_second; ///< gCO2e/s
  Figure euros_per_second;
};

/// A job's run, in milliseconds after the fleet's time.
struct Span {
  int64_t start = 0, length = 0;
};

/// \param run  of a job: all of its run, as if in one hour
Figures figures_of(const proto::Resources &reserved, const Place &place,
                   const std::optional<Span> &run = std::nullopt);

/// What a node takes that is kept awake and could be suspended; `place` has such a node.
Figures figures_awake(const Place &place);

/// Adds what is paid for what is sent, EUR/s, for as long as it runs.
void add_egress(Figures &figures, const Figure &egress, const std::optional<Span> &run);

/// Rounded to the nearest integer of value x factor, half away from zero.
std::optional<int64_t> rounded(const Figure &figure, int64_t factor);
constexpr int64_t to_micro_per_hour = 3600ll * 1000000;
constexpr int64_t to_milli_per_hour = 3600ll * 1000;
constexpr int64_t to_milli = 1000;

} // namespace nemo::verify
