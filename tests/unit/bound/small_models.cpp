#include "small_models.h"

#include <random>

namespace nemo::optimiser {

namespace {

class Maker {
public:
  explicit Maker(uint64_t seed) : random_(seed) {}

  Model model() {
    model_.nodes = pick(2, 4);
    nodes();
    families();
    shapes();
    replicas();
    rules();
    return std::move(model_);
  }

private:
  uint32_t pick(uint32_t least, uint32_t most) {
    return std::uniform_int_distribution<uint32_t>(least, most)(random_);
  }
  bool one_in(uint32_t count) { return pick(1, count) == 1; }

  void nodes() {
    model_.resources.resize(pick(1, 3));
    for (Resource &resource : model_.resources)
      resource = {one_in(3), one_in(3) ? 0 : Cost{pick(1, 9)}};
    for (size_t i = 0; i < model_.nodes * model_.resources.size(); ++i) {
      model_.capacity.push_back(pick(8, 40));
      model_.safety.push_back(one_in(5) ? pick(0, 50) : model_.capacity.back() * pick(2, 9) / 10);
    }
    if (one_in(2))
      for (uint32_t node = 0; node < model_.nodes; ++node)
        model_.open_price.push_back(one_in(4) ? 0 : pick(1, 200));
    if (one_in(3))
      for (uint32_t node = 0; node < model_.nodes; ++node)
        for (uint32_t left = pick(0, 2); left > 0; --left)
          model_.devices.push_back({node, one_in(2) ? 1000 : 500});
    const auto last = static_cast<uint32_t>(model_.resources.size() - 1);
    if (one_in(3))
      model_.balances.push_back({pick(0, last), pick(0, last), pick(0, 3), pick(1, 10)});
    if (one_in(2))
      for (uint32_t i = 0; i < model_.nodes * model_.nodes; ++i)
        model_.pair_price.push_back(static_cast<int32_t>(pick(0, 5)));
    if (one_in(3))
      for (size_t i = 0; i < model_.capacity.size(); ++i)
        model_.unit_price.push_back(pick(0, 4 << 20));
    if (one_in(2))
      model_.busiest_group_price = pick(1, 10);
  }

  void families() {
    for (uint32_t family = 0; family < 2; ++family) {
      model_.families.push_back({{}, family == 0 ? model_.nodes : 2});
      for (uint32_t node = 0; node < model_.nodes; ++node)
        model_.families.back().domain_of_node.push_back(family == 0 ? node : pick(0, 1));
    }
    model_.relations.push_back({1, {}});
    for (int i = 0; i < 4; ++i)
      model_.relations.back().reaches.push_back(!one_in(3));
  }

  void shapes() {
    for (int i = 0; i < 2; ++i) {
      model_.node_sets.emplace_back();
      model_.prices.emplace_back();
      for (uint32_t node = 0; node < model_.nodes; ++node) {
        model_.node_sets.back().push_back(!one_in(3));
        model_.prices.back().push_back(pick(0, 60));
      }
    }
    for (uint32_t left = pick(1, 4); left > 0; --left) {
      Shape shape;
      for (size_t d = 0; d < model_.resources.size(); ++d)
        shape.demand.push_back(pick(0, 15));
      if (!model_.devices.empty() && one_in(3))
        shape.devices = {pick(1, 2), one_in(2) ? 500 : 300};
      if (one_in(3))
        shape.allowed = pick(0, 1);
      if (one_in(2))
        shape.prices = pick(0, 1);
      model_.shapes.push_back(shape);
    }
  }

  void replicas() {
    model_.groups = pick(1, 3);
    for (uint32_t left = pick(2, 5); left > 0; --left) {
      Replica replica;
      replica.shape = pick(0, static_cast<uint32_t>(model_.shapes.size() - 1));
      if (one_in(2))
        replica.home = pick(0, model_.nodes - 1);
      replica.move_price = pick(0, 40);
      replica.pair_weight = pick(0, 8);
      if (one_in(3))
        replica.absence_price = pick(0, 150);
      for (uint32_t group = 0; group < model_.groups; ++group)
        if (one_in(2))
          replica.groups.push_back(group);
      model_.replicas.push_back(replica);
    }
  }

  void rules() {
    const uint32_t last = model_.groups - 1;
    for (uint32_t left = pick(0, 3); left > 0; --left)
      model_.limits.push_back({pick(0, last), pick(0, 1), pick(1, 2)});
    if (one_in(4) && last > 0)
      add_apart(one_in(2) ? Apart{last, 0, 1, 0} : Apart{last, 0, pick(0, 1)});
    if (one_in(3))
      model_.spreads.push_back({pick(0, last), pick(0, 1), 2});
    if (one_in(3))
      model_.nears.push_back({pick(0, last), pick(0, last), 1, one_in(2) ? 0 : UINT32_MAX});
  }

  void add_apart(const Apart &rule) {
    for (Replica &replica : model_.replicas) // a replica is in one of the two
      if (std::binary_search(replica.groups.begin(), replica.groups.end(), rule.group))
        std::erase(replica.groups, rule.from);
    model_.aparts.push_back(rule);
  }

  std::mt19937_64 random_;
  Model model_;
};

class Trial {
public:
  explicit Trial(const Model &model) : model_(model), devices_on_(model.nodes) {
    for (const Device &device : model.devices)
      ++devices_on_[device.node];
    solution_.node_of.assign(model.replicas.size(), nowhere);
    solution_.devices_of.assign(model.replicas.size(), 0);
  }

  std::optional<Cost> best() {
    from(0);
    return best_;
  }

private:
  void from(size_t replica) {
    if (replica == model_.replicas.size()) {
      const Evaluation judged = evaluate(model_, solution_);
      if (judged.feasible() && (!best_ || judged.total() < *best_))
        best_ = judged.total();
      return;
    }
    solution_.devices_of[replica] = 0;
    solution_.node_of[replica] = nowhere;
    if (model_.replicas[replica].absence_price != must_be_placed)
      from(replica + 1);
    const uint32_t want = model_.shapes[model_.replicas[replica].shape].devices.count;
    for (uint32_t node = 0; node < model_.nodes; ++node)
      for (uint32_t bits = 0; bits < 1U << devices_on_[node]; ++bits) {
        if (static_cast<uint32_t>(__builtin_popcount(bits)) != want)
          continue;
        solution_.node_of[replica] = node;
        solution_.devices_of[replica] = bits;
        from(replica + 1);
      }
  }

  const Model &model_;
  std::vector<uint32_t> devices_on_;
  Solution solution_;
  std::optional<Cost> best_;
};

} // namespace

Model small_model(uint64_t seed) { return Maker(seed).model(); }

std::optional<Cost> least_cost(const Model &model) { return Trial(model).best(); }

} // namespace nemo::optimiser
