// On random clusters and streams: nothing is over-committed, nothing that fits is turned away, and
// the same stream gives the same choices.
#include <random>

#include <catch2/catch.hpp>

#include "bench/placement/openb/judge.h"
#include "bench/placement/openb/offline.h"
#include "compiler/placement/online/online.h"

using namespace nemo::optimiser;

namespace {

class Case {
public:
  explicit Case(uint64_t seed) : random_(seed) {
    model.nodes = number(1, 12);
    model.resources.resize(number(1, 3));
    for (uint32_t node = 0; node < model.nodes; ++node) {
      for (size_t d = 0; d < model.resources.size(); ++d)
        model.capacity.push_back(number(0, 3) * 20);
      model.devices.insert(model.devices.end(), number(0, 4), {node, number(1, 2) * 500});
    }
    model.safety = model.capacity;
    for (uint32_t set = number(0, 2); set > 0; --set) {
      model.node_sets.emplace_back();
      for (uint32_t node = 0; node < model.nodes; ++node)
        model.node_sets.back().push_back(number(0, 1) == 1);
    }
    for (uint32_t shapes = number(1, 8); shapes > 0; --shapes) {
      Shape shape;
      for (size_t d = 0; d < model.resources.size(); ++d)
        shape.demand.push_back(number(0, 25));
      if (const uint32_t count = number(0, 3); count > 0)
        shape.devices = {count, number(1, 10) * 100};
      if (!model.node_sets.empty() && number(0, 2) == 0)
        shape.allowed = number(0, static_cast<uint32_t>(model.node_sets.size()) - 1);
      model.shapes.push_back(std::move(shape));
      share.push_back(number(0, 5));
    }
    for (int i = 0; i < 100; ++i)
      stream.push_back(number(0, static_cast<uint32_t>(model.shapes.size()) - 1));
  }

  Model model;
  std::vector<double> share;
  std::vector<uint32_t> stream;

private:
  uint32_t number(uint32_t least, uint32_t most) {
    return least + static_cast<uint32_t>(random_() % (most - least + 1));
  }
  std::mt19937_64 random_;
};

Solution place(const Case &one) {
  Online online(one.model, one.share);
  Solution out;
  for (uint32_t shape : one.stream) {
    const auto choice = online.choose(shape);
    if (choice)
      online.take(shape, *choice);
    out.node_of.push_back(choice ? choice->node : nowhere);
    out.devices_of.push_back(choice ? choice->devices : 0);
  }
  return out;
}

/// The first arrival that was turned away although the checker accepts it somewhere, beside those
/// that came before; -1 when there is none.
int turned_away(const Case &one, const Solution &solution) {
  Model model = nemo::bench::with_arrivals(one.model, one.stream);
  for (size_t arrival = 0; arrival < one.stream.size(); ++arrival) {
    if (solution.node_of[arrival] != nowhere)
      continue;
    Solution other = solution;
    for (size_t later = arrival; later < one.stream.size(); ++later)
      other.node_of[later] = nowhere;
    for (other.node_of[arrival] = 0; other.node_of[arrival] < model.nodes; ++other.node_of[arrival])
      for (uint32_t held = 0; held < 16; ++held) {
        other.devices_of[arrival] = held;
        if (evaluate(model, other).feasible())
          return static_cast<int>(arrival);
      }
  }
  return -1;
}

} // namespace

TEST_CASE("arrivals on random clusters") {
  for (uint64_t seed = 0; seed < 200; ++seed) {
    INFO("seed " << seed);
    const Case one(seed);
    REQUIRE(llvm::toString(check(one.model)) == "");
    const Solution solution = place(one);
    const Model model = nemo::bench::with_arrivals(one.model, one.stream);
    const Evaluation found = evaluate(model, solution);
    REQUIRE(found.violations == std::vector<std::string>{});
    const Solution again = place(one);
    REQUIRE(again.node_of == solution.node_of);
    REQUIRE(again.devices_of == solution.devices_of);
    if (seed % 10 == 0)
      REQUIRE(turned_away(one, solution) == -1);
  }
}

TEST_CASE("known in advance, what is placed on random clusters is accepted") {
  for (uint64_t seed = 0; seed < 200; ++seed) {
    INFO("seed " << seed);
    const Case one(seed);
    const Model model = nemo::bench::with_arrivals(one.model, one.stream);
    REQUIRE(evaluate(model, nemo::bench::place_offline(model)).violations ==
            std::vector<std::string>{});
  }
}
