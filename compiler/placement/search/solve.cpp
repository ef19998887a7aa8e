// All threads anneal first, each by itself: everything at once where there is enough to spend per
// replica for that to pay, then what is away from home. After that they improve a few nodes at a
// time. They meet when fixed shares of
// the budget are spent and go on from the best of all; who still anneals does not listen.
#include <algorithm>
#include <barrier>
#include <optional>
#include <thread>

#include "compiler/placement/search/close.h"
#include "compiler/placement/search/construct.h"
#include "compiler/placement/search/fill.h"
#include "compiler/placement/search/focus.h"
#include "compiler/placement/search/homing.h"
#include "compiler/placement/search/incumbent.h"
#include "compiler/placement/search/rebuild.h"
#include "compiler/placement/search/soften.h"

namespace nemo::optimiser {

char NothingFound::ID = 0;

namespace {

constexpr int meetings = 20;
/// Of the budget: when the first descent has to be done, when annealing everything has, what
/// follows on it among a few nodes, and annealing what is away.
constexpr double descended = 0.2, annealed = 0.8, focused = 0.88, homed = 0.95;
/// Those who are away are not annealed after everything was while what they cost is less than this
/// share of what looks avoidable.
constexpr double homes_matter = 0.05;
/// By what share a placement that was partly rebuilt may be dearer at first.
constexpr double rebuilt_dearer = 1e-4;
/// Annealing everything pays from this many ticks per replica on, where a node has 50 replicas (it
/// grows with the cube of that: many small ones are better moved a few nodes at a time), and only
/// while this share of the cost looks avoidable.
constexpr double ticks_to_anneal = 8000, avoidable_to_anneal = 0.01;

class Run {
public:
  Run(const Model &model, const std::optional<Solution> &start, const Options &options,
      Budget budget)
      : model_(model), start_(start), options_(options), budget_(budget), tables_(model),
        avoidable_(tables_), incumbent_(model, options, Budget::Clock::now()),
        threads_(std::clamp(options.threads, 1u, 256u)), together_(threads_) {}

  llvm::Expected<Solution> run() {
    std::vector<std::thread> others;
    for (unsigned thread = 1; thread < threads_; ++thread)
      others.emplace_back([this, thread] { work(thread); });
    work(0);
    for (std::thread &other : others)
      other.join();
    if (auto best = incumbent_.best())
      return std::move(*best);
    return llvm::make_error<NothingFound>(unplaced_);
  }

private:
  void work(unsigned thread) {
    State state(tables_);
    Random random(options_.seed * 1'000'003 + thread);
    Budget budget = budget_;
    if (start_)
      state.load(*start_);
    else if (opening_costs(tables_))
      fill(state, budget);
    // Without a start the threads begin at different places.
    if (state.broken() > 0 && !construct(state, random, budget) && thread == 0)
      note_unplaced(state);
    incumbent_.offer(state, thread, budget.ticks());
    if (tables_.nodes == 0 || tables_.replicas == 0) // nothing to draw moves from
      budget.end();
    if (only_opening_costs(state))
      close(state, thread, random, budget);
    const auto begin = Budget::Clock::now();
    const uint64_t before = budget.ticks();
    spend(budget, descended, [&](Budget &part) { descend(state, avoidable_, part); });
    incumbent_.offer(state, thread, budget.ticks());
    if (options_.enough && state.broken() == 0 && state.cost() <= *options_.enough)
      budget.end();
    const bool anneals = budget.left() && !opening_costs(tables_) &&
                         worth_annealing(state, per_replica(budget, budget.ticks() - before,
                                                            Budget::Clock::now() - begin));
    double ended_at = 0;
    if (anneals)
      spend(budget, annealed,
            [&](Budget &part) { ended_at = anneal_all(state, thread, random, part); });
    // The one node that was left in a bad way is put right first, as it outweighs all homes.
    if (anneals)
      spend(budget, focused, [&](Budget &part) { focus(state, avoidable_, random, part); });
    // Where it is too large to anneal everything, this is what can be annealed.
    if (!opening_costs(tables_) &&
        (!anneals || cost_of_absence(state) >= homes_matter * avoidable(state)))
      spend(budget, homed, [&](Budget &part) { bring_home(state, ended_at, random, part); });
    for (int meeting = 1; meeting <= meetings; ++meeting) {
      // What opening a node costs is saved by emptying it, which moves of one or two never do.
      if (opening_costs(tables_) && thread % 2 == 0 && state.broken() == 0) {
        spend(budget, (meeting - 0.8) / meetings,
              [&](Budget &part) { close(state, thread, random, part); });
        spend(budget, (meeting - 0.1) / meetings, [&](Budget &part) {
          rebuild(state, rebuilt_dearer * (meetings - meeting) / meetings, random, part);
        });
      }
      spend(budget, static_cast<double>(meeting) / meetings,
            [&](Budget &part) { focus(state, avoidable_, random, part); });
      meet(state, thread, budget);
    }
  }

  // Then nothing but fewer or cheaper nodes can save anything, and that takes patience.
  bool only_opening_costs(const State &state) const {
    if (!opening_costs(tables_) || state.broken() > 0)
      return false;
    Cost opened = 0;
    for (uint32_t node = 0; node < tables_.nodes; ++node)
      opened += state.hosted(node).empty() ? 0 : tables_.open_price[node];
    return state.cost() == opened;
  }

  void close(State &state, unsigned thread, Random &random, Budget &budget) {
    close_nodes(state, random, budget, options_.enough,
                [&] { incumbent_.offer(state, thread, budget.ticks()); });
  }

  template <class F> void spend(Budget &budget, double share, F work) {
    if (!budget.left())
      return;
    Budget part = budget.until(share);
    if (part.left())
      work(part);
    budget.join(part);
  }

  void meet(State &state, unsigned thread, Budget &budget) {
    incumbent_.offer(state, thread, budget.ticks());
    // Only where the clock decides nothing do all wait, so that all see the same.
    if (!options_.time_limit)
      together_.arrive_and_wait();
    const std::optional<Solution> best =
        incumbent_.cost() < state.cost() || state.broken() > 0 ? incumbent_.best() : std::nullopt;
    if (incumbent_.enough())
      budget.end();
    if (!options_.time_limit)
      together_.arrive_and_wait();
    if (best && budget.left())
      state.load(*best);
  }

  /// \returns the last temperature.
  double anneal_all(State &state, unsigned thread, Random &random, Budget &budget) const {
    const auto melt = melting(state);
    // Balance is found by what is small, for which there is room.
    if (melt && overload(state) < state.cost() / 2) {
      anneal(state, Arena::all(state), *melt, random, budget, options_.enough);
      return melt->to;
    }
    if (melt) {
      // Either is better somewhere.
      anneal_softly(state, *melt, thread % 2 == 0 ? Begin::once : Begin::often, random, budget);
      return melt->to;
    }
    const Arena arena = Arena::all(state);
    Cooling cooling = calibrate(state, arena, random, budget, 0.8, 1e-4);
    // Below this, what is gained does not show in the cost.
    cooling.to = std::max(cooling.to, static_cast<double>(state.cost()) * 1e-8);
    cooling.from = std::max(cooling.from, cooling.to);
    anneal(state, arena, cooling, random, budget, options_.enough);
    return cooling.to;
  }

  double avoidable(const State &state) const {
    Cost sum = 0;
    for (uint32_t node = 0; node < tables_.nodes; ++node)
      sum += avoidable_.of(state, node);
    return static_cast<double>(sum);
  }

  double cost_of_absence(const State &state) const {
    Cost sum = 0;
    for (uint32_t replica = 0; replica < tables_.replicas; ++replica)
      if (const uint32_t node = state.node_of(replica);
          node != nowhere && tables_.home[replica] != nowhere && tables_.home[replica] != node)
        sum += tables_.own(replica, node);
    return static_cast<double>(sum);
  }

  bool worth_annealing(const State &state, double ticks_per_replica) const {
    const double crowd = static_cast<double>(tables_.replicas) / 50 / std::max(1u, tables_.nodes);
    return ticks_per_replica >= ticks_to_anneal * crowd * crowd * crowd &&
           avoidable(state) >= avoidable_to_anneal * static_cast<double>(state.cost());
  }

  // What is left to spend; where only the clock ends it, at the pace seen so far.
  double per_replica(const Budget &budget, uint64_t ticks, Budget::Clock::duration took) const {
    double left = budget.effort() == UINT64_MAX
                      ? std::numeric_limits<double>::max()
                      : static_cast<double>(budget.effort() - budget.ticks());
    if (options_.time_limit) {
      const double seconds = std::chrono::duration<double>(took).count(),
                   limit = std::chrono::duration<double>(*options_.time_limit).count();
      left = std::min(left, limit * static_cast<double>(ticks) / std::max(seconds, 1e-6));
    }
    return left / std::max(1.0, static_cast<double>(tables_.replicas));
  }

  void note_unplaced(const State &state) {
    for (uint32_t replica = 0; replica < tables_.replicas; ++replica)
      if (state.node_of(replica) == nowhere &&
          model_.replicas[replica].absence_price == must_be_placed) {
        unplaced_ = replica;
        return;
      }
  }

  const Model &model_;
  const std::optional<Solution> &start_;
  const Options &options_;
  const Budget budget_;
  const Tables tables_;
  const Avoidable avoidable_;
  Incumbent incumbent_;
  const unsigned threads_;
  std::barrier<> together_;
  uint32_t unplaced_ = 0;
};

} // namespace

llvm::Expected<Solution> solve(const Model &model, const std::optional<Solution> &start,
                               const Options &options) {
  const auto begin = Budget::Clock::now();
  Options within = options;
  if (!options.effort && !options.time_limit)
    within.effort = std::max<uint64_t>(1'000'000, 2000 * uint64_t{model.replicas.size()});
  Options search = within;
  if (within.time_limit) {
    // What judging an answer takes is kept for the last one.
    Solution nothing;
    nothing.node_of.assign(model.replicas.size(), model.nodes > 0 ? 0 : nowhere);
    evaluate(model, nothing);
    search.time_limit = *within.time_limit - 3 * (Budget::Clock::now() - begin);
  }
  return Run(model, start, within, Budget(search, begin)).run();
}

} // namespace nemo::optimiser
