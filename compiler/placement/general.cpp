#include "compiler/placement/general.h"

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <map>
#include <tuple>

#include "compiler/placement/bonds.h"

namespace nemo::placement {

namespace {

using optimiser::Cost;

class Generaliser {
public:
  explicit Generaliser(const State &state)
      : state_(state), problem_(state.problem()), stays_(problem_.needs.size()) {}

  General run() {
    model_.nodes = static_cast<uint32_t>(problem_.nodes);
    rooms();
    racks();
    domains();
    find_scale();
    for (int64_t price : problem_.awake)
      model_.open_price.push_back(price >> halvings_);
    if (problem_.even_price != 0)
      model_.resources.back().overload_price = problem_.even_price >> halvings_;
    number_exclusive();
    for (const Bystander &bystander : problem_.bystanders)
      stays_[bystander.need] = true;
    for (const Bond &bond : problem_.bonds)
      add(bond);
    for (size_t need = 0; need < problem_.needs.size(); ++need)
      add(need);
    for (const Bystander &bystander : problem_.bystanders)
      add(bystander);
    model_.groups = groups_;
    return {std::move(model_), base_, halvings_, std::move(devices_)};
  }

private:
  // No node needs more room than everybody asks for together, which is how rooms without limit
  // become numbers.
  void rooms() {
    model_.resources.resize(problem_.room.size() + (problem_.even_price != 0 ? 1 : 0));
    Demand asked(problem_.room.size());
    for (const Need &need : problem_.needs)
      for (size_t r = 0; r < problem_.room.size(); ++r) {
        const __int128 sum = asked[r] + static_cast<__int128>(need.demand[r]) * need.count;
        asked[r] = static_cast<int64_t>(std::min<__int128>(sum, most_room));
      }
    __int128 processors = 0;
    for (const Need &need : problem_.needs)
      processors += static_cast<__int128>(processor(need)) * need.count;
    processors_ = static_cast<int64_t>(std::min<__int128>(processors, most_room));
    for (size_t node = 0; node < problem_.nodes; ++node) {
      for (size_t r = 0; r < problem_.room.size(); ++r)
        model_.capacity.push_back(std::clamp<int64_t>(problem_.room[r][node], 0, asked[r]));
      model_.safety.insert(model_.safety.end(),
                           model_.capacity.end() - static_cast<ptrdiff_t>(problem_.room.size()),
                           model_.capacity.end());
      if (problem_.even_price == 0)
        continue;
      model_.capacity.push_back(processors_);
      model_.safety.push_back(std::min(problem_.even[node], processors_));
    }
  }

  // Of nodes with more devices than the tables hold, those that are in use come first.
  void racks() {
    if (state_.devices().empty())
      return;
    devices_.resize(problem_.nodes);
    std::vector<DeviceBits> used(problem_.nodes);
    for (size_t r = 0; r < problem_.replicas.size(); ++r)
      if (state_.node_of(r) != nowhere)
        used[index(state_.node_of(r))] |= state_.devices()[r];
    model_.device_sets.resize(problem_.device_sets.size());
    for (uint32_t node = 0; node < problem_.nodes; ++node) {
      const uint32_t first = problem_.first_device[node], end = problem_.first_device[node + 1];
      std::vector<uint32_t> list;
      for (const bool in_use : {true, false})
        for (uint32_t i = first; i < end && list.size() < optimiser::most_devices; ++i)
          if ((used[node] >> (i - first) & 1) == in_use)
            list.push_back(i - first);
      std::sort(list.begin(), list.end());
      for (uint32_t device : list) {
        model_.devices.push_back(problem_.devices[first + device]);
        for (size_t set = 0; set < problem_.device_sets.size(); ++set)
          model_.device_sets[set].push_back(problem_.device_sets[set][first + device]);
      }
      devices_[node] = std::move(list);
    }
  }

  void domains() {
    for (size_t spread = 1; spread < problem_.domain.size(); ++spread) {
      optimiser::Family family;
      uint32_t most = 0;
      for (uint32_t domain : problem_.domain[spread])
        most = domain == unknown_domain ? most : std::max(most, domain + 1);
      // Nodes of unknown domain are allowed to nobody who is spread: one more domain holds them.
      for (uint32_t domain : problem_.domain[spread])
        family.domain_of_node.push_back(domain == unknown_domain ? most : domain);
      family.domains = most + 1;
      model_.families.push_back(std::move(family));
    }
  }

  static uint32_t family_of(Spread spread) { return static_cast<uint32_t>(spread) - 1; }

  // What everybody pays at least is left out, so that what is left fits and is never negative.
  void find_scale() {
    __int128 base = 0;
    for (size_t need = 0; need < problem_.needs.size(); ++need) {
      const std::vector<State::Offer> &offers = state_.offers(need);
      Cost dearest = 0;
      for (const State::Offer &offer : offers)
        if (offer.cost != unknown_cost)
          dearest = std::max(dearest, offer.cost - offers.front().cost);
      dearest_ = std::max(dearest_, dearest);
      if (!offers.empty() && offers.front().cost != unknown_cost)
        base += static_cast<__int128>(offers.front().cost) * problem_.needs[need].count;
    }
    // An unknown cost ranks after every known one, and the toll of leaving is a part of the cost.
    const auto most = (static_cast<__int128>(dearest_) * 4 + 1) *
                      static_cast<__int128>(std::max<size_t>(problem_.replicas.size(), 1));
    __int128 awake = 0;
    Cost one = dearest_;
    for (int64_t price : problem_.awake) {
      awake += price;
      one = std::max(one, price);
    }
    const auto uneven = static_cast<__int128>(problem_.even_price) * processors_;
    one = std::max(one, problem_.even_price);
    while ((most + awake + uneven) >> halvings_ > optimiser::most_cost / 4 ||
           one >> halvings_ > optimiser::most_amount / 4)
      ++halvings_;
    base_ = static_cast<int64_t>(std::clamp<__int128>(base, -unknown_cost, unknown_cost));
  }

  uint32_t prices_of(size_t n) {
    const Need &need = problem_.needs[n];
    auto [known, fresh] = prices_.try_emplace(
        {need.demand[0], need.demand[1], need.cost_class, state_.shape_of(n)}, 0);
    if (fresh) {
      const std::vector<State::Offer> &offers = state_.offers(n);
      std::vector<Cost> list(problem_.nodes);
      for (const State::Offer &offer : offers)
        list[offer.node] = offer.cost == unknown_cost
                               ? 2 * (dearest_ >> halvings_) + 1
                               : (offer.cost - offers.front().cost) >> halvings_;
      known->second = static_cast<uint32_t>(model_.prices.size());
      model_.prices.push_back(std::move(list));
    }
    return known->second;
  }

  template <class Allows> uint32_t add_set(Allows allows) {
    std::vector<bool> set(problem_.nodes);
    for (size_t node = 0; node < problem_.nodes; ++node)
      set[node] = allows(node);
    model_.node_sets.push_back(std::move(set));
    return static_cast<uint32_t>(model_.node_sets.size() - 1);
  }

  uint32_t set_of(size_t need) {
    auto [known, fresh] = sets_.try_emplace(state_.shape_of(need), 0);
    if (fresh)
      known->second = add_set([&](size_t node) { return state_.allowed(need).test(node); });
    return known->second;
  }

  uint32_t group_of_port(uint16_t port) {
    auto [known, fresh] = ports_.try_emplace(port, groups_);
    if (fresh) {
      model_.limits.push_back({groups_, family_of(Spread::node), 1});
      ++groups_;
    }
    return known->second;
  }

  uint32_t group_of_need(uint32_t need) {
    const auto [known, fresh] = bonded_.try_emplace(need, groups_);
    groups_ += fresh ? 1 : 0;
    return known->second;
  }

  /// Without those that are left where they are: two of these keep nothing that a plan decides.
  uint32_t group_of_planned(uint32_t need) {
    if (!stays_[need])
      return group_of_need(need);
    const auto [known, fresh] = planned_.try_emplace(need, groups_);
    groups_ += fresh ? 1 : 0;
    return known->second;
  }

  void add(const Bond &bond) {
    const uint32_t relation = relation_of(bond);
    const uint32_t family = family_of(relation == UINT32_MAX ? bond.within : Spread::node);
    const uint32_t there = group_of_need(bond.to);
    if (bond.apart) {
      model_.aparts.push_back({group_of_planned(bond.need), there, family, relation});
      if (stays_[bond.need])
        model_.aparts.push_back(
            {group_of_need(bond.need), group_of_planned(bond.to), family, relation});
    } else {
      const bool decided = planned(problem_, bond.to);
      model_.nears.push_back({decided ? group_of_need(bond.need) : group_of_planned(bond.need),
                              there, family, relation});
    }
  }

  uint32_t relation_of(const Bond &bond) {
    if (bond.reach == UINT32_MAX)
      return UINT32_MAX;
    const auto [known, fresh] =
        relations_.try_emplace(bond.reach, static_cast<uint32_t>(model_.relations.size()));
    if (fresh) {
      const optimiser::Family &nodes = model_.families[family_of(Spread::node)];
      optimiser::Relation relation;
      relation.family = family_of(Spread::node);
      relation.reaches.resize(size_t{nodes.domains} * nodes.domains);
      for (size_t from = 0; from < problem_.nodes; ++from)
        problem_.reaches[bond.reach].to[from].for_each([&](size_t to) {
          relation.reaches[size_t{nodes.domain_of_node[from]} * nodes.domains +
                           nodes.domain_of_node[to]] = true;
        });
      model_.relations.push_back(std::move(relation));
    }
    return known->second;
  }

  // Exclusive needs are numbered from 1, all others are 0. Numbers that differ do so in a bit, and
  // for each bit those that have it are apart from those that have not: two groups for each
  // doubling of the exclusive needs, where a group of its own for each and all the others would be
  // many.
  void number_exclusive() {
    for (size_t n = 0; n < problem_.needs.size(); ++n)
      if (problem_.needs[n].exclusive && problem_.needs[n].count > 0)
        number_.emplace(n, static_cast<uint32_t>(number_.size() + 1));
    first_bit_ = groups_;
    for (size_t rest = number_.size(); rest > 0; rest /= 2, groups_ += 2)
      model_.aparts.push_back({groups_, groups_ + 1, family_of(Spread::node)});
    end_bit_ = groups_;
  }

  void add_bits(size_t n, std::vector<uint32_t> &groups) const {
    const auto known = number_.find(n);
    uint32_t number = known == number_.end() ? 0 : known->second;
    for (uint32_t bit = first_bit_; bit < end_bit_; bit += 2, number /= 2)
      groups.push_back(bit + number % 2);
  }

  // It takes nothing: what it does take is off the node's room already.
  void add(const Bystander &bystander) {
    optimiser::Shape shape;
    shape.demand.assign(model_.resources.size(), 0);
    shape.allowed = add_set([&](size_t node) { return node == index(bystander.node); });
    optimiser::Replica replica;
    replica.shape = static_cast<uint32_t>(model_.shapes.size());
    replica.groups = {group_of_need(bystander.need)};
    model_.shapes.push_back(std::move(shape));
    model_.replicas.push_back(std::move(replica));
  }

  void add(size_t n) {
    const Need &need = problem_.needs[n];
    if (need.count == 0)
      return;
    optimiser::Shape shape;
    shape.demand.assign(need.demand.begin(), need.demand.end());
    if (problem_.even_price != 0)
      shape.demand.push_back(processor(need));
    shape.devices = need.devices;
    shape.prices = prices_of(n);
    shape.allowed = set_of(n);
    const uint32_t index_of_shape = static_cast<uint32_t>(model_.shapes.size());
    model_.shapes.push_back(shape);
    std::vector<uint32_t> groups;
    for (uint16_t port : need.ports)
      groups.push_back(group_of_port(port));
    if (need.repeats > 0 && least_domains(need) > 0) {
      const uint32_t group = group_of_need(whole_of(problem_, static_cast<uint32_t>(n)));
      model_.spreads.push_back({group, family_of(need.spread), least_domains(need)});
    } else if (least_domains(need) > 0) {
      model_.limits.push_back({groups_, family_of(need.spread), 1});
      groups.push_back(groups_++);
    }
    for (const auto *known : {&bonded_, &planned_})
      if (const auto group = known->find(whole_of(problem_, static_cast<uint32_t>(n)));
          group != known->end())
        groups.push_back(group->second);
    add_bits(n, groups);
    std::sort(groups.begin(), groups.end());
    groups.erase(std::unique(groups.begin(), groups.end()), groups.end());
    for (uint32_t r = need.first; r < need.first + need.count; ++r) {
      optimiser::Replica replica;
      replica.shape = index_of_shape;
      replica.groups = groups;
      at_home(r, need, replica);
      model_.replicas.push_back(std::move(replica));
    }
  }

  // A shape of its own for a replica that may be on fewer nodes than its siblings.
  void restrict(optimiser::Replica &replica, uint32_t set) {
    optimiser::Shape own = model_.shapes[replica.shape];
    own.allowed = set;
    replica.shape = static_cast<uint32_t>(model_.shapes.size());
    model_.shapes.push_back(std::move(own));
  }

  void at_home(uint32_t r, const Need &need, optimiser::Replica &replica) {
    const NodeId home = problem_.replicas[r].home;
    if (home != nowhere && state_.admitted(r, index(home))) {
      replica.home = static_cast<uint32_t>(index(home));
      const int64_t there = cost(problem_, need, index(home));
      if (there == unknown_cost) { // then no saving is known either
        restrict(replica, add_set([&](size_t node) { return node == index(home); }));
        return;
      }
      const double toll = std::fabs(static_cast<double>(there) * hysteresis);
      replica.move_price =
          std::min<Cost>((std::llround(toll) >> halvings_) + 1, optimiser::most_amount / 4);
    }
    if (of_its_own(problem_.replicas[r]))
      restrict(replica, add_set([&](size_t node) { return state_.admitted(r, node); }));
  }

  const State &state_;
  const Problem &problem_;
  std::vector<bool> stays_; ///< by need, whether some of it are left where they are
  optimiser::Model model_;
  Cost dearest_ = 0; ///< the largest saving of any replica
  unsigned halvings_ = 0;
  int64_t base_ = 0;
  int64_t processors_ = 0; ///< that all reserve on average, in millicores
  uint32_t groups_ = 0;
  std::map<std::tuple<int64_t, int64_t, uint32_t, uint32_t>, uint32_t> prices_;
  std::map<uint32_t, uint32_t> sets_;          ///< by the shape of this stage
  std::vector<std::vector<uint32_t>> devices_; ///< by node, those that the model has
  std::map<uint16_t, uint32_t> ports_;
  std::map<size_t, uint32_t> number_;      ///< of exclusive needs
  uint32_t first_bit_ = 0, end_bit_ = 0;   ///< groups of the bits of these numbers
  std::map<uint32_t, uint32_t> relations_; ///< of reaches
  std::map<uint32_t, uint32_t> bonded_;    ///< groups of needs that bonds are about
  std::map<uint32_t, uint32_t> planned_;   ///< of those among them that the plan places
};

} // namespace

optimiser::Solution General::start(const State &state) const {
  optimiser::Solution solution;
  const Problem &problem = state.problem();
  for (size_t r = 0; r < problem.replicas.size(); ++r) {
    const size_t node = index(state.node_of(r));
    solution.node_of.push_back(static_cast<uint32_t>(node));
    if (devices.empty())
      continue;
    uint32_t &held = solution.devices_of.emplace_back();
    for (size_t i = 0; i < devices[node].size(); ++i)
      held |= static_cast<uint32_t>(state.devices()[r] >> devices[node][i] & 1) << i;
  }
  for (const Bystander &bystander : problem.bystanders)
    solution.node_of.push_back(static_cast<uint32_t>(index(bystander.node)));
  return solution;
}

DeviceBits General::devices_of(const optimiser::Solution &solution, size_t replica) const {
  if (devices.empty() || replica >= solution.devices_of.size())
    return 0;
  const std::vector<uint32_t> &list = devices[solution.node_of[replica]];
  DeviceBits held = 0;
  for (size_t i = 0; i < list.size(); ++i)
    held |= DeviceBits{solution.devices_of[replica] >> i & 1} << list[i];
  return held;
}

General general(const State &state) { return Generaliser(state).run(); }

} // namespace nemo::placement
