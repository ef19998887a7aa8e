// Room is given in turns, each time with a placement at hand that shows it; so whatever the effort,
// what is given is never taken back by who comes later.
#include "compiler/placement/admit.h"

#include <algorithm>
#include <set>
#include <tuple>

#include "compiler/placement/bonds.h"
#include "compiler/placement/state.h"

namespace nemo::placement {

namespace {

constexpr unsigned most_attempts = 64;         ///< to place all of them anew
constexpr size_t most_looked_at = 200'000'000; ///< pairs of replica and node in all attempts
constexpr uint64_t steps_of_attempt = 100'000;

/// Shape, size of the gang, within a guarantee, priority.
using Alike = std::tuple<uint32_t, uint32_t, bool, uint32_t>;

class Admitting {
public:
  explicit Admitting(const Problem &problem)
      : problem_(problem), state_(problem), counts_(problem.needs.size()),
        bonded_(problem.needs.size()) {
    for (const Bond &bond : problem.bonds)
      bonded_[bond.need] = bonded_[bond.to] = 1;
  }

  void take_over(const std::vector<uint32_t> &counts, const std::vector<NodeId> &nodes) {
    for (size_t r = 0; r < problem_.replicas.size(); ++r)
      if (state_.node_of(r) != nowhere)
        state_.lift(r);
    counts_ = counts;
    for (size_t r = 0; r < problem_.replicas.size(); ++r)
      if (nodes[r] != nowhere)
        state_.put(r, index(nodes[r]));
  }

  /// Where it runs, else where it is cheapest.
  bool insert(const Turn &turn) {
    const Need &need = problem_.needs[turn.workload];
    uint32_t placed = 0;
    for (; placed < turn.count; ++placed)
      if (!insert(need.first + turn.first + placed))
        break;
    if (placed == turn.count) {
      counts_[turn.workload] += turn.count;
      return true;
    }
    while (placed-- > 0)
      state_.lift(need.first + turn.first + placed);
    return false;
  }

  /// Places everybody that has room and `turn` from nothing.
  bool anew(const Turn &turn, const Budget &budget) {
    std::vector<uint32_t> counts = counts_;
    counts[turn.workload] += turn.count;
    auto found = place(with_counts(problem_, counts), budget);
    if (!found) {
      llvm::consumeError(found.takeError());
      return false;
    }
    take_over(counts, spread_out(counts, found->node_of_replica));
    return true;
  }

  /// Makes room on one node by letting those wait that are below.
  bool displace(const Turn &turn, const std::vector<Turn> &turn_of) {
    if (turn.count != 1)
      return false;
    const uint32_t r = problem_.needs[turn.workload].first + turn.first;
    bool done = false;
    state_.allowed(turn.workload).for_each([&](size_t node) {
      if (done || !state_.admitted(r, node))
        return;
      const std::vector<uint32_t> before = counts_;
      std::vector<uint32_t> lifted;
      while (!(done = fits(r, node))) {
        const std::optional<uint32_t> last = lowest_on(node, turn, turn_of);
        if (!last)
          break;
        state_.lift(*last);
        --counts_[problem_.replicas[*last].need];
        lifted.push_back(*last);
      }
      if (done) {
        state_.put(r, node);
        ++counts_[turn.workload];
        return;
      }
      for (uint32_t back : lifted)
        state_.put(back, node);
      counts_ = before;
    });
    return done;
  }

  /// Equal for those for whom there is room in the same cases; none where siblings or other
  /// workloads decide, or where it runs does.
  std::optional<Alike> alike(const Turn &turn) const {
    const Need &need = problem_.needs[turn.workload];
    const Replica &who = problem_.replicas[need.first + turn.first];
    if (need.spread != Spread::none || bonded_[turn.workload] || of_its_own(who) ||
        who.home != nowhere || need.exclusive)
      return std::nullopt;
    return Alike{state_.shape_of(turn.workload), turn.count, turn.guaranteed, turn.priority};
  }

  const std::vector<uint32_t> &counts() const { return counts_; }
  Admission result() const { return {counts_, state_.assignment()}; }

  /// From the numbering of the problem with so many replicas to that of the whole one.
  std::vector<NodeId> spread_out(const std::vector<uint32_t> &counts,
                                 const std::vector<NodeId> &nodes) const {
    std::vector<NodeId> all(problem_.replicas.size(), nowhere);
    size_t next = 0;
    for (size_t n = 0; n < counts.size(); ++n)
      for (uint32_t k = 0; k < counts[n]; ++k)
        all[problem_.needs[n].first + k] = nodes[next++];
    return all;
  }

private:
  bool fits(uint32_t r, size_t node) {
    if (!state_.fits(r, node))
      return false;
    if (!bonded_[problem_.replicas[r].need])
      return true;
    state_.put(r, node);
    const bool kept = broken_bond(state_) == nullptr;
    state_.lift(r);
    return kept;
  }

  bool insert(uint32_t r) {
    const Replica &who = problem_.replicas[r];
    if (who.home != nowhere && fits(r, index(who.home))) {
      state_.put(r, index(who.home));
      return true;
    }
    for (const State::Offer &offer : state_.offers(who.need))
      if (fits(r, offer.node)) {
        state_.put(r, offer.node);
        return true;
      }
    return false;
  }

  /// On the node, the last replica of a workload below, lowest first; never a part of a gang.
  std::optional<uint32_t> lowest_on(size_t node, const Turn &turn,
                                    const std::vector<Turn> &turn_of) const {
    std::optional<uint32_t> lowest;
    for (uint32_t r : state_.on_node(node)) {
      const uint32_t n = problem_.replicas[r].need;
      const Turn &there = turn_of[r];
      if (there.count != 1 || !turn.above(there) || bonded_[n] ||
          r != problem_.needs[n].first + counts_[n] - 1)
        continue;
      if (!lowest || turn_of[*lowest].above(there) ||
          (!there.above(turn_of[*lowest]) && r > *lowest))
        lowest = r;
    }
    return lowest;
  }

  const Problem &problem_;
  State state_;
  std::vector<uint32_t> counts_;
  std::vector<char> bonded_;
};

/// What found no room, so that others that ask for the same in the same turn are not asked again.
class Failed {
public:
  bool like(const Admitting &admitting, const Turn &turn) const {
    const auto key = admitting.alike(turn);
    return key && turns_.count(*key) != 0;
  }
  void add(const Admitting &admitting, const Turn &turn) {
    if (const auto key = admitting.alike(turn))
      turns_.insert(*key);
  }

private:
  std::set<Alike> turns_;
};

std::vector<uint32_t> without_turns(const Problem &problem, const std::vector<Turn> &turns) {
  std::vector<uint32_t> counts;
  for (const Need &need : problem.needs)
    counts.push_back(need.count);
  for (const Turn &turn : turns)
    counts[turn.workload] = 0;
  return counts;
}

bool easy(const Problem &problem) {
  for (const bool warm : {true, false})
    if (State state(problem); !greedy(state, warm))
      return !broken_bond(state);
  State state(problem);
  return !tight_fit(state) && !broken_bond(state);
}

} // namespace

Problem with_counts(const Problem &problem, const std::vector<uint32_t> &counts) {
  Problem part = problem;
  part.replicas.clear();
  for (size_t n = 0; n < part.needs.size(); ++n) {
    Need &need = part.needs[n];
    const uint32_t first = need.first;
    need.first = static_cast<uint32_t>(part.replicas.size());
    need.count = std::min(need.count, counts[n]);
    for (uint32_t k = 0; k < need.count; ++k)
      part.replicas.push_back(problem.replicas[first + k]);
  }
  return part;
}

std::optional<Admission> admit(const Problem &problem, const std::vector<Turn> &turns,
                               const Budget &budget) {
  if (turns.empty() || easy(problem))
    return std::nullopt;
  // The limit of time is for the placement that follows.
  Budget sure = budget;
  sure.watch.better = nullptr;
  sure.watch.time_limit.reset();
  sure.effort = std::min(sure.effort, default_effort);
  Budget quick = sure;
  quick.effort = 0;
  quick.search_steps = steps_of_attempt;
  quick.narrow_steps = 0;
  quick.bound_steps = 0;
  const std::vector<uint32_t> counts = without_turns(problem, turns);
  auto base = place(with_counts(problem, counts), sure);
  if (!base) {
    llvm::consumeError(base.takeError());
    return std::nullopt;
  }
  Admitting admitting(problem);
  admitting.take_over(counts, admitting.spread_out(counts, base->node_of_replica));
  const size_t pairs = std::max<size_t>(problem.replicas.size() * problem.nodes, 1);
  size_t left = std::clamp<size_t>(most_looked_at / pairs, 1, most_attempts);
  std::vector<char> waits(problem.needs.size());
  Failed failed;
  for (const Turn &turn : turns) {
    if (waits[turn.workload] || (!failed.like(admitting, turn) && admitting.insert(turn)))
      continue;
    if (left > 0 && !failed.like(admitting, turn) && !(budget.watch.stop && *budget.watch.stop)) {
      --left;
      if (admitting.anew(turn, quick))
        continue;
    }
    waits[turn.workload] = 1;
    failed.add(admitting, turn);
  }
  return admitting.result();
}

bool settle_waiting(const Problem &problem, const std::vector<Turn> &turns, Admission &admission) {
  std::vector<Turn> turn_of(problem.replicas.size());
  std::vector<char> has_turn(problem.replicas.size());
  for (const Turn &turn : turns)
    for (uint32_t k = 0; k < turn.count; ++k) {
      const uint32_t r = problem.needs[turn.workload].first + turn.first + k;
      turn_of[r] = turn;
      has_turn[r] = 1;
    }
  for (size_t r = 0; r < turn_of.size(); ++r)
    if (!has_turn[r])
      turn_of[r].guaranteed = true, turn_of[r].priority = UINT32_MAX; // nobody is above it
  Admitting admitting(problem);
  admitting.take_over(admission.counts, admission.nodes);
  bool changed = false;
  for (bool again = true; again;) {
    again = false;
    Failed failed; // since the last change
    for (const Turn &turn : turns) {
      if (turn.first != admitting.counts()[turn.workload] || failed.like(admitting, turn))
        continue;
      if (admitting.insert(turn) || admitting.displace(turn, turn_of)) {
        changed = again = true;
        failed = {};
      } else {
        failed.add(admitting, turn);
      }
    }
  }
  admission = admitting.result();
  return changed;
}

} // namespace nemo::placement
