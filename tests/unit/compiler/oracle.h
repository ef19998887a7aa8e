// An oracle that tries every assignment, on small random instances. It has its own idea of what a
// hard rule is: it shares nothing with State.
#pragma once

#include <set>
#include <tuple>

#include "compiler/placement/place.h"

namespace nemo::test {

stages::Restriction restriction(stages::Restriction::Kind kind, uint32_t block, uint32_t rule = 0);
using Key = std::tuple<int, uint32_t, uint32_t>;
Key key(const stages::Restriction &restriction);

struct Oracle {
  const placement::Problem &problem;
  const std::set<Key> *kept = nullptr;     ///< null: all restrictions hold
  const std::set<uint32_t> *who = nullptr; ///< null: everybody
  std::vector<int> at;

  bool holds(const stages::Restriction &r) const { return !kept || kept->count(key(r)); }
  bool legal() const; ///< so far: not everybody has to be placed
  /// Every replica that an affinity is about has another near, or none; among those who are placed.
  bool keeps_bonds() const;
  bool feasible();
  /// The least that a legal assignment of everybody costs, with what keeps its nodes awake; none:
  /// there is none.
  std::optional<int64_t> optimum();
};

/// All restrictions of the problem.
std::set<Key> keys(const placement::Problem &problem);

/// At most four nodes and six replicas, with rules of every kind.
placement::Problem random_problem(uint32_t seed);

/// With one or two affinities, near or apart, by domain or by reach, some also with replicas that
/// stay as they are. \pre there are two workloads
void add_bonds(placement::Problem &problem, uint32_t seed);

/// `count` nodes with room for `room` millicores each and nothing else to tell them apart.
placement::Problem alike(size_t count, int64_t room);
void add(placement::Problem &problem, int64_t millicores, uint32_t replicas);

} // namespace nemo::test
