// From quick to exact. Each method either places everybody or leaves the question to the next; only
// the last one may say that no placement exists.
#include "compiler/placement/place.h"

#include "compiler/placement/bonds.h"
#include "compiler/placement/conflict.h"
#include "compiler/placement/scarcity.h"
#include "compiler/placement/state.h"

namespace nemo::placement {

char Infeasible::ID = 0;
char NotFound::ID = 0;

namespace {

DeviceBits devices_of(const State &state, uint32_t replica) {
  return state.devices().empty() ? 0 : state.devices()[replica];
}

/// The replicas of a group's problem, as they are numbered in the whole one.
std::vector<uint32_t> numbers(const Problem &problem, const std::vector<uint32_t> &group) {
  std::vector<uint32_t> list;
  for (uint32_t need : group)
    for (uint32_t r = 0; r < problem.needs[need].count; ++r)
      list.push_back(problem.needs[need].first + r);
  return list;
}

/// Places what quicker methods could not, group by group of those that compete.
/// \param improved  everybody placed, as well as the optimiser could, but bonds are broken: what
///                  keeps them stays. Null: somebody found no room.
/// \returns NotFound about `stuck` where it is not decided.
llvm::Expected<State> exact(const Problem &problem, const Budget &budget, const NotFound &stuck,
                            const State *improved) {
  State whole(problem);
  bool undecided = false;
  for (const std::vector<uint32_t> &group : components(problem)) {
    const Problem part = only(problem, group);
    const std::vector<uint32_t> number = numbers(problem, group);
    State state(part);
    bool open = false;
    if (improved)
      for (uint32_t r = 0; r < number.size(); ++r)
        state.put(r, index(improved->node_of(number[r])), devices_of(*improved, number[r]));
    else
      open = greedy(state, false).has_value();
    if (open || broken_bond(state)) {
      state = State(part);
      Verdict verdict = Verdict::found;
      if (part.bonds.empty() || !bonded_greedy(state)) {
        state = State(part);
        uint64_t steps = budget.search_steps;
        verdict = search(state, steps);
      }
      if (verdict == Verdict::impossible)
        return llvm::make_error<Infeasible>(budget.narrow_steps == 0
                                                ? Infeasible({}, group, false)
                                                : narrow(problem, group, budget));
      if (verdict == Verdict::undecided) {
        state = State(part);
        if (improved || !repair(state, budget)) {
          undecided = true;
          continue;
        }
      }
    }
    for (uint32_t r = 0; r < number.size(); ++r)
      whole.put(number[r], index(state.node_of(r)), devices_of(state, r));
  }
  if (undecided)
    return llvm::make_error<NotFound>(stuck);
  return whole;
}

// False, and nobody is placed, where there is none or it does not fit any more.
bool take_known(State &state) {
  const Problem &problem = state.problem();
  state = State(problem);
  if (problem.known.empty())
    return false;
  for (size_t r = 0; r < problem.replicas.size(); ++r) {
    if (!state.fits(r, index(problem.known[r]))) {
      state = State(problem);
      return false;
    }
    state.put(r, index(problem.known[r]));
  }
  return true;
}

} // namespace

llvm::Expected<Assignment> as_known(const Problem &problem, const Budget &budget) {
  State state(problem);
  if (!take_known(state))
    return llvm::make_error<NotFound>(ReplicaId(0));
  Assignment result;
  result.scarce = scarcity(state, budget.bound_steps).rooms;
  state.keep_devices();
  result.node_of_replica = state.assignment();
  result.devices_of_replica = state.devices();
  return result;
}

llvm::Expected<Assignment> place(const Problem &problem, const Budget &budget) {
  State state(problem);
  std::optional<ReplicaId> stuck = greedy(state, true);
  if (stuck) {
    state = State(problem);
    stuck = greedy(state, false);
  }
  if (stuck) {
    state = State(problem);
    if (auto still = tight_fit(state); still && !take_known(state)) {
      auto found = exact(problem, budget, NotFound(*still), nullptr);
      if (!found)
        return found.takeError();
      state = std::move(*found);
    }
  }
  if (const Bond *bond = impossible_bond(state))
    return llvm::make_error<Infeasible>(narrow(problem, {bond->need, bond->to}, budget));
  Assignment result;
  // What greedy and the exact search did not look at is for the optimiser.
  if (!all_at_best(state) || broken_bond(state)) {
    Scarcity scarce = scarcity(state, budget.bound_steps);
    result.scarce = std::move(scarce.rooms);
    result.cut = improve(state, budget, scarce.bound);
  }
  if (const Bond *broken = broken_bond(state)) {
    auto found = exact(problem, budget, NotFound(*broken), &state);
    if (!found)
      return found.takeError();
    state = std::move(*found);
    Scarcity scarce = scarcity(state, budget.bound_steps);
    result.scarce = std::move(scarce.rooms);
    result.cut |= improve(state, budget, scarce.bound);
  }
  state.keep_devices();
  result.node_of_replica = state.assignment();
  result.devices_of_replica = state.devices();
  return result;
}

} // namespace nemo::placement
