// Against enumeration of every state of every site and node.
#include <cmath>
#include <random>

#include <catch2/catch.hpp>

#include "compiler/predict/availability.h"

using namespace nemo::predict;

namespace {

struct Component {
  double unavailability;
  int site;          ///< index; a site's own is -1
  uint32_t replicas; ///< of a node
};

std::vector<Component> components(const std::vector<Site> &sites) {
  std::vector<Component> all;
  for (const Site &site : sites)
    all.push_back({site.unavailability, -1, 0});
  for (size_t s = 0; s < sites.size(); ++s)
    for (const Host &host : sites[s].hosts)
      all.push_back({host.unavailability, static_cast<int>(s), host.replicas});
  return all;
}

double chance(const std::vector<Component> &all, unsigned up) {
  double product = 1;
  for (size_t i = 0; i < all.size(); ++i)
    product *= up >> i & 1 ? 1 - all[i].unavailability : all[i].unavailability;
  return product;
}

uint32_t replicas_up(const std::vector<Component> &all, unsigned up) {
  uint32_t count = 0;
  for (size_t i = 0; i < all.size(); ++i)
    if (all[i].site >= 0 && (up >> i & 1) && (up >> all[i].site & 1))
      count += all[i].replicas;
  return count;
}

double by_enumeration(const std::vector<Site> &sites, uint32_t needed) {
  const std::vector<Component> all = components(sites);
  double sum = 0;
  for (unsigned up = 0; up < 1u << all.size(); ++up)
    if (replicas_up(all, up) < needed)
      sum += chance(all, up);
  return sum;
}

} // namespace

TEST_CASE("one node at one site is up when both are") {
  const std::vector<Site> one = {{0.01, {{0.001, 1}}}};
  CHECK(unavailability(one, 1) == Approx(1 - 0.99 * 0.999).epsilon(1e-14));
  CHECK(unavailability(one, 0) == 0);
  CHECK(unavailability(one, 2) == 1); // there is only one
  CHECK(unavailability({}, 1) == 1);
}

TEST_CASE("replicas on one node share its fate") {
  CHECK(unavailability({{{0, {{0.1, 3}}}}}, 3) == Approx(0.1));
  CHECK(unavailability({{{0, {{0.1, 1}, {0.1, 1}, {0.1, 1}}}}}, 3) == Approx(1 - 0.729));
  CHECK(unavailability({{{0, {{0.1, 1}, {0.1, 1}, {0.1, 1}}}}}, 1) == Approx(0.001));
  // Two nodes of one site fall together when it does; at two sites they do not.
  CHECK(unavailability({{{0.01, {{0, 1}, {0, 1}}}}}, 1) == Approx(0.01));
  CHECK(unavailability({{{0.01, {{0, 1}}}, {0.01, {{0, 1}}}}}, 1) == Approx(0.0001));
}

TEST_CASE("small unavailabilities keep their digits") {
  const std::vector<Site> far = {{1e-6, {{1e-6, 1}}}, {1e-6, {{1e-6, 1}}}};
  const double each = 1e-6 + (1 - 1e-6) * 1e-6;
  CHECK(unavailability(far, 1) == Approx(each * each).epsilon(1e-12));
}

TEST_CASE("every state of small fleets, enumerated") {
  std::mt19937 random(20261125);
  std::uniform_real_distribution<double> share(0, 1);
  for (int round = 0; round < 200; ++round) {
    std::vector<Site> sites(1 + random() % 3);
    uint32_t replicas = 0;
    for (Site &site : sites) {
      site.unavailability = share(random);
      site.hosts.resize(1 + random() % 3);
      for (Host &host : site.hosts) {
        host = {share(random), static_cast<uint32_t>(random() % 4)};
        replicas += host.replicas;
      }
    }
    for (uint32_t needed = 0; needed <= replicas + 1; ++needed) {
      CAPTURE(round, needed);
      CHECK(unavailability(sites, needed) ==
            Approx(by_enumeration(sites, needed)).epsilon(1e-11).margin(1e-15));
    }
  }
}

TEST_CASE("a path is within its bounds, whatever its services share") {
  std::mt19937 random(4);
  std::uniform_real_distribution<double> share(0, 1);
  for (int round = 0; round < 200; ++round) {
    // Two services of one replica each on two to four nodes that they may share, at two sites.
    std::vector<Component> all = {{share(random), -1, 0}, {share(random), -1, 0}};
    for (int node = 0; node < 4; ++node)
      all.push_back({share(random), static_cast<int>(random() % 2), 1});
    std::vector<std::vector<unsigned>> on(2);
    for (auto &nodes : on)
      for (int replica = 0; replica < 2; ++replica)
        nodes.push_back(2 + random() % 4);
    auto serves = [&](const std::vector<unsigned> &nodes, unsigned up) {
      for (const unsigned node : nodes)
        if ((up >> node & 1) && (up >> all[node].site & 1))
          return true;
      return false;
    };
    double down[2] = {0, 0}, path = 0;
    for (unsigned up = 0; up < 1u << all.size(); ++up) {
      const double weight = chance(all, up);
      for (int service = 0; service < 2; ++service)
        down[service] += serves(on[service], up) ? 0 : weight;
      path += serves(on[0], up) && serves(on[1], up) ? 0 : weight;
    }
    const Bounds bounds = all_needed(down);
    CAPTURE(round, path, bounds.low, bounds.high);
    CHECK(bounds.low <= path + 1e-12);
    CHECK(path <= bounds.high + 1e-12);
    CHECK(bounds.high == Approx(1 - (1 - down[0]) * (1 - down[1])));
  }
}

TEST_CASE("whenever nodes sleep, a path is within its bounds") {
  std::mt19937 random(9);
  std::uniform_real_distribution<double> share(0, 1);
  for (int round = 0; round < 200; ++round) {
    // One replica each on nodes that never fail but sleep by a random schedule of eight turns.
    const size_t nodes = 1 + random() % 4;
    std::vector<unsigned> turns(8);
    std::vector<double> lengths(8), shares(nodes);
    double all = 0;
    for (double &length : lengths)
      all += length = share(random);
    for (double &length : lengths)
      length /= all;
    for (size_t turn = 0; turn < turns.size(); ++turn) {
      turns[turn] = static_cast<unsigned>(random()) & ((1u << nodes) - 1);
      for (size_t node = 0; node < nodes; ++node)
        shares[node] += turns[turn] >> node & 1 ? lengths[turn] : 0;
    }
    const uint32_t needed = 1 + static_cast<uint32_t>(random() % nodes);
    double down = 0;
    for (size_t turn = 0; turn < turns.size(); ++turn)
      down += static_cast<uint32_t>(__builtin_popcount(turns[turn])) < needed ? lengths[turn] : 0;
    const Awake together = awake(shares);
    CAPTURE(round, nodes, needed);
    CHECK(in_part(0, 1, together.all) >= down - 1e-12);
    CHECK(in_part(0, 1, together.any) <= down + 1e-12);
    if (nodes == 1)
      CHECK(in_part(0, 1, together.all) == Approx(down));
  }
  CHECK(awake({}).all == 1);
  CHECK(awake({}).any == 1);
  CHECK(awake({0.5, 0.4}).all == 0);
  CHECK(awake({0.9, 0.9}).all == Approx(0.8));
  CHECK(awake({0.9, 0.9}).any == 1);
}
