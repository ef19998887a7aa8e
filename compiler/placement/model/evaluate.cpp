#include <algorithm>
#include <map>

#include "compiler/placement/model/model.h"
#include "llvm/Support/FormatVariadic.h"

namespace nemo::optimiser {

namespace {

class Evaluator {
public:
  Evaluator(const Model &model, const Solution &solution) : model_(model), solution_(solution) {}

  Evaluation run() {
    if (solution_.node_of.size() != model_.replicas.size()) {
      fail("{0} replicas, {1} of them assigned", model_.replicas.size(), solution_.node_of.size());
      return out_;
    }
    sum_up();
    judge_nodes();
    judge_devices();
    judge_rules();
    return out_;
  }

private:
  template <class... Args> void fail(const char *format, Args &&...args) {
    if (out_.violations.size() < 100)
      out_.violations.push_back(llvm::formatv(format, std::forward<Args>(args)...).str());
  }

  void sum_up() {
    const size_t dims = model_.resources.size();
    use_.assign(model_.capacity.size(), 0);
    held_.assign(model_.capacity.size(), 0);
    hosts_.assign(model_.nodes, false);
    members_.resize(model_.groups);
    std::vector<uint64_t> moved(model_.groups);
    for (size_t r = 0; r < model_.replicas.size(); ++r) {
      const Replica &replica = model_.replicas[r];
      const Shape &shape = model_.shapes[replica.shape];
      const uint32_t node = solution_.node_of[r];
      if (node != nowhere && node >= model_.nodes) {
        fail("replica {0}: node {1} does not exist", r, node);
        continue;
      }
      if (replica.home != nowhere && replica.home != node) {
        out_.moves += replica.move_price;
        for (uint32_t group : replica.groups)
          ++moved[group];
        for (size_t d = 0; d < dims; ++d)
          if (model_.resources[d].transient)
            held_[replica.home * dims + d] += shape.demand[d];
        if (node != nowhere && !model_.pair_price.empty())
          out_.pairs +=
              replica.pair_weight * model_.pair_price[size_t{replica.home} * model_.nodes + node];
      }
      if (node == nowhere) {
        if (replica.absence_price == must_be_placed)
          fail("replica {0} is not placed", r);
        else
          out_.absence += replica.absence_price;
        continue;
      }
      if (shape.allowed != UINT32_MAX && !model_.node_sets[shape.allowed][node])
        fail("replica {0}: a rule removes node {1}", r, node);
      if (shape.prices != UINT32_MAX)
        out_.priced += model_.prices[shape.prices][node];
      out_.priced += price_by_unit(model_, shape, node);
      for (size_t d = 0; d < dims; ++d)
        use_[node * dims + d] += shape.demand[d];
      hosts_[node] = true;
      for (uint32_t group : replica.groups)
        members_[group].push_back(node);
    }
    if (!moved.empty())
      out_.busiest = model_.busiest_group_price *
                     static_cast<Cost>(*std::max_element(moved.begin(), moved.end()));
  }

  void judge_nodes() {
    const size_t dims = model_.resources.size();
    for (size_t node = 0; node < model_.nodes; ++node) {
      const size_t row = node * dims;
      for (size_t d = 0; d < dims; ++d) {
        if (use_[row + d] + held_[row + d] > model_.capacity[row + d])
          fail("node {0}, resource {1}: {2} used and {3} held of {4}", node, d, use_[row + d],
               held_[row + d], model_.capacity[row + d]);
        out_.overload += model_.resources[d].overload_price *
                         std::max<int64_t>(use_[row + d] - model_.safety[row + d], 0);
      }
      for (const Balance &balance : model_.balances) {
        auto free = [&](uint32_t d) { return model_.capacity[row + d] - use_[row + d]; };
        out_.balance += balance.price *
                        std::max<int64_t>(balance.target * free(balance.of) - free(balance.to), 0);
      }
      if (hosts_[node] && !model_.open_price.empty())
        out_.opened += model_.open_price[node];
    }
  }

  void judge_devices() {
    std::vector<size_t> first(model_.nodes + 1, model_.devices.size());
    for (size_t i = model_.devices.size(); i-- > 0;)
      first[model_.devices[i].node] = i;
    for (size_t node = model_.nodes; node-- > 0;)
      if (first[node] == model_.devices.size() || model_.devices[first[node]].node != node)
        first[node] = first[node + 1];
    std::vector<int64_t> taken(model_.devices.size()), memory(model_.devices.size());
    for (size_t r = 0; r < model_.replicas.size(); ++r) {
      const DeviceDemand &want = model_.shapes[model_.replicas[r].shape].devices;
      const uint32_t node = solution_.node_of[r];
      const uint32_t held = r < solution_.devices_of.size() ? solution_.devices_of[r] : 0;
      if (node == nowhere || node >= model_.nodes)
        continue;
      if (static_cast<uint32_t>(__builtin_popcount(held)) != want.count) {
        fail("replica {0} asks for {1} devices and has {2}", r, want.count,
             __builtin_popcount(held));
        continue;
      }
      for (uint32_t bit = 0; bit < most_devices; ++bit) {
        if (!(held >> bit & 1))
          continue;
        if (first[node] + bit >= first[node + 1]) {
          fail("replica {0} has device {1} of node {2}, which does not exist", r, bit, node);
          continue;
        }
        const size_t device = first[node] + bit;
        taken[device] += want.share;
        memory[device] += want.memory;
        if (taken[device] > model_.devices[device].capacity)
          fail("node {0}, device {1}: {2} taken of {3}", node, bit, taken[device],
               model_.devices[device].capacity);
        if (memory[device] > model_.devices[device].memory)
          fail("node {0}, device {1}: {2} of memory taken of {3}", node, bit, memory[device],
               model_.devices[device].memory);
        if (want.allowed != UINT32_MAX && !model_.device_sets[want.allowed][device])
          fail("replica {0} may not have device {1} of node {2}", r, bit, node);
      }
    }
  }

  std::map<uint32_t, uint64_t> by_domain(uint32_t group, uint32_t family) const {
    std::map<uint32_t, uint64_t> counts;
    for (uint32_t node : members_[group])
      ++counts[model_.families[family].domain_of_node[node]];
    return counts;
  }

  /// Whether the rule's relation leads from the domain to one of the others.
  template <class Rule>
  bool reaches(const Rule &rule, uint32_t domain,
               const std::map<uint32_t, uint64_t> &others) const {
    if (rule.relation == UINT32_MAX)
      return others.count(domain) > 0;
    const size_t row = size_t{domain} * model_.families[rule.family].domains;
    return std::any_of(others.begin(), others.end(), [&](const auto &other) {
      return model_.relations[rule.relation].reaches[row + other.first];
    });
  }

  void judge_rules() {
    for (const Limit &limit : model_.limits)
      for (auto [domain, count] : by_domain(limit.group, limit.family))
        if (count > limit.most)
          fail("group {0}: {1} replicas in domain {2}, at most {3} may be", limit.group, count,
               domain, limit.most);
    for (const Apart &apart : model_.aparts) {
      const auto theirs = by_domain(apart.from, apart.family);
      for (auto [domain, count] : by_domain(apart.group, apart.family))
        if (reaches(apart, domain, theirs))
          fail("groups {0} and {1} must be apart, and from domain {2} they are not", apart.group,
               apart.from, domain);
    }
    for (const Spread &spread : model_.spreads)
      if (size_t domains = by_domain(spread.group, spread.family).size(); domains < spread.least)
        fail("group {0}: in {1} domains, at least {2} are wanted", spread.group, domains,
             spread.least);
    for (const Near &near : model_.nears) {
      auto theirs = by_domain(near.to, near.family);
      for (auto [domain, count] : by_domain(near.group, near.family)) {
        if (!reaches(near, domain, theirs))
          fail("group {0}: from domain {1} no replica of group {2} is reached", near.group, domain,
               near.to);
      }
    }
  }

  const Model &model_;
  const Solution &solution_;
  Evaluation out_;
  std::vector<int64_t> use_, held_;
  std::vector<bool> hosts_;
  std::vector<std::vector<uint32_t>> members_; ///< nodes of the placed, by group
};

} // namespace

Cost price_by_unit(const Model &model, const Shape &shape, size_t node) {
  if (model.unit_price.empty())
    return 0;
  int64_t sum = 0;
  for (size_t d = 0; d < shape.demand.size(); ++d)
    sum += shape.demand[d] * model.unit_price[node * shape.demand.size() + d];
  return sum >> 20;
}

Evaluation evaluate(const Model &model, const Solution &solution) {
  return Evaluator(model, solution).run();
}

} // namespace nemo::optimiser
