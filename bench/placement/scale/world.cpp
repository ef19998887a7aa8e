#include "bench/placement/scale/world.h"

#include <algorithm>
#include <random>

namespace nemo::bench {

namespace {

using optimiser::Model;

enum : uint32_t { cpu, memory, disk, bandwidth, dimensions }; // mcore, MiB, MiB, kbit/s
enum : uint32_t { by_node, by_site, by_zone, by_region };
constexpr uint32_t regions = 4, zones = 12, nodes_of_site = 40;
constexpr int64_t absence = 1'000'000'000;
constexpr double filled = 0.65; ///< of the capacity of each resource

class Maker {
public:
  Maker(const WorldSize &size, Rules rules) : size_(size), rules_(rules), random_(size.seed) {}

  Model make() {
    model_.resources.resize(dimensions);
    nodes();
    services();
    scale_demand();
    if (rules_ != Rules::none)
      rules();
    if (rules_ == Rules::all)
      terms();
    return std::move(model_);
  }

private:
  // The library's distributions differ from one library to the next.
  int64_t between(int64_t low, int64_t high) {
    return low + static_cast<int64_t>(random_() % static_cast<uint64_t>(high - low + 1));
  }
  // Most are small, a few large.
  int64_t skewed(int64_t low, int64_t high) {
    const double u = static_cast<double>(random_() >> 11) * 0x1p-53;
    return low + static_cast<int64_t>(u * u * u * static_cast<double>(high - low));
  }
  bool chance(int64_t percent) { return between(1, 100) <= percent; }

  void nodes() {
    model_.nodes = size_.nodes;
    const uint32_t sites = std::max(zones, size_.nodes / nodes_of_site);
    const uint32_t domains[] = {size_.nodes, sites, zones, regions};
    for (uint32_t count : domains)
      model_.families.push_back({{}, count});
    std::vector<int64_t> dearness; ///< of a site: what power costs and emits there, in percent
    for (uint32_t site = 0; site < sites; ++site)
      dearness.push_back(between(60, 180));
    for (uint32_t node = 0; node < size_.nodes; ++node) {
      const uint32_t site = node % sites, zone = site % zones;
      const uint32_t of[] = {node, site, zone, zone % regions};
      for (uint32_t family : {by_node, by_site, by_zone, by_region})
        model_.families[family].domain_of_node.push_back(of[family]);
      const bool edge = site % 5 < 2;
      const int64_t cores = edge ? between(4, 16) : between(32, 128);
      for (int64_t amount : {cores * 1000, cores * 4096, cores * 32768, cores * 100'000})
        model_.capacity.push_back(amount);
      const int64_t price = dearness[site] * (edge ? between(120, 150) : between(80, 120));
      for (int64_t weight :
           {16, 2, 0, 0}) // the processor and the memory cost; the rest comes with them
        model_.unit_price.push_back(weight * price * 4096);
    }
    model_.safety = model_.capacity;
  }

  void services() {
    model_.groups = size_.services;
    for (uint32_t service = 0; service < size_.services; ++service) {
      optimiser::Shape shape;
      shape.demand = {skewed(50, 8000), skewed(64, 32768), skewed(100, 200'000),
                      skewed(100, 500'000)};
      model_.shapes.push_back(std::move(shape));
      const int64_t count = between(1, 2 * int64_t{size_.replicas_each} - 1);
      for (int64_t i = 0; i < count; ++i) {
        optimiser::Replica replica;
        replica.shape = service;
        replica.groups = {service};
        model_.replicas.push_back(std::move(replica));
      }
      counts_.push_back(static_cast<uint32_t>(count));
    }
  }

  void scale_demand() {
    for (uint32_t d = 0; d < dimensions; ++d) {
      double asked = 0, there = 0;
      for (const auto &replica : model_.replicas)
        asked += static_cast<double>(model_.shapes[replica.shape].demand[d]);
      for (size_t node = 0; node < model_.nodes; ++node)
        there += static_cast<double>(model_.capacity[node * dimensions + d]);
      const double factor = asked > 0 ? filled * there / asked : 1;
      for (auto &shape : model_.shapes)
        shape.demand[d] = std::max<int64_t>(
            1, static_cast<int64_t>(static_cast<double>(shape.demand[d]) * factor));
    }
  }

  uint32_t nodes_where(auto &&holds) {
    std::vector<bool> set(model_.nodes);
    for (uint32_t node = 0; node < model_.nodes; ++node)
      set[node] = holds(node);
    model_.node_sets.push_back(std::move(set));
    return static_cast<uint32_t>(model_.node_sets.size() - 1);
  }

  void rules() {
    const auto &region = model_.families[by_region].domain_of_node;
    std::vector<uint32_t> resident;
    for (uint32_t r = 0; r < regions; ++r)
      resident.push_back(nodes_where([&](uint32_t node) { return region[node] == r; }));
    const uint32_t trusted = nodes_where([](uint32_t node) { return node % 7 < 4; });
    for (uint32_t service = 0; service < size_.services; ++service) {
      const uint32_t many = counts_[service];
      switch (between(0, 9)) {
      case 0:
      case 1:
      case 2:
        model_.limits.push_back({service, by_node, 1});
        break;
      case 3:
      case 4:
        model_.limits.push_back({service, by_node, 2});
        model_.spreads.push_back({service, by_site, std::min(many, 3U)});
        break;
      case 5:
        model_.spreads.push_back({service, by_zone, std::min(many, 2U)});
        break;
      case 6:
        model_.shapes[service].allowed = resident[static_cast<size_t>(between(0, regions - 1))];
        break;
      case 7:
        model_.shapes[service].allowed = trusted;
        model_.limits.push_back({service, by_site, std::max(2U, many / 2)});
        break;
      case 8:
        // Near one that may be anywhere, so that no two rules together exclude everything.
        if (service > 0 && model_.shapes[service - 1].allowed == UINT32_MAX)
          model_.nears.push_back({service, service - 1, by_zone});
        break;
      default:
        break;
      }
    }
  }

  void terms() {
    model_.resources[memory].transient = model_.resources[disk].transient = true;
    for (uint32_t d : {cpu, memory}) {
      model_.resources[d].overload_price = 40;
      for (size_t node = 0; node < model_.nodes; ++node)
        model_.safety[node * dimensions + d] = model_.capacity[node * dimensions + d] * 4 / 5;
    }
    model_.balances.push_back({cpu, memory, 2, 1});
    for (uint32_t node = 0; node < model_.nodes; ++node) {
      model_.open_price.push_back(model_.capacity[node * dimensions + cpu] * between(2, 5));
      if (node % 10 == 0)
        for (int i = 0; i < 4; ++i)
          model_.devices.push_back({node, 1000});
    }
    const uint32_t with_devices = nodes_where([](uint32_t node) { return node % 10 == 0; });
    for (uint32_t service = 0; service < size_.services; service += 50)
      if (model_.shapes[service].allowed == UINT32_MAX) {
        model_.shapes[service].allowed = with_devices;
        model_.shapes[service].devices = {1, chance(50) ? 1000 : 250};
      }
    reaches();
    model_.busiest_group_price = 1000;
    run_some();
    for (auto &replica : model_.replicas) {
      replica.move_price = between(100, 10'000);
      replica.pair_weight = between(1, 5);
      if (chance(2))
        replica.absence_price = absence;
    }
    // Of moving between sites; within one it is free.
    const auto &site = model_.families[by_site].domain_of_node;
    std::vector<int32_t> price(size_t{model_.families[by_site].domains} *
                               model_.families[by_site].domains);
    for (int32_t &one : price)
      one = static_cast<int32_t>(between(10, 1000));
    model_.pair_price.resize(size_t{model_.nodes} * model_.nodes);
    for (size_t from = 0; from < model_.nodes; ++from)
      for (size_t to = 0; to < model_.nodes; ++to)
        if (site[from] != site[to])
          model_.pair_price[from * model_.nodes + to] =
              price[size_t{site[from]} * model_.families[by_site].domains + site[to]];
  }

  // Every second nearness is to a zone within reach instead of the same.
  void reaches() {
    optimiser::Relation relation{by_zone, std::vector<bool>(size_t{zones} * zones)};
    for (uint32_t a = 0; a < zones; ++a)
      for (uint32_t b = 0; b < zones; ++b)
        relation.reaches[size_t{a} * zones + b] = a % regions == b % regions || chance(30);
    model_.relations.push_back(std::move(relation));
    for (size_t i = 0; i < model_.nears.size(); i += 2)
      model_.nears[i].relation = 0;
  }

  // A third of the replicas run somewhere, within a third of the capacities, wherever that is.
  void run_some() {
    std::vector<int64_t> left = model_.capacity;
    for (int64_t &one : left)
      one /= 3;
    for (auto &replica : model_.replicas) {
      const auto node = static_cast<size_t>(between(0, int64_t{model_.nodes} - 1));
      const auto &demand = model_.shapes[replica.shape].demand;
      bool fits = chance(30);
      for (uint32_t d = 0; d < dimensions; ++d)
        fits = fits && demand[d] <= left[node * dimensions + d];
      if (!fits)
        continue;
      replica.home = static_cast<uint32_t>(node);
      for (uint32_t d = 0; d < dimensions; ++d)
        left[node * dimensions + d] -= demand[d];
    }
  }

  WorldSize size_;
  Rules rules_;
  std::mt19937_64 random_;
  Model model_;
  std::vector<uint32_t> counts_; ///< of replicas, by service
};

} // namespace

Model make_world(const WorldSize &size, Rules rules) { return Maker(size, rules).make(); }

} // namespace nemo::bench
