// Steps along an average of supergradients, from the best multipliers so far; the length is that of
// Polyak towards a value that is thought possible. Floating point decides where to go and nothing
// else: what counts is certified in integers at the end of each block of steps.
#include "compiler/placement/bound/ascent.h"

#include <cmath>

#include "compiler/placement/bound/oracle.h"

namespace nemo::optimiser {

namespace {

using Clock = std::chrono::steady_clock;

constexpr uint64_t block = 64; ///< steps between two certificates
/// Certifying takes no longer than so many steps, by experience.
constexpr int certificate = 8;
/// Of Polyak's step; shares of a new supergradient in the average.
constexpr double first_pace = 0.1, least_pace = 1e-5, least_tied_pace = 1e-3, first_weight = 0.1;
constexpr int most_rounds = 6;

class Ascent {
public:
  Ascent(const Relaxation &relaxation, const BoundOptions &options, Cost known,
         Clock::time_point begin)
      : relaxation_(relaxation), options_(options), oracle_(relaxation), begin_(begin),
        best_at_(relaxation.start()), tied_(!relaxation.model().open_price.empty()) {
    if (options.incumbent)
      ceiling_ = static_cast<double>(*options.incumbent);
    best_ = -Assignment::never;
    known_ = static_cast<double>(known);
  }

  Cost run() {
    Cost certified = 0;
    const Model &model = relaxation_.model();
    const uint64_t ahead = block * model.nodes * model.replicas.size();
    while (!finished_ && !(options_.effort && oracle_.effort() + ahead > *options_.effort)) {
      const double before = best_;
      for (uint64_t step = 0; step < block && !finished_; ++step)
        advance();
      if (best_ > before)
        certified =
            std::max(certified, oracle_.certify(best_at_, [&] { return stopped(); }).value_or(0));
    }
    return certified;
  }

private:
  bool stopped() const {
    return (options_.stop && options_.stop->load(std::memory_order_relaxed)) ||
           (options_.time_limit && Clock::now() - begin_ >= *options_.time_limit);
  }

  double clamp(size_t i, double value) const {
    return std::clamp(value, relaxation_.low(i), relaxation_.high(i));
  }

  // The part of the average that does not lead out of the multipliers' range.
  double slope(size_t i) const {
    const bool out = (average_[i] < 0 && best_at_[i] <= relaxation_.low(i)) ||
                     (average_[i] > 0 && best_at_[i] >= relaxation_.high(i));
    return out ? 0 : average_[i];
  }

  void advance() {
    const Clock::time_point start = Clock::now();
    std::vector<double> at = best_at_;
    if (!average_.empty()) {
      double norm = 0;
      for (size_t i = 0; i < at.size(); ++i)
        norm += slope(i) * slope(i) * relaxation_.stride(i);
      if (norm == 0) {
        begin_again();
        return;
      }
      const double length = pace_ * (target() - best_) / norm;
      for (size_t i = 0; i < at.size(); ++i)
        at[i] = clamp(i, at[i] + length * slope(i) * relaxation_.stride(i));
    }
    auto answer = oracle_.ask(at, tied_, [&] { return stopped(); });
    if (!answer || !std::isfinite(answer->value)) {
      finished_ = true;
      return;
    }
    learn(*answer, at);
    // Leave time for the certificate.
    if (options_.time_limit &&
        Clock::now() + certificate * (Clock::now() - start) > begin_ + *options_.time_limit)
      finished_ = true;
  }

  double target() const {
    const double reach = std::max({0.05 * std::fabs(best_), 0.05 * known_, 1.0});
    return ceiling_ > best_ ? std::min(best_ + reach, ceiling_) : best_ + reach;
  }

  void learn(const Oracle::Answer &answer, const std::vector<double> &at) {
    if (average_.empty()) {
      average_ = answer.slope;
      best_ = std::max(best_, answer.value);
      return;
    }
    double along = 0;
    for (size_t i = 0; i < at.size(); ++i)
      along += slope(i) * answer.slope[i] * relaxation_.stride(i);
    mix(answer.slope);
    if (answer.value > best_) {
      best_ = answer.value;
      best_at_ = at;
      worse_ = 0;
      if (along >= 0)
        pace_ = std::min(pace_ * 1.1, 2.0);
    } else if (++worse_ >= 20) {
      worse_ = 0;
      pace_ *= 0.66;
      if (pace_ < (tied_ ? least_tied_pace : least_pace))
        begin_again();
    }
    if (++steps_ % 100 == 0) {
      if (best_ < last_ + 0.01 * std::fabs(last_) && weight_ > 1e-3)
        weight_ *= 0.5;
      last_ = best_;
    }
  }

  // Where nodes cost something to open, a resource is first given one price for all of them: few
  // multipliers are found soon, and the fractional cover in all resources at once is worth those.
  // Where many multipliers meet, the average takes long to point anywhere: it is worth looking
  // again with ever smaller shares.
  void begin_again() {
    if (tied_)
      average_.clear();
    if (!tied_)
      finished_ = ++round_ == most_rounds;
    tied_ = false;
    pace_ = first_pace;
    weight_ = first_weight * std::pow(0.3, round_);
  }

  // The new average is the shortest vector between the old one and what was just seen, within
  // limits.
  void mix(const std::vector<double> &slope) {
    double squares = 0, product = 0;
    for (size_t i = 0; i < slope.size(); ++i) {
      const double apart = slope[i] - average_[i];
      squares += apart * apart * relaxation_.stride(i);
      product += average_[i] * apart * relaxation_.stride(i);
    }
    const double shortest = squares > 0 ? -product / squares : weight_;
    const double share = std::clamp(shortest, weight_ / 10, weight_);
    for (size_t i = 0; i < slope.size(); ++i)
      average_[i] += share * (slope[i] - average_[i]);
  }

  const Relaxation &relaxation_;
  const BoundOptions &options_;
  Oracle oracle_;
  const Clock::time_point begin_;
  std::vector<double> best_at_, average_;
  double best_ = 0, ceiling_ = 0, known_ = 0;
  double pace_ = first_pace, weight_ = first_weight, last_ = 0;
  int worse_ = 0, round_ = 0;
  uint64_t steps_ = 0;
  bool tied_, finished_ = false;
};

} // namespace

Cost lagrangian_bound(const Model &model, const BoundOptions &options, Cost known) {
  const Clock::time_point begin = Clock::now();
  const Relaxation relaxation(model);
  if (!relaxation.usable() || relaxation.multipliers() == 0)
    return 0;
  return Ascent(relaxation, options, known, begin).run();
}

} // namespace nemo::optimiser
