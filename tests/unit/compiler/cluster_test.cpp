// Clusters that are chosen, against every choice there is.
#include <optional>
#include <random>

#include <catch2/catch.hpp>

#include "compiler/cluster/choose.h"

using namespace nemo::cluster;

namespace {

struct Instance {
  std::vector<Candidate> candidates;
  std::vector<std::vector<bool>> near;
  std::vector<int64_t> demands; ///< cores of what is to run there
  uint32_t least = 1, most = 1, controllers = 1;
  bool spread = false;
  Amounts capacity{};

  bool holds(const std::vector<uint32_t> &nodes) const {
    std::vector<int64_t> left;
    for (uint32_t node : nodes)
      left.push_back(candidates[node].has[0]);
    for (int64_t demand : demands) {
      const auto at =
          std::find_if(left.begin(), left.end(), [&](int64_t k) { return k >= demand; });
      if (at == left.end())
        return false;
      *at -= demand;
    }
    return true;
  }

  bool may_lead(const std::vector<uint32_t> &chiefs) const {
    for (size_t a = 0; a < chiefs.size(); ++a)
      for (size_t b = 0; b < a; ++b)
        if (!near[chiefs[a]][chiefs[b]] ||
            (spread && candidates[chiefs[a]].domain == candidates[chiefs[b]].domain))
          return false;
    return true;
  }

  bool enough(const std::vector<uint32_t> &nodes) const {
    if (nodes.size() < least || nodes.size() > most)
      return false;
    for (size_t k = 0; k < amount_count; ++k) {
      int64_t sum = 0;
      for (uint32_t node : nodes)
        sum += candidates[node].has[k];
      if (sum < capacity[k])
        return false;
    }
    return holds(nodes);
  }

  int64_t cost(const std::vector<uint32_t> &nodes) const {
    int64_t sum = 0;
    for (uint32_t node : nodes)
      sum += candidates[node].cost;
    return sum;
  }

  static std::vector<uint32_t> members(uint32_t bits) {
    std::vector<uint32_t> list;
    for (uint32_t i = 0; i < 32; ++i)
      if (bits >> i & 1)
        list.push_back(i);
    return list;
  }

  std::optional<int64_t> best() const {
    std::optional<int64_t> least_cost;
    const uint32_t all = uint32_t{1} << candidates.size();
    std::vector<uint32_t> leading;
    for (uint32_t bits = 0; bits < all; ++bits)
      if (static_cast<uint32_t>(__builtin_popcount(bits)) == controllers && may_lead(members(bits)))
        leading.push_back(bits);
    for (uint32_t bits = 1; bits < all; ++bits) {
      const std::vector<uint32_t> nodes = members(bits);
      if (enough(nodes) && (!least_cost || cost(nodes) < *least_cost) &&
          std::any_of(leading.begin(), leading.end(),
                      [&](uint32_t chiefs) { return (chiefs & bits) == chiefs; }))
        least_cost = cost(nodes);
    }
    return least_cost;
  }

  Choice chosen() const {
    const auto room = [&](const std::vector<uint32_t> &nodes) { return holds(nodes); };
    const auto close = [&](uint32_t a, uint32_t b) { return near[a][b]; };
    return choose(candidates, {least, most, controllers, spread, capacity, room, close});
  }
};

Instance random_instance(std::mt19937 &random) {
  auto below = [&](unsigned bound) { return static_cast<unsigned>(random() % bound); };
  Instance instance;
  const unsigned nodes = 4 + below(6);
  for (unsigned i = 0; i < nodes; ++i)
    instance.candidates.push_back({10 + below(90), {1 + below(8), 1 + below(16), 0, 0}, below(4)});
  instance.near.assign(nodes, std::vector<bool>(nodes));
  for (unsigned a = 0; a < nodes; ++a)
    for (unsigned b = 0; b < a; ++b)
      instance.near[a][b] = instance.near[b][a] = below(100) < 70;
  instance.controllers = 1 + below(3);
  instance.least = instance.controllers + below(2);
  instance.most = instance.least + below(4);
  instance.spread = below(2) == 0;
  instance.capacity = {below(24), below(40), 0, 0};
  for (unsigned i = below(4); i-- > 0;)
    instance.demands.push_back(1 + below(4));
  return instance;
}

} // namespace

TEST_CASE("clusters are the cheapest that are enough, or almost") {
  std::mt19937 random(11);
  unsigned optimal = 0, solved = 0, refused = 0;
  for (int round = 0; round < 300; ++round) {
    const Instance instance = random_instance(random);
    const Choice choice = instance.chosen();
    const std::optional<int64_t> best = instance.best();
    INFO("round " << round << ": " << choice.lacks);
    if (choice.nodes.empty()) {
      CHECK_FALSE(choice.lacks.empty());
      if (choice.proved)
        CHECK_FALSE(best.has_value());
      ++refused;
      continue;
    }
    REQUIRE(best.has_value());
    REQUIRE(instance.enough(choice.nodes));
    REQUIRE(choice.controllers.size() == instance.controllers);
    REQUIRE(instance.may_lead(choice.controllers));
    REQUIRE(std::includes(choice.nodes.begin(), choice.nodes.end(), choice.controllers.begin(),
                          choice.controllers.end()));
    REQUIRE(instance.cost(choice.nodes) >= *best);
    ++solved;
    optimal += instance.cost(choice.nodes) == *best;
  }
  INFO(solved << " solved, " << optimal << " at the least cost, " << refused << " refused");
  CHECK(solved > 100);
  CHECK(refused > 30);
  CHECK(optimal * 100 >= solved * 90);
}

TEST_CASE("that no controllers are close enough is proved") {
  Instance instance;
  instance.candidates.assign(6, {1, {4, 4, 0, 0}, 0});
  instance.near.assign(6, std::vector<bool>(6));
  instance.near[0][1] = instance.near[1][0] = true;
  instance.near[2][1] = instance.near[1][2] = true;
  instance.controllers = instance.least = 3;
  instance.most = 6;
  const Choice choice = instance.chosen();
  CHECK(choice.nodes.empty());
  CHECK(choice.proved);
  instance.near[2][0] = instance.near[0][2] = true;
  CHECK(instance.chosen().controllers == std::vector<uint32_t>{0, 1, 2});
}
