#include <algorithm>

#include "compiler/placement/model/model.h"
#include "llvm/Support/FormatVariadic.h"

namespace nemo::optimiser {

namespace {

using Wide = __int128;

template <class... Args> llvm::Error refuse(const char *format, Args &&...args) {
  return llvm::createStringError(llvm::inconvertibleErrorCode(),
                                 llvm::formatv(format, std::forward<Args>(args)...).str());
}

bool amount(int64_t value) { return value >= 0 && value <= most_amount; }
bool indexed(uint32_t index, size_t size) { return index == UINT32_MAX || index < size; }

llvm::Error check_nodes(const Model &model) {
  const size_t cells = size_t{model.nodes} * model.resources.size();
  if (model.capacity.size() != cells || model.safety.size() != cells)
    return refuse(
        "capacities of {0} nodes and {1} resources need {2} entries, there are {3} and {4}",
        model.nodes, model.resources.size(), cells, model.capacity.size(), model.safety.size());
  for (size_t i = 0; i < cells; ++i)
    if (!amount(model.capacity[i]) || !amount(model.safety[i]))
      return refuse("node {0}: a capacity is negative or above 2^52", i / model.resources.size());
  for (const Resource &resource : model.resources)
    if (!amount(resource.overload_price))
      return refuse("a price of overload is negative or above 2^52");
  if (!model.unit_price.empty() && model.unit_price.size() != cells)
    return refuse("prices by unit: {0} entries, there should be {1}", model.unit_price.size(),
                  cells);
  for (int64_t price : model.unit_price)
    if (!amount(price))
      return refuse("a price by unit is negative or above 2^52");
  if (!model.open_price.empty() && model.open_price.size() != model.nodes)
    return refuse("{0} nodes, {1} prices of opening one", model.nodes, model.open_price.size());
  for (Cost price : model.open_price)
    if (!amount(price))
      return refuse("a price of opening a node is negative or above 2^52");
  if (!model.pair_price.empty() && model.pair_price.size() != size_t{model.nodes} * model.nodes)
    return refuse("prices of node pairs: {0} entries for {1} nodes", model.pair_price.size(),
                  model.nodes);
  for (int32_t price : model.pair_price)
    if (price < 0)
      return refuse("a price of a node pair is negative");
  uint32_t on_node = 0;
  for (size_t i = 0; i < model.devices.size(); ++i) {
    const Device &device = model.devices[i];
    if (device.node >= model.nodes || (i > 0 && device.node < model.devices[i - 1].node))
      return refuse("device {0}: its node does not exist or is out of order", i);
    on_node = i > 0 && device.node == model.devices[i - 1].node ? on_node + 1 : 1;
    if (on_node > most_devices || !amount(device.capacity) || !amount(device.memory))
      return refuse("node {0}: more than {1} devices, or one of impossible capacity", device.node,
                    most_devices);
  }
  for (const auto &set : model.device_sets)
    if (set.size() != model.devices.size())
      return refuse("a set of devices has {0} entries for {1} devices", set.size(),
                    model.devices.size());
  for (const Balance &balance : model.balances)
    if (balance.of >= model.resources.size() || balance.to >= model.resources.size() ||
        !amount(balance.target) || !amount(balance.price))
      return refuse("a balance names a resource that does not exist or an impossible price");
  return llvm::Error::success();
}

llvm::Error check_replicas(const Model &model) {
  for (const auto &set : model.node_sets)
    if (set.size() != model.nodes)
      return refuse("a set of nodes has {0} entries for {1} nodes", set.size(), model.nodes);
  for (const auto &prices : model.prices) {
    if (prices.size() != model.nodes)
      return refuse("{0} prices for {1} nodes", prices.size(), model.nodes);
    for (Cost price : prices)
      if (!amount(price))
        return refuse("a price is negative or above 2^52");
  }
  for (size_t i = 0; i < model.shapes.size(); ++i) {
    const Shape &shape = model.shapes[i];
    if (shape.demand.size() != model.resources.size())
      return refuse("shape {0}: {1} demands of {2} resources", i, shape.demand.size(),
                    model.resources.size());
    for (int64_t demand : shape.demand)
      if (!amount(demand))
        return refuse("shape {0}: a demand is negative or above 2^52", i);
    if (shape.devices.count > most_devices || !amount(shape.devices.share) ||
        !amount(shape.devices.memory) ||
        !indexed(shape.devices.allowed, model.device_sets.size()) ||
        (shape.devices.count > 0 && shape.devices.share == 0))
      return refuse("shape {0}: it asks for devices that cannot be", i);
    if (!indexed(shape.allowed, model.node_sets.size()) ||
        !indexed(shape.prices, model.prices.size()))
      return refuse("shape {0}: its nodes or prices do not exist", i);
  }
  for (size_t i = 0; i < model.replicas.size(); ++i) {
    const Replica &replica = model.replicas[i];
    if (replica.shape >= model.shapes.size() || !indexed(replica.home, model.nodes))
      return refuse("replica {0}: its shape or home does not exist", i);
    if (!amount(replica.move_price) || !amount(replica.pair_weight) ||
        (replica.absence_price != must_be_placed && !amount(replica.absence_price)))
      return refuse("replica {0}: a price is negative or above 2^52", i);
    for (size_t g = 0; g < replica.groups.size(); ++g)
      if (replica.groups[g] >= model.groups ||
          (g > 0 && replica.groups[g] <= replica.groups[g - 1]))
        return refuse("replica {0}: its groups are out of range or out of order", i);
  }
  return llvm::Error::success();
}

llvm::Error check_rules(const Model &model) {
  for (const Family &family : model.families) {
    if (family.domain_of_node.size() != model.nodes)
      return refuse("domains of {0} nodes, there are {1}", family.domain_of_node.size(),
                    model.nodes);
    for (uint32_t domain : family.domain_of_node)
      if (domain >= family.domains)
        return refuse("a node is in domain {0} of {1}", domain, family.domains);
  }
  auto known = [&](uint32_t group, uint32_t family) {
    return group < model.groups && family < model.families.size();
  };
  auto related = [&](uint32_t relation, uint32_t family) {
    return indexed(relation, model.relations.size()) &&
           (relation == UINT32_MAX || model.relations[relation].family == family);
  };
  for (const Relation &relation : model.relations)
    if (relation.family >= model.families.size() ||
        relation.reaches.size() != size_t{model.families[relation.family].domains} *
                                       model.families[relation.family].domains)
      return refuse("a relation of domains does not fit its family");
  for (const Limit &limit : model.limits)
    if (!known(limit.group, limit.family))
      return refuse("a limit names a group or family that does not exist");
  for (const Apart &apart : model.aparts) {
    if (!known(apart.group, apart.family) || apart.from >= model.groups ||
        !related(apart.relation, apart.family))
      return refuse("groups that are apart, or their family or relation, do not exist");
    for (const Replica &replica : model.replicas)
      if (std::binary_search(replica.groups.begin(), replica.groups.end(), apart.group) &&
          std::binary_search(replica.groups.begin(), replica.groups.end(), apart.from))
        return refuse("groups {0} and {1} are apart and have a replica in common", apart.group,
                      apart.from);
  }
  for (const Spread &spread : model.spreads)
    if (!known(spread.group, spread.family))
      return refuse("a spread names a group or family that does not exist");
  for (const Near &near : model.nears)
    if (!known(near.group, near.family) || near.to >= model.groups ||
        !related(near.relation, near.family))
      return refuse("a nearness names a group, family or relation that does not exist");
  return llvm::Error::success();
}

// The worst that each kind of cost can come to, so that any mixture of them fits a Cost.
llvm::Error check_sums(const Model &model) {
  const size_t dims = model.resources.size();
  std::vector<Wide> demand(dims), free(dims);
  Wide worst = 0;
  std::vector<uint64_t> in_group(model.groups);
  for (const Replica &replica : model.replicas) {
    const Shape &shape = model.shapes[replica.shape];
    for (size_t d = 0; d < dims; ++d)
      demand[d] += shape.demand[d];
    for (uint32_t group : replica.groups)
      ++in_group[group];
    worst += replica.move_price + std::max<Cost>(replica.absence_price, 0);
    if (replica.home != nowhere && !model.pair_price.empty())
      worst += Wide{replica.pair_weight} * INT32_MAX;
  }
  for (size_t i = 0; i < model.capacity.size(); ++i)
    free[i % dims] += model.capacity[i];
  for (size_t d = 0; d < dims; ++d) {
    if (demand[d] > most_cost || free[d] > most_cost)
      return refuse("resource {0}: demands or capacities sum to more than 2^60", d);
    worst += demand[d] * model.resources[d].overload_price;
  }
  for (const Balance &balance : model.balances) {
    const Wide most = balance.target * free[balance.of] + demand[balance.to];
    if (most > most_cost)
      return refuse("a balance can come to more than 2^60");
    worst += most * balance.price;
  }
  for (Cost price : model.open_price)
    worst += price;
  std::vector<Wide> unit(dims);
  for (size_t i = 0; i < model.unit_price.size(); ++i)
    unit[i % dims] = std::max<Wide>(unit[i % dims], model.unit_price[i]);
  std::vector<Wide> by_unit;
  for (const Shape &shape : model.shapes) {
    Wide sum = 0;
    for (size_t d = 0; d < dims; ++d)
      sum += shape.demand[d] * unit[d];
    if (sum > most_cost)
      return refuse("a shape's prices by unit sum to more than 2^60");
    by_unit.push_back(sum >> 20);
  }
  for (const Replica &replica : model.replicas)
    worst += by_unit[replica.shape];
  std::vector<Cost> dearest;
  for (const auto &prices : model.prices)
    dearest.push_back(prices.empty() ? 0 : *std::max_element(prices.begin(), prices.end()));
  for (const Replica &replica : model.replicas)
    if (uint32_t list = model.shapes[replica.shape].prices; list != UINT32_MAX)
      worst += dearest[list];
  uint64_t largest = 0;
  for (uint64_t count : in_group)
    largest = std::max(largest, count);
  worst += Wide{largest} * model.busiest_group_price;
  if (worst > most_cost)
    return refuse("costs can sum to more than 2^60");
  return llvm::Error::success();
}

} // namespace

llvm::Error check(const Model &model) {
  if (!amount(model.busiest_group_price))
    return refuse("the price of the busiest group is negative or above 2^52");
  if (auto error = check_nodes(model))
    return error;
  if (auto error = check_replicas(model))
    return error;
  if (auto error = check_rules(model))
    return error;
  return check_sums(model);
}

} // namespace nemo::optimiser
