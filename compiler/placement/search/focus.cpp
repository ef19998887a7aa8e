#include "compiler/placement/search/focus.h"

#include <algorithm>

#include "compiler/placement/search/rearrange.h"

namespace nemo::optimiser {

namespace {

// Nodes drawn in proportion to what they cost avoidably; everybody has a chance.
class Draw {
public:
  Draw(const State &state, const Avoidable &avoidable) {
    double sum = 0;
    for (uint32_t node = 0; node < state.tables().nodes; ++node)
      until_.push_back(sum += static_cast<double>(avoidable.of(state, node)));
    const double chance = std::max(sum, 1.0) / 10 / static_cast<double>(until_.size());
    for (size_t i = 0; i < until_.size(); ++i)
      until_[i] += chance * static_cast<double>(i + 1);
  }
  uint32_t node(Random &random) const {
    const auto at = std::upper_bound(until_.begin(), until_.end(), random.unit() * until_.back());
    return static_cast<uint32_t>(
        std::min<ptrdiff_t>(at - until_.begin(), static_cast<ptrdiff_t>(until_.size()) - 1));
  }

private:
  std::vector<double> until_;
};

// Where somebody from here is, or somebody here is from: what one holds of the other can be given
// back between them.
uint32_t related(const State &state, uint32_t node, Random &random) {
  const Tables &tables = state.tables();
  const std::vector<uint32_t> &there = state.hosted(node);
  const uint32_t natives = tables.natives.size(node);
  uint32_t found = nowhere;
  for (int tries = 0; tries < 8 && (found == nowhere || found == node); ++tries) {
    if (random.below(2) && natives > 0)
      found = state.node_of(tables.natives.from(node)[random.below(natives)]);
    else if (!there.empty())
      found = tables.home[there[random.below(static_cast<uint32_t>(there.size()))]];
  }
  return found == nowhere ? random.below(tables.nodes) : found;
}

// One of the largest of a node to wherever.
void rearrange_some(State &state, uint32_t from, Random &random, Budget &budget) {
  budget.spend(1);
  std::vector<uint32_t> there = state.hosted(from);
  const size_t largest = std::min<size_t>(there.size(), 4);
  if (there.empty())
    return;
  std::partial_sort(there.begin(), there.begin() + static_cast<ptrdiff_t>(largest), there.end(),
                    [&](uint32_t a, uint32_t b) {
                      const Cost of_a = weight(state.tables(), a), of_b = weight(state.tables(), b);
                      return of_a != of_b ? of_a > of_b : a < b;
                    });
  budget.spend(there.size());
  const uint32_t large = there[random.below(static_cast<uint32_t>(largest))];
  for (int tries = 0; tries < 4 && budget.left(); ++tries)
    if (const uint32_t node = random.below(state.tables().nodes);
        node != state.node_of(large) && rearrange(state, large, node, random, budget))
      return;
}

} // namespace

void focus(State &state, const Avoidable &avoidable, Random &random, Budget &budget) {
  const uint32_t nodes = state.tables().nodes;
  if (nodes < 2 || state.tables().replicas == 0)
    return;
  constexpr double first_accepted[] = {1e-4, 1e-3, 1e-2, 1e-1};
  constexpr uint64_t ticks_per_replica[] = {15, 60, 250, 1000};
  uint32_t barren = 0;
  while (budget.left()) {
    const Draw draw(state, avoidable);
    budget.spend(nodes / 8);
    const uint64_t begin = budget.ticks();
    for (int rounds = 0; rounds < 8 && budget.left(); ++rounds) {
      std::vector<uint32_t> chosen{draw.node(random)};
      const uint32_t count = std::min(nodes, 2 + random.below(4));
      const size_t wanted = 50 + random.below(350);
      size_t replicas = state.hosted(chosen.front()).size();
      while (chosen.size() < count || (replicas < wanted && chosen.size() < nodes)) {
        const uint32_t node = random.below(4) == 0 ? related(state, chosen.front(), random)
                              : random.below(2)    ? random.below(nodes)
                                                   : draw.node(random);
        if (std::find(chosen.begin(), chosen.end(), node) == chosen.end()) {
          chosen.push_back(node);
          replicas += state.hosted(node).size();
        }
        if (!budget.spend(1))
          break;
      }
      const Arena arena = Arena::of(state, std::move(chosen));
      if (arena.replicas.empty()) {
        budget.spend(1);
        continue;
      }
      // The longer nothing was gained, the harder it is tried.
      const uint32_t effort = std::min(barren / 16, 3u);
      const Cooling cooling = calibrate(state, arena, random, budget, first_accepted[effort], 1e-6);
      const Cost before = state.cost();
      Budget part =
          budget.part(std::max<uint64_t>(arena.replicas.size() * ticks_per_replica[effort], 1000));
      anneal(state, arena, cooling, random, part);
      budget.join(part);
      barren = state.cost() < before ? 0 : barren + 1;
    }
    // A third of the effort.
    for (const uint64_t annealed = budget.ticks();
         budget.left() && budget.ticks() - annealed < (annealed - begin) / 2;)
      rearrange_some(state, draw.node(random), random, budget);
  }
}

} // namespace nemo::optimiser
