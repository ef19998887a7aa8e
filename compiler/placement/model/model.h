// The placement problem as integer tables: replicas to nodes, under rules, at a price. Everything
// that the language can say about placement compiles into these; ../README.md has the mathematics.
// The search, the bounds and the checker read them and know nothing else.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "llvm/Support/Error.h"

namespace nemo::optimiser {

/// Money per hour in a unit that the builder chooses; sums stay below `most_cost`.
using Cost = int64_t;
constexpr Cost most_cost = Cost{1} << 60;
/// No capacity, demand or price is larger; `check` refuses what is.
constexpr int64_t most_amount = int64_t{1} << 52;

constexpr uint32_t nowhere = UINT32_MAX;
/// Of a replica that has to be placed.
constexpr Cost must_be_placed = -1;

/// One dimension of what nodes have and replicas take.
struct Resource {
  bool transient = false;  ///< a replica that moves also holds what it had at home until it is done
  Cost overload_price = 0; ///< per unit of use above the node's safety capacity
};

/// Costs price * max(0, target * free(of) - free(to)) on every node; free is capacity less use, and
/// may be negative.
struct Balance {
  uint32_t of = 0, to = 0;
  int64_t target = 0;
  Cost price = 0;
};

/// A partition of the nodes: themselves, racks, sites, zones, neighbourhoods.
struct Family {
  std::vector<uint32_t> domain_of_node;
  uint32_t domains = 0;
};

/// Which domains of a family count as close to which; reaches[a * domains + b]. Not symmetric by
/// itself.
struct Relation {
  uint32_t family = 0;
  std::vector<bool> reaches;
};

/// At most `most` placed replicas of the group in a domain. Anti-affinity is most = 1.
struct Limit {
  uint32_t group = 0, family = 0, most = 1;
};

/// Placed replicas of the group in at least `least` domains.
struct Spread {
  uint32_t group = 0, family = 0, least = 1;
};

/// From no domain of a placed replica of `group` a domain with a placed replica of `from` is
/// reached. The groups have no replica in common.
struct Apart {
  uint32_t group = 0, from = 0, family = 0;
  uint32_t relation =
      UINT32_MAX; ///< index into Model::relations, of the same family; none: the same domain
};

/// From the domain of every placed replica of `group` a domain with a placed replica of `to` is
/// reached.
struct Near {
  uint32_t group = 0, to = 0, family = 0;
  uint32_t relation =
      UINT32_MAX; ///< index into Model::relations, of the same family; none: the same domain
};

/// Devices inside a node, each whole or shared: fractions of different devices are never added up.
struct Device {
  uint32_t node = 0;
  int64_t capacity = 1000; ///< thousandths
  int64_t memory = 0;      ///< the same for a second thing that shares take, as bytes
};

/// `count` different devices of one node; of each `share`, and `memory`.
struct DeviceDemand {
  uint32_t count = 0;
  int64_t share = 0;
  int64_t memory = 0;
  uint32_t allowed = UINT32_MAX; ///< index into Model::device_sets; none: every device
};

/// What replicas that are alike ask for.
struct Shape {
  std::vector<int64_t> demand; ///< by resource
  DeviceDemand devices;
  uint32_t allowed = UINT32_MAX; ///< index into Model::node_sets; none: every node
  uint32_t prices = UINT32_MAX;  ///< index into Model::prices; none: free
};

struct Replica {
  uint32_t shape = 0;
  uint32_t home = nowhere; ///< where it runs now
  Cost move_price = 0;     ///< of being anywhere else than at home, if it has one
  int64_t pair_weight = 0; ///< times pair_price[home * nodes + node]
  Cost absence_price = must_be_placed;
  std::vector<uint32_t> groups;
};

/// Minimise, over an assignment of every replica to a node or (at absence_price) to none:
///   overload + balance + opened nodes + shape and unit prices + absence + moves + node pairs +
///   busiest group
/// subject to capacities (transient ones also hold for what moves away), devices, node sets, and
/// the rules.
struct Model {
  uint32_t nodes = 0;
  std::vector<Resource> resources;
  std::vector<int64_t> capacity, safety; ///< [node * resources + resource]
  std::vector<Cost> open_price;          ///< by node, of hosting anything; empty: free
  /// [node * resources + resource], in 2^-20 of a Cost per unit taken; rounded down replica by
  /// replica; empty: free.
  std::vector<int64_t> unit_price;
  std::vector<Device> devices;                ///< those of a node follow each other, nodes in order
  std::vector<std::vector<bool>> device_sets; ///< by device
  std::vector<Balance> balances;

  std::vector<std::vector<bool>> node_sets;
  std::vector<std::vector<Cost>> prices; ///< by node
  std::vector<Shape> shapes;
  std::vector<Replica> replicas;
  uint32_t groups = 0;

  std::vector<Family> families;
  std::vector<Relation> relations;
  std::vector<Limit> limits;
  std::vector<Apart> aparts;
  std::vector<Spread> spreads;
  std::vector<Near> nears;

  std::vector<int32_t> pair_price; ///< [from * nodes + to]; empty: free
  /// Times the largest number of moved replicas in any one group.
  Cost busiest_group_price = 0;
};

struct Solution {
  std::vector<uint32_t> node_of; ///< by replica; nowhere: not placed
  /// By replica, which of its node's devices it holds, as bits counted from the node's first;
  /// empty: nobody asks for any.
  std::vector<uint32_t> devices_of;
  Cost cost = 0;
};

/// The most devices that one node may have.
constexpr uint32_t most_devices = 32;

/// What a replica of this shape pays by what it takes of a node.
Cost price_by_unit(const Model &model, const Shape &shape, size_t node);

/// Sizes that fit each other, indices in range, and numbers small enough that no sum overflows.
llvm::Error check(const Model &model);

/// Costs by kind, computed from nothing but the model and the assignment.
struct Evaluation {
  Cost overload = 0, balance = 0, opened = 0, priced = 0, absence = 0, moves = 0, pairs = 0,
       busiest = 0;
  Cost total() const {
    return overload + balance + opened + priced + absence + moves + pairs + busiest;
  }
  std::vector<std::string> violations; ///< in words; the first hundred
  bool feasible() const { return violations.empty(); }
};

/// The independent opinion on every answer of the search: shares no code with it. \pre check(model)
Evaluation evaluate(const Model &model, const Solution &solution);

} // namespace nemo::optimiser
