#include "random_model.h"

#include <algorithm>
#include <set>

namespace nemo::optimiser::testing {

namespace {

class Maker {
public:
  Maker(uint64_t seed, const Size &size) : size_(size), random_(seed) {}

  Instance make() {
    model_.nodes = size_.nodes;
    model_.groups = size_.groups;
    terms();
    families();
    shapes();
    replicas();
    capacities();
    rules();
    return std::move(out_);
  }

private:
  int64_t between(int64_t low, int64_t high) {
    return low + static_cast<int64_t>(random_() % static_cast<uint64_t>(high - low + 1));
  }
  bool one_in(int n) { return between(1, n) == 1; }
  uint32_t node() { return static_cast<uint32_t>(between(0, size_.nodes - 1)); }

  void terms() {
    for (uint32_t d = 0; d < size_.resources; ++d)
      model_.resources.push_back({d % 2 == 1, one_in(4) ? 0 : between(1, 20)});
    for (int i = 0; i < 2; ++i)
      model_.balances.push_back({static_cast<uint32_t>(between(0, size_.resources - 1)),
                                 static_cast<uint32_t>(between(0, size_.resources - 1)),
                                 between(1, 3), between(1, 9)});
    for (uint32_t i = 0; i < size_.nodes; ++i) {
      model_.open_price.push_back(between(0, 500));
      for (uint32_t d = 0; d < size_.resources; ++d)
        model_.unit_price.push_back(between(0, 5 << 20));
    }
    for (uint32_t i = 0; i < size_.nodes * size_.nodes; ++i)
      model_.pair_price.push_back(static_cast<int32_t>(between(0, 30)));
    model_.busiest_group_price = between(1, 50);
    for (int set = 0; set < 3; ++set) {
      model_.node_sets.emplace_back();
      model_.prices.emplace_back();
      for (uint32_t i = 0; i < size_.nodes; ++i) {
        model_.node_sets.back().push_back(!one_in(3));
        model_.prices.back().push_back(between(0, 100));
      }
      model_.node_sets.back()[node()] = true;
    }
  }

  void families() {
    for (uint32_t domains : {size_.nodes, std::max(size_.nodes / 3, 1u), 2u}) {
      Family family;
      family.domains = domains;
      for (uint32_t i = 0; i < size_.nodes; ++i)
        family.domain_of_node.push_back(
            domains == size_.nodes ? i : static_cast<uint32_t>(between(0, domains - 1)));
      model_.families.push_back(std::move(family));
    }
    Relation relation;
    relation.family = 1;
    const uint32_t domains = model_.families[1].domains;
    for (uint32_t i = 0; i < domains * domains; ++i)
      relation.reaches.push_back(one_in(2));
    model_.relations.push_back(std::move(relation));
  }

  void shapes() {
    for (uint32_t i = 0; i < std::max(size_.replicas / 3, 1u); ++i) {
      Shape shape;
      for (uint32_t d = 0; d < size_.resources; ++d)
        shape.demand.push_back(between(0, 40));
      if (one_in(4))
        shape.devices = {static_cast<uint32_t>(between(1, 2)), between(1, 4) * 250};
      if (size_.kinds && shape.devices.count > 0) {
        shape.devices.memory = between(0, 2) * 100;
        shape.devices.allowed = one_in(2) ? UINT32_MAX : static_cast<uint32_t>(between(0, 1));
      }
      if (one_in(3))
        shape.allowed = static_cast<uint32_t>(between(0, 2));
      if (one_in(2))
        shape.prices = static_cast<uint32_t>(between(0, 2));
      model_.shapes.push_back(std::move(shape));
    }
  }

  void replicas() {
    for (uint32_t i = 0; i < size_.replicas; ++i) {
      Replica replica;
      replica.shape = static_cast<uint32_t>(between(0, int64_t(model_.shapes.size()) - 1));
      replica.home = one_in(3) ? nowhere : node();
      replica.move_price = between(0, 60);
      replica.pair_weight = between(0, 3);
      if (one_in(5))
        replica.absence_price = between(0, 3000);
      for (uint32_t g = 0; g < size_.groups; ++g)
        if (one_in(static_cast<int>(size_.groups) / 2 + 1))
          replica.groups.push_back(g);
      uint32_t on = node();
      const uint32_t set = model_.shapes[replica.shape].allowed;
      while (set != UINT32_MAX && !model_.node_sets[set][on])
        on = node();
      out_.planted.node_of.push_back(on);
      model_.replicas.push_back(std::move(replica));
    }
  }

  void capacities() {
    const size_t dims = size_.resources;
    std::vector<int64_t> taken(size_.nodes * dims);
    std::vector<std::vector<Held>> devices(size_.nodes);
    for (size_t r = 0; r < size_.replicas; ++r) {
      const Shape &shape = model_.shapes[model_.replicas[r].shape];
      const uint32_t on = out_.planted.node_of[r], home = model_.replicas[r].home;
      for (size_t d = 0; d < dims; ++d) {
        taken[on * dims + d] += shape.demand[d];
        if (home != nowhere && home != on && model_.resources[d].transient)
          taken[home * dims + d] += shape.demand[d];
      }
      out_.planted.devices_of.push_back(hold(devices[on], shape.devices));
    }
    for (int64_t use : taken) {
      model_.capacity.push_back(use + use * between(0, size_.slack_percent) / 100);
      model_.safety.push_back(use * between(50, 110) / 100);
    }
    for (uint32_t on = 0; on < size_.nodes; ++on)
      for (const Held &one : devices[on])
        model_.devices.push_back({on, one.share + between(0, 1) * 250, one.memory});
    for (size_t set = 0; size_.kinds && set < 2; ++set) {
      std::vector<bool> &who = model_.device_sets.emplace_back();
      for (uint32_t on = 0; on < size_.nodes; ++on)
        for (const Held &one : devices[on])
          who.push_back(one.wanted[set] || one_in(2));
    }
  }

  struct Held {
    int64_t share = 0, memory = 0;
    bool wanted[2] = {}; ///< by somebody who may have none but those of the set
  };

  // On two devices of the node, whose number grows as they are taken.
  uint32_t hold(std::vector<Held> &devices, const DeviceDemand &want) {
    uint32_t held = 0;
    for (uint32_t bit = 0; bit < most_devices && want.count > 0; ++bit) {
      if (bit == devices.size())
        devices.push_back({});
      if (devices[bit].share + want.share > 1000)
        continue;
      devices[bit].share += want.share;
      devices[bit].memory += want.memory;
      if (want.allowed != UINT32_MAX)
        devices[bit].wanted[want.allowed] = true;
      held |= 1u << bit;
      if (static_cast<uint32_t>(__builtin_popcount(held)) == want.count)
        break;
    }
    return held;
  }

  std::vector<uint32_t> domains_of(uint32_t group, uint32_t family) const {
    std::vector<uint32_t> out(model_.families[family].domains);
    for (size_t r = 0; r < size_.replicas; ++r)
      for (uint32_t g : model_.replicas[r].groups)
        if (g == group)
          ++out[model_.families[family].domain_of_node[out_.planted.node_of[r]]];
    return out;
  }

  void rules() {
    if (size_.groups > 0 && size_.apart)
      for (uint32_t family = 0; family < model_.families.size(); ++family)
        apart(family);
    for (uint32_t group = 0; group < size_.groups; ++group)
      for (uint32_t family = 0; family < model_.families.size(); ++family) {
        const std::vector<uint32_t> there = domains_of(group, family);
        if (one_in(2))
          model_.limits.push_back({group, family,
                                   *std::max_element(there.begin(), there.end()) +
                                       static_cast<uint32_t>(between(0, 1))});
        if (one_in(2))
          model_.spreads.push_back(
              {group, family,
               static_cast<uint32_t>(std::count_if(there.begin(), there.end(),
                                                   [](uint32_t count) { return count > 0; }))});
        for (uint32_t to = 0; to < size_.groups; ++to)
          for (uint32_t relation : {UINT32_MAX, 0u})
            if (one_in(3) && (relation == UINT32_MAX || family == model_.relations[0].family))
              near({group, to, family, relation});
      }
  }

  // Some replicas in domains of even number, some in others: these are apart.
  void apart(uint32_t family) {
    const uint32_t even = model_.groups, odd = model_.groups + 1;
    model_.groups += 2;
    for (size_t r = 0; r < size_.replicas; ++r)
      if (one_in(4)) {
        const uint32_t in = model_.families[family].domain_of_node[out_.planted.node_of[r]];
        model_.replicas[r].groups.push_back(in % 2 == 0 ? even : odd);
      }
    model_.aparts.push_back({even, odd, family});
    if (family != model_.relations[0].family)
      return;
    model_.aparts.back().relation = 0;
    if (!evaluate(model_, out_.planted).feasible())
      model_.aparts.back().relation = UINT32_MAX;
  }

  void near(const Near &rule) {
    model_.nears.push_back(rule);
    if (!evaluate(model_, out_.planted).feasible())
      model_.nears.pop_back();
  }

  const Size size_;
  std::mt19937_64 random_;
  Instance out_;
  Model &model_ = out_.model;
};

} // namespace

Instance random_instance(uint64_t seed, const Size &size) { return Maker(seed, size).make(); }

} // namespace nemo::optimiser::testing
