// Simulated annealing over a part of the placement: some nodes and the replicas on them. Moves are
// shifts, swaps and returns home. The temperature falls from one that accepts a measured share of
// the uphill moves to one that accepts almost none.
// Source: Kirkpatrick, Gelatt and Vecchi (1983), "Optimization by simulated annealing".
#pragma once

#include <limits>

#include "compiler/placement/search/budget.h"
#include "compiler/placement/search/random.h"
#include "compiler/placement/search/state.h"

namespace nemo::optimiser {

/// Nodes, and the replicas that stay among them or nowhere.
struct Arena {
  std::vector<uint32_t> nodes, replicas;
  std::vector<bool> within; ///< by node
  /// Place in `replicas`, which are then those of largest weight first; empty: in no order. Moves
  /// prefer large ones, and swaps those that are alike.
  std::vector<uint32_t> rank;

  static Arena all(const State &state);
  static Arena of(const State &state, std::vector<uint32_t> nodes);
};

/// Temperatures, in units of cost.
struct Cooling {
  double from = 0, to = 0;
  /// While it is hotter, nearly only the heaviest are drawn; what is light goes anywhere then.
  double heavy = std::numeric_limits<double>::infinity();
};

/// Measured on random moves from where the state is: temperatures that accept these shares of the
/// uphill moves.
Cooling calibrate(State &state, const Arena &arena, Random &random, Budget &budget,
                  double accepted_first, double accepted_last);

/// From where the large still move, as long as all that is small flows around them, down to where
/// little of the small does. None where overload and balance are less than half of the cost.
std::optional<Cooling> melting(const State &state);
/// Of the cost of all nodes, what is overload.
Cost overload(const State &state);

enum class Leave { best, last };
/// Anneals until the budget is spent, with the temperature falling along the budget's share that is
/// spent, or the cost is `enough`; leaves the state at the best that was seen, or at the last.
void anneal(State &state, const Arena &arena, const Cooling &cooling, Random &random,
            Budget &budget, std::optional<Cost> enough = std::nullopt, Leave leave = Leave::best);

} // namespace nemo::optimiser
