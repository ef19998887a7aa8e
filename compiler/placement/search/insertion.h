// Where a replica costs least now, found among the nodes that are cheap for anybody.
#pragma once

#include <vector>

#include "compiler/placement/search/price_order.h"

namespace nemo::optimiser {

/// How many nodes that may take it are compared.
struct Breadth {
  uint32_t few = 8;      ///< at least, if there are so many
  uint32_t further = 64; ///< as long as a rule about it lacks something and none mends it
  /// Of those where arriving costs at most this share more than where it costs least, that is taken
  /// whose free room is most like what the replica takes. 0: the cheapest.
  double tolerance = 0;
};

struct Choice {
  uint32_t node = nowhere;
  int64_t strain = 0; ///< by how much the rules would be more broken
  Cost cost = 0;      ///< by how much it would rise

  bool better_than(const Choice &other) const {
    return other.node == nowhere || strain < other.strain ||
           (strain == other.strain && cost < other.cost);
  }
};

class Insertion {
public:
  /// \pre only `shift` changes what the state's nodes host, or nothing by the next call of `best`.
  explicit Insertion(State &state);

  /// Of a replica that is nowhere: the node that breaks rules least, at least cost up to the
  /// tolerance; its home is among those compared. Adds to `looked` the nodes that it looked at.
  /// Source of the alignment: Grandl, Ananthanarayanan, Kandula, Rao and Akella (2014),
  /// "Multi-resource packing for cluster schedulers"; here the angle, so that size does not count.
  Choice best(uint32_t replica, const Breadth &breadth, uint64_t &looked) const;

  /// Takes the node for the best if it is better and may take the replica. \returns whether it may.
  bool consider(uint32_t replica, uint32_t node, Cost leaving, Choice &best) const;

  void shift(uint32_t replica, uint32_t node);
  /// After a node was closed.
  void update(uint32_t node) { order_.update(state_, node); }

private:
  double alignment(uint32_t replica, uint32_t node) const;

  State &state_;
  PriceOrder order_;
  std::vector<double> weight_; ///< by room: one by the mean capacity
  mutable std::vector<Choice> compared_;
};

} // namespace nemo::optimiser
