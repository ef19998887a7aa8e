// Devices inside nodes, against an oracle that tries every device for every replica.
#include <bit>
#include <functional>
#include <random>

#include <catch2/catch.hpp>

#include "compiler/placement/devices.h"
#include "oracle.h"

using namespace nemo;
using namespace nemo::placement;
using namespace nemo::test;

namespace {

/// Up to three nodes with up to three devices, of two kinds; nothing else is scarce.
Problem with_devices(uint32_t seed) {
  std::mt19937 random(seed);
  auto pick = [&](int low, int high) {
    return low + static_cast<int>(random() % static_cast<uint32_t>(high - low + 1));
  };
  Problem problem;
  problem.nodes = static_cast<size_t>(pick(1, 3));
  problem.taken_ports.resize(problem.nodes);
  problem.first_device.push_back(0);
  problem.device_sets.resize(2);
  CostClass prices;
  for (uint32_t node = 0; node < problem.nodes; ++node) {
    const bool alike = pick(0, 1) == 1;
    int64_t sum = 0;
    for (int devices = alike ? 2 : pick(0, 3); devices > 0; --devices) {
      problem.devices.push_back({node, alike || pick(0, 3) > 0 ? 1000 : 400, pick(1, 3) * 10});
      sum += problem.devices.back().capacity;
      problem.device_sets[0].push_back(true);
      problem.device_sets[1].push_back(!alike && pick(0, 1) == 1);
    }
    problem.first_device.push_back(static_cast<uint32_t>(problem.devices.size()));
    for (size_t resource : {0, 1, 2})
      problem.room[resource].push_back(100);
    problem.room[3].push_back(sum);
    problem.room[4].push_back(most_room);
    for (size_t resource : {0, 1})
      problem.whole[resource].push_back(100);
    for (size_t spread = 0; spread < problem.domain.size(); ++spread)
      problem.domain[spread].push_back(spread == 1 ? node : 0);
    problem.tie_rank.push_back(node);
    prices.per_cpu.push_back(pick(1, 50) * 1e6);
    prices.per_share.push_back(pick(1, 50) * 1e6);
    prices.known.push_back(true);
  }
  problem.costs.push_back(std::move(prices));
  for (uint32_t n = 0, needs = static_cast<uint32_t>(pick(1, 4)); n < needs; ++n) {
    Need need;
    need.devices.count = pick(0, 4) == 0 ? 2 : 1;
    need.devices.share = need.devices.count == 2 ? 1000 : pick(2, 10) * 100;
    need.devices.memory = pick(0, 2) * 10;
    need.devices.allowed = pick(0, 3) == 0 ? 1 : 0;
    need.demand = {10, 10, 0, need.devices.count * need.devices.share, 1};
    need.resources = restriction(stages::Restriction::RESOURCES, n);
    need.device = restriction(stages::Restriction::DEVICE, n);
    need.first = static_cast<uint32_t>(problem.replicas.size());
    need.count = static_cast<uint32_t>(pick(1, 2));
    for (uint32_t r = 0; r < need.count; ++r) {
      Replica replica;
      replica.need = n;
      if (pick(0, 2) == 0) {
        replica.home = NodeId(static_cast<uint32_t>(pick(0, static_cast<int>(problem.nodes) - 1)));
        replica.home_devices = DeviceBits{1} << pick(0, 2);
      }
      problem.replicas.push_back(replica);
    }
    problem.needs.push_back(std::move(need));
  }
  return problem;
}

struct Free {
  std::vector<int64_t> share, memory;
};

bool takes(const Problem &problem, Free &free, size_t replica, size_t node, DeviceBits devices) {
  const auto &want = problem.needs[problem.replicas[replica].need].devices;
  if (static_cast<uint32_t>(std::popcount(devices)) != want.count)
    return false;
  bool fits = true;
  for (size_t bit = 0; bit < most_node_devices; ++bit) {
    if (!(devices >> bit & 1))
      continue;
    const size_t device = problem.first_device[node] + bit;
    if (device >= problem.first_device[node + 1])
      return false;
    fits &= problem.device_sets[want.allowed][device];
    fits &= (free.share[device] -= want.share) >= 0;
    fits &= (free.memory[device] -= want.memory) >= 0;
  }
  return fits;
}

Free all_free(const Problem &problem) {
  Free free;
  for (const auto &device : problem.devices) {
    free.share.push_back(device.capacity);
    free.memory.push_back(device.memory);
  }
  return free;
}

bool possible(const Problem &problem, size_t replica, const Free &free) {
  if (replica == problem.replicas.size())
    return true;
  for (size_t node = 0; node < problem.nodes; ++node)
    for (DeviceBits devices = 1; devices < 8; ++devices) {
      Free after = free;
      if (takes(problem, after, replica, node, devices) && possible(problem, replica + 1, after))
        return true;
    }
  return false;
}

} // namespace

TEST_CASE("devices are given as an exhaustive oracle says that they can be") {
  int infeasible = 0, placed = 0, at_home = 0;
  for (uint32_t seed = 1; seed <= 2000; ++seed) {
    INFO("seed " << seed);
    const Problem problem = with_devices(seed);
    const bool can = possible(problem, 0, all_free(problem));
    auto result = place(problem, {});
    if (!result) {
      llvm::handleAllErrors(
          result.takeError(), [&](const Infeasible &) { REQUIRE_FALSE(can); },
          [&](const NotFound &) { FAIL("small instances are always decided"); });
      ++infeasible;
      continue;
    }
    REQUIRE(can);
    ++placed;
    Free free = all_free(problem);
    REQUIRE(result->devices_of_replica.size() == problem.replicas.size());
    for (size_t r = 0; r < problem.replicas.size(); ++r) {
      REQUIRE(takes(problem, free, r, index(result->node_of_replica[r]),
                    result->devices_of_replica[r]));
      at_home += problem.replicas[r].home == result->node_of_replica[r] &&
                 problem.replicas[r].home_devices == result->devices_of_replica[r];
    }
  }
  CHECK(infeasible > 200);
  CHECK(placed > 200);
  CHECK(at_home > 100);
}

TEST_CASE("who runs keeps its device, and others make room for who needs theirs") {
  Problem problem = with_devices(1);
  problem.nodes = 1;
  problem.devices = {{0, 1000, 0}, {0, 1000, 0}};
  problem.first_device = {0, 2};
  problem.device_sets = {{true, true}, {false, true}};
  problem.room = {{100}, {100}, {100}, {2000}, {100}};
  problem.replicas.clear();
  problem.needs.resize(2);
  for (uint32_t n = 0; n < 2; ++n) {
    problem.needs[n] = {};
    problem.needs[n].devices = {1, 600, 0, 0};
    problem.needs[n].demand = {1, 1, 0, 600, 1};
    problem.needs[n].first = n;
    problem.needs[n].count = 1;
    problem.replicas.push_back({n, NodeId(0), {}, DeviceBits{1} << (1 - n)});
  }
  auto kept = place(problem, {});
  REQUIRE(bool(kept));
  CHECK(kept->devices_of_replica == std::vector<DeviceBits>{2, 1});
  problem.needs[1].devices.allowed = 1; // only the device that the other one has
  auto changed = place(problem, {});
  REQUIRE(bool(changed));
  CHECK(changed->devices_of_replica == std::vector<DeviceBits>{1, 2});
}

TEST_CASE("a node that is hard to pack is not said to be full") {
  // Sixty shares that add up to all of twenty devices: whatever is found within the steps, no
  // placement is called impossible that is there.
  Problem problem = with_devices(1);
  problem.nodes = 1;
  problem.devices.assign(20, {0, 1000, 0});
  problem.first_device = {0, 20};
  problem.device_sets = {std::vector<bool>(20, true)};
  problem.room = {{100}, {100}, {100}, {20'000}, {100}};
  problem.replicas.clear();
  problem.needs.clear();
  for (uint32_t n = 0; n < 60; ++n) {
    Need need;
    const int64_t first = 200 + 7 * (n / 3), second = 350 - 3 * (n / 3);
    need.devices = {1, n % 3 == 0 ? first : n % 3 == 1 ? second : 1000 - first - second, 0, 0};
    need.demand = {1, 1, 0, need.devices.share, 1};
    need.first = n;
    need.count = 1;
    problem.needs.push_back(need);
    Replica replica;
    replica.need = n;
    problem.replicas.push_back(replica);
  }
  Budget budget;
  budget.effort = 20;
  budget.narrow_steps = 1'000'000;
  auto result = place(problem, budget);
  if (result) {
    Free free = all_free(problem);
    for (size_t r = 0; r < problem.replicas.size(); ++r)
      REQUIRE(takes(problem, free, r, 0, result->devices_of_replica[r]));
  } else {
    CHECK_FALSE(result.errorIsA<Infeasible>());
    llvm::consumeError(result.takeError());
  }
}
