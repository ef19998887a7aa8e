#include "compiler/placement/search/anneal.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <numeric>

#include "compiler/placement/search/descend.h"

namespace nemo::optimiser {

namespace {

// -ln of numbers in (0, 1), evenly spread: drawing one costs a look-up.
const std::array<float, 4096> &exponentials() {
  static const std::array<float, 4096> table = [] {
    std::array<float, 4096> out{};
    for (size_t i = 0; i < out.size(); ++i)
      out[i] = static_cast<float>(-std::log((static_cast<double>(i) + 0.5) / out.size()));
    return out;
  }();
  return table;
}

class Annealing {
public:
  Annealing(State &state, const Arena &arena, Random &random)
      : state_(state), tables_(state.tables()), arena_(arena), random_(random),
        best_(state.cost()) {
    keep();
  }

  void run(const Cooling &cooling, Budget &budget, std::optional<Cost> enough, Leave leave) {
    const double begin = budget.share();
    const double decay = std::log(cooling.to / cooling.from);
    const auto steps =
        static_cast<uint32_t>(std::clamp<size_t>(arena_.replicas.size() / 8, 64, 4096));
    while (budget.left() && !(enough && best_ <= *enough)) {
      const double done = begin >= 1 ? 1 : (budget.share() - begin) / (1 - begin);
      temperature_ = cooling.from * std::exp(decay * std::clamp(done, 0.0, 1.0));
      heavy_ = temperature_ > cooling.heavy && !arena_.rank.empty();
      for (uint32_t i = 0; i < steps; ++i)
        step();
      budget.spend(steps);
      if (leave == Leave::best && state_.cost() < best_)
        keep();
    }
    if (leave == Leave::best)
      restore();
  }

private:
  // Drawn once more where it is the same: a few nodes are all that many arenas have.
  uint32_t any_node(uint32_t but) {
    const uint32_t node = any_node();
    return node == but ? any_node() : node;
  }
  uint32_t any_node() {
    return arena_.nodes[random_.below(static_cast<uint32_t>(arena_.nodes.size()))];
  }
  uint32_t any_replica() {
    return arena_.replicas[random_.below(static_cast<uint32_t>(arena_.replicas.size()))];
  }

  // A number below `end` from 21 bits, as three of them are drawn at once. So of more than two
  // million replicas, which nobody anneals together, some are never drawn.
  static uint32_t scaled(uint64_t bits, uint32_t end) {
    return static_cast<uint32_t>((bits & 0x1F'FFFF) * end >> 21);
  }
  // The large freeze first and decide most, so three in four come from the larger ones; which are
  // drawn never changes, so that annealing's equilibrium stays what it is.
  uint32_t replica_to_move(bool any) {
    const auto count = static_cast<uint32_t>(arena_.replicas.size());
    const uint64_t bits = random_.next();
    const uint32_t first = scaled(bits, count);
    if (any)
      return arena_.replicas[first];
    uint32_t least = std::min({first, scaled(bits >> 21, count), scaled(bits >> 42, count)});
    if (heavy_) {
      const uint64_t more = random_.next();
      least = std::min(
          {least, scaled(more, count), scaled(more >> 21, count), scaled(more >> 42, count)});
    }
    return arena_.replicas[least];
  }
  // Three in four weigh about the same: few others fit where a large one was.
  uint32_t replica_to_swap_with(uint32_t one) {
    const auto count = static_cast<uint32_t>(arena_.replicas.size());
    const uint64_t bits = random_.next();
    if (arena_.rank.empty())
      return arena_.replicas[scaled(bits, count)];
    const uint32_t reach = std::max(count / 16, 2u),
                   at = arena_.rank[one] + scaled(bits, 2 * reach + 1),
                   near = std::min(std::max(at, reach) - reach, count - 1);
    return arena_.replicas[bits >> 62 == 0 ? scaled(bits >> 21, count) : near];
  }

  // Of sixteen moves six are shifts, five swaps, and five chains; swaps where sizes are heeded, as
  // chains of all replicas hardly ever fit. Some of each go home: what is moved goes on holding
  // what is transient there, and pays for being away.
  void step() {
    const uint64_t dice = random_.next();
    const uint32_t one = replica_to_move(arena_.rank.empty() || (dice >> 12 & 3) == 0);
    const Cost most = static_cast<Cost>(temperature_ * exponentials()[dice & 4095]);
    const uint32_t kind = dice >> 60, home = tables_.home[one], from = state_.node_of(one);
    const bool homeward = (dice >> 57 & 7) < (arena_.rank.empty() ? 2 : 3) && home != nowhere &&
                          home != from && arena_.within[home] && from != nowhere;
    if (kind == 0 && (dice >> 52 & 15) == 0)
      return try_lift(one, most);
    if (kind < 6)
      return try_shift(one, homeward ? home : any_node(from), most);
    uint32_t other = nowhere;
    if (homeward) {
      const std::vector<uint32_t> &there = state_.hosted(home);
      if (there.empty())
        return try_shift(one, home, most);
      other = there[random_.below(static_cast<uint32_t>(there.size()))];
    } else {
      other = replica_to_swap_with(one);
      if (state_.node_of(other) == from)
        other = replica_to_swap_with(one);
    }
    if (kind < 11 || !arena_.rank.empty())
      return try_swap(one, other, most);
    const uint32_t middle = state_.node_of(other), to = any_node();
    if (from != middle && from != nowhere && middle != nowhere && to != from && to != middle)
      state_.chain(one, other, to, most);
  }

  void try_shift(uint32_t replica, uint32_t node, Cost most) {
    if (node != state_.node_of(replica) && state_.room(replica, node) &&
        state_.delta(replica, node) <= most && state_.rules_allow(replica, node))
      state_.shift(replica, node);
  }

  void try_lift(uint32_t replica, Cost most) {
    if (state_.node_of(replica) != nowhere &&
        tables_.model.replicas[replica].absence_price != must_be_placed &&
        state_.delta(replica, nowhere) <= most && state_.strain(replica, nowhere) <= 0)
      state_.lift(replica);
  }

  void try_swap(uint32_t one, uint32_t other, Cost most) {
    const uint32_t a = state_.node_of(one), b = state_.node_of(other);
    if (a != b && a != nowhere && b != nowhere && state_.swap_room(one, other) &&
        state_.swap_delta(one, other) <= most && state_.swap_allowed(one, other))
      state_.swap(one, other);
  }

  void keep() {
    best_ = state_.cost();
    kept_.clear();
    for (uint32_t replica : arena_.replicas)
      kept_.push_back({state_.node_of(replica), state_.devices_of(replica)});
  }

  void restore() {
    if (state_.cost() == best_)
      return;
    for (size_t i = 0; i < kept_.size(); ++i)
      if (differs(i) && state_.node_of(arena_.replicas[i]) != nowhere)
        state_.lift(arena_.replicas[i]);
    for (size_t i = 0; i < kept_.size(); ++i)
      if (differs(i) && kept_[i].node != nowhere)
        state_.put_back(arena_.replicas[i], kept_[i].node, kept_[i].devices);
  }
  bool differs(size_t i) const {
    return state_.node_of(arena_.replicas[i]) != kept_[i].node ||
           state_.devices_of(arena_.replicas[i]) != kept_[i].devices;
  }

  struct Kept {
    uint32_t node, devices;
  };

  State &state_;
  const Tables &tables_;
  const Arena &arena_;
  Random &random_;
  double temperature_ = 0;
  bool heavy_ = false;
  Cost best_;
  std::vector<Kept> kept_;
};

} // namespace

Arena Arena::all(const State &state) {
  Arena out;
  out.nodes.resize(state.tables().nodes);
  std::iota(out.nodes.begin(), out.nodes.end(), 0);
  out.replicas.resize(state.tables().replicas);
  std::iota(out.replicas.begin(), out.replicas.end(), 0);
  out.within.assign(out.nodes.size(), true);
  std::vector<Cost> weights(out.replicas.size());
  for (uint32_t replica : out.replicas)
    weights[replica] = weight(state.tables(), replica);
  std::stable_sort(out.replicas.begin(), out.replicas.end(),
                   [&](uint32_t a, uint32_t b) { return weights[a] > weights[b]; });
  out.rank.resize(out.replicas.size());
  for (uint32_t i = 0; i < out.replicas.size(); ++i)
    out.rank[out.replicas[i]] = i;
  return out;
}

Arena Arena::of(const State &state, std::vector<uint32_t> nodes) {
  Arena out;
  out.within.assign(state.tables().nodes, false);
  for (uint32_t node : nodes) {
    out.within[node] = true;
    out.replicas.insert(out.replicas.end(), state.hosted(node).begin(), state.hosted(node).end());
  }
  for (uint32_t replica : state.tables().optional)
    if (state.node_of(replica) == nowhere)
      out.replicas.push_back(replica);
  out.nodes = std::move(nodes);
  return out;
}

Cooling calibrate(State &state, const Arena &arena, Random &random, Budget &budget,
                  double accepted_first, double accepted_last) {
  const auto samples = static_cast<uint32_t>(std::clamp<size_t>(arena.replicas.size(), 100, 20000));
  budget.spend(samples);
  std::vector<double> uphill;
  for (uint32_t i = 0; i < samples; ++i) {
    const uint32_t one = arena.replicas[random.below(static_cast<uint32_t>(arena.replicas.size()))];
    Cost delta = 0;
    if (i % 2) {
      const uint32_t node = arena.nodes[random.below(static_cast<uint32_t>(arena.nodes.size()))];
      if (node != state.node_of(one) && state.fits(one, node))
        delta = state.delta(one, node);
    } else {
      const uint32_t other =
          arena.replicas[random.below(static_cast<uint32_t>(arena.replicas.size()))];
      if (state.node_of(one) != state.node_of(other) && state.node_of(one) != nowhere &&
          state.node_of(other) != nowhere && state.swap_fits(one, other))
        delta = state.swap_delta(one, other);
    }
    if (delta > 0)
      uphill.push_back(static_cast<double>(delta));
  }
  if (uphill.empty())
    return {1, 1};
  auto temperature = [&](double share) {
    double low = 1e-3, high = 1e18;
    for (int i = 0; i < 24; ++i) { // to a millionth
      const double middle = std::sqrt(low * high);
      double sum = 0;
      for (double delta : uphill)
        sum += std::exp(-delta / middle);
      (sum < share * static_cast<double>(uphill.size()) ? low : high) = middle;
    }
    return low;
  };
  return {temperature(accepted_first), temperature(accepted_last)};
}

Cost overload(const State &state) {
  const Tables &tables = state.tables();
  Cost sum = 0;
  for (uint32_t node = 0; node < tables.nodes; ++node)
    for (uint32_t i = 0; i < tables.overloads; ++i)
      sum += std::max<int64_t>(state.node_row(node)[tables.rooms + i], 0);
  return sum;
}

std::optional<Cooling> melting(const State &state) {
  // From where what is heaviest is above its nodes' capacities only while it still moves, down to
  // where a few nodes at a time are better cooled than everything at once.
  constexpr double least = 2000, first = 4, heavy = 1.0 / 16, last = 1.0 / 2000;
  double sum = 0;
  Cost levels = 0;
  for (uint32_t node = 0; node < state.tables().nodes; ++node)
    levels += state.node_cost(node);
  for (uint32_t replica = 0; replica < state.tables().replicas; ++replica)
    sum += static_cast<double>(weight(state.tables(), replica));
  const double mean = sum / std::max(1.0, static_cast<double>(state.tables().replicas));
  if (mean < least || levels < state.cost() / 2)
    return std::nullopt;
  return Cooling{mean * first, mean * last, mean * heavy};
}

void anneal(State &state, const Arena &arena, const Cooling &cooling, Random &random,
            Budget &budget, std::optional<Cost> enough, Leave leave) {
  if (!arena.replicas.empty() && !arena.nodes.empty())
    Annealing(state, arena, random).run(cooling, budget, enough, leave);
}

} // namespace nemo::optimiser
