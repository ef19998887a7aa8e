// Small clusters in which one choice is right, and why.
#include <catch2/catch.hpp>

#include "compiler/placement/online/online.h"

using namespace nemo::optimiser;

namespace {

/// One resource, "cores"; nodes with devices of 1000.
struct Cluster {
  Cluster() { model.resources.resize(1); }

  void node(int64_t cores, size_t devices) {
    model.devices.insert(model.devices.end(), devices, {model.nodes++, 1000});
    model.capacity.push_back(cores);
    model.safety.push_back(cores);
  }
  uint32_t shape(int64_t cores, uint32_t devices, int64_t share, uint32_t allowed = UINT32_MAX) {
    model.shapes.push_back({{cores}, {devices, share}, allowed, UINT32_MAX});
    return static_cast<uint32_t>(model.shapes.size() - 1);
  }

  Model model;
};

/// Chooses, takes, and says which node it was.
uint32_t put(Online &online, uint32_t shape) {
  const auto choice = online.choose(shape);
  if (!choice)
    return nowhere;
  online.take(shape, *choice);
  return choice->node;
}

} // namespace

TEST_CASE("fractions share a device, so that a whole one stays free") {
  Cluster cluster;
  cluster.node(100, 1);
  cluster.node(100, 1);
  const uint32_t half = cluster.shape(1, 1, 500), whole = cluster.shape(1, 1, 1000);
  Online online(cluster.model, {1, 1});
  const uint32_t first = put(online, half);
  CHECK(put(online, half) == first);
  CHECK(put(online, whole) == 1 - first);
  CHECK(put(online, half) == nowhere);
}

TEST_CASE("fractions that fill a device go together rather than with any other") {
  Cluster cluster;
  cluster.node(100, 2);
  const uint32_t large = cluster.shape(1, 1, 700), middle = cluster.shape(1, 1, 500),
                 small = cluster.shape(1, 1, 300);
  Online online(cluster.model, {1, 1, 1});
  const auto of_large = online.choose(large);
  REQUIRE(of_large);
  online.take(large, *of_large);
  const auto of_middle = online.choose(middle);
  REQUIRE(of_middle);
  online.take(middle, *of_middle);
  const auto of_small = online.choose(small);
  REQUIRE(of_small);
  CHECK(of_small->devices == of_large->devices);
}

TEST_CASE("a node with all its devices free is kept for who needs them together") {
  Cluster cluster;
  cluster.node(100, 4);
  cluster.node(100, 2);
  cluster.node(100, 2);
  const uint32_t one = cluster.shape(1, 1, 1000), four = cluster.shape(1, 4, 1000);
  Online online(cluster.model, {4, 1});
  for (int i = 0; i < 4; ++i)
    CHECK(put(online, one) != 0);
  CHECK(put(online, four) == 0);
}

TEST_CASE("a model of device is kept for who may use no other") {
  Cluster cluster;
  cluster.node(100, 2);
  cluster.node(100, 2);
  cluster.model.node_sets.push_back({true, false});
  const uint32_t any = cluster.shape(1, 1, 1000), only = cluster.shape(1, 1, 1000, 0);
  Online online(cluster.model, {1, 1});
  CHECK(put(online, any) == 1);
  CHECK(put(online, any) == 1);
  CHECK(put(online, only) == 0);
  CHECK(put(online, only) == 0);
}

TEST_CASE("what asks for many cores leaves alone the node whose devices need them") {
  Cluster cluster;
  cluster.node(16, 8); // two cores for each device
  cluster.node(64, 2);
  const uint32_t light = cluster.shape(2, 1, 1000), none = cluster.shape(12, 0, 0);
  Online online(cluster.model, {4, 1});
  for (int i = 0; i < 4; ++i)
    CHECK(put(online, none) == 1);
  for (int i = 0; i < 10; ++i)
    CHECK(put(online, light) != nowhere);
}

TEST_CASE("without devices the first node that fits is taken, until none does") {
  Cluster cluster;
  cluster.node(2, 0);
  cluster.node(1, 0);
  const uint32_t core = cluster.shape(1, 0, 0);
  Online online(cluster.model, {1});
  CHECK(put(online, core) == 0);
  CHECK(put(online, core) == 0);
  CHECK(put(online, core) == 1);
  CHECK(put(online, core) == nowhere);
}

TEST_CASE("amounts at the limit and shapes that nobody expects are placed") {
  Cluster cluster;
  cluster.model.devices.assign(most_devices, {0, most_amount});
  cluster.model.nodes = 1;
  cluster.model.capacity = cluster.model.safety = {most_amount};
  const uint32_t all = cluster.shape(0, most_devices, most_amount),
                 least = cluster.shape(most_amount, 1, 1);
  cluster.shape(0, 1, 1, 0);
  cluster.model.node_sets.push_back({false});
  REQUIRE(llvm::toString(check(cluster.model)) == "");
  for (const std::vector<double> &share : {std::vector<double>{1, 0, 0}, {0, 0, 0}, {1, 1e9, 1}}) {
    Online online(cluster.model, share);
    CHECK(online.choose(2) == std::nullopt);
    CHECK(put(online, least) == 0);
    CHECK(put(online, all) == nowhere);
    CHECK(put(online, least) == nowhere);
  }
}
