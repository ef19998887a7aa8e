// Ways through a fleet, against all simple ways of small random ones.
#include <algorithm>
#include <functional>
#include <random>

#include <catch2/catch.hpp>

#include "compiler/predict/routes.h"

using namespace nemo::predict;

namespace {

End node(uint32_t index) { return {false, index}; }
End site(uint32_t index) { return {true, index}; }

} // namespace

TEST_CASE("a node is at no distance of itself, and nothing is known of others without links") {
  Network bare({0, 0, 1}, 2, {});
  CHECK(bare.route(0, 0)->latency_ns == 0);
  CHECK(!bare.route(0, 1)); // of one site: that says nothing
  CHECK(!bare.route(0, 2));
}

TEST_CASE("a link between sites separates their nodes, not the nodes of one of them") {
  Network network({0, 0, 1, 2}, 3, {{site(0), site(1), 8}, {site(1), site(2), 5}});
  CHECK(network.delays(0) == std::vector<std::optional<uint64_t>>{0, std::nullopt, 8, 13});
  CHECK(network.route(0, 2)->latency_ns == 8);
  CHECK(network.route(2, 1)->latency_ns == 8);
  CHECK(network.route(2, 1)->crossings[0].backwards);
  CHECK(network.route(0, 3)->latency_ns == 13); // through site 1
  CHECK(!network.route(0, 1));                  // not out of the site and back
}

TEST_CASE("what separates nodes of one site is said by its own links") {
  Network own({0, 0}, 1, {{site(0), site(0), 2}});
  CHECK(own.route(0, 1)->latency_ns == 2);
  Network pair({0, 0, 0}, 1, {{node(0), node(1), 3}});
  CHECK(pair.route(1, 0)->latency_ns == 3);
  CHECK(!pair.route(0, 2));
  // A node with a link to its site reaches it over that; one without stands there.
  Network access({0, 0, 0, 1}, 2,
                 {{node(0), site(0), 4}, {node(1), site(0), 1}, {site(0), site(1), 10}});
  CHECK(access.delays(0) == std::vector<std::optional<uint64_t>>{0, 5, 4, 14});
  CHECK(access.route(0, 1)->latency_ns == 5);
  CHECK(access.route(0, 2)->latency_ns == 4);
  CHECK(access.route(0, 3)->latency_ns == 14);
  CHECK(access.route(2, 3)->latency_ns == 10);
}

TEST_CASE("links without latency carry nothing, and sums that do not fit are no way") {
  Network unknown({0, 1}, 2, {{site(0), site(1), std::nullopt}});
  CHECK(!unknown.route(0, 1));
  Network huge({0, 1, 2}, 3, {{site(0), site(1), UINT64_MAX - 1}, {site(1), site(2), 2}});
  CHECK(huge.route(0, 1)->latency_ns == UINT64_MAX - 1);
  CHECK(!huge.route(0, 2));
}

TEST_CASE("of equal ways, fewer links, then the first") {
  // 0 to 3: over 1 or 2 (two links of 5), or one link of 10.
  Network direct({std::nullopt, std::nullopt, std::nullopt, std::nullopt}, 0,
                 {{node(0), node(2), 5}, {node(2), node(3), 5}, {node(0), node(3), 10}});
  CHECK(direct.route(0, 3)->crossings.size() == 1);
  Network two(
      {std::nullopt, std::nullopt, std::nullopt, std::nullopt}, 0,
      {{node(0), node(2), 5}, {node(2), node(3), 5}, {node(0), node(1), 5}, {node(1), node(3), 5}});
  CHECK(two.route(0, 3)->crossings[0].wire == 2);
  CHECK(two.route(3, 0)->crossings[0].wire == 3);
  Network twins({std::nullopt, std::nullopt}, 0, {{node(1), node(0), 5}, {node(0), node(1), 5}});
  CHECK(twins.route(0, 1)->crossings[0].wire == 0);
}

TEST_CASE("the least of all simple ways") {
  std::mt19937 random(5);
  for (int round = 0; round < 200; ++round) {
    const uint32_t nodes = 2 + random() % 5;
    std::vector<Wire> wires(random() % 10);
    for (Wire &wire : wires)
      wire = {node(random() % nodes), node(random() % nodes), random() % 20};
    Network network(std::vector<std::optional<uint32_t>>(nodes), 0, wires);
    for (uint32_t from = 0; from < nodes; ++from)
      for (uint32_t to = 0; to < nodes; ++to) {
        std::optional<uint64_t> least;
        std::vector<bool> seen(nodes);
        const std::function<void(uint32_t, uint64_t)> walk = [&](uint32_t at, uint64_t sum) {
          if (at == to)
            least = std::min(least.value_or(sum), sum);
          seen[at] = true;
          for (const Wire &wire : wires)
            for (const auto &[a, b] : {std::pair{wire.from, wire.to}, {wire.to, wire.from}})
              if (a.index == at && !seen[b.index])
                walk(b.index, sum + *wire.latency_ns);
          seen[at] = false;
        };
        walk(from, 0);
        const auto found = network.route(from, to);
        CAPTURE(round, from, to);
        REQUIRE(found.has_value() == least.has_value());
        CHECK(Network(network).delays(to)[from] == least);
        if (!found)
          continue;
        CHECK(found->latency_ns == *least);
        // The crossings are a way of that length.
        uint32_t at = from;
        uint64_t sum = 0;
        for (const Crossing &crossing : found->crossings) {
          const Wire &wire = wires[crossing.wire];
          CHECK((crossing.backwards ? wire.to : wire.from).index == at);
          at = (crossing.backwards ? wire.from : wire.to).index;
          sum += *wire.latency_ns;
        }
        CHECK(at == to);
        CHECK(sum == *least);
      }
  }
}
