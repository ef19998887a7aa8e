// Schedulers that take one replica at a time and never look back, as clusters have them today: a
// filter that is the model's own rules, the same for all, and a score that is the policy's.
#pragma once

#include <functional>
#include <vector>

#include "compiler/placement/model/model.h"
#include "compiler/placement/search/random.h"
#include "llvm/ADT/ArrayRef.h"

namespace nemo::bench::peers {

/// What is placed so far.
class Placed {
public:
  /// \pre check(model); no devices, transient resources or spreads are looked at.
  explicit Placed(const optimiser::Model &model);

  const optimiser::Model &model() const { return model_; }
  uint32_t node_of(uint32_t replica) const { return node_of_[replica]; }
  int64_t used(uint32_t node, uint32_t resource) const {
    return used_[node * model_.resources.size() + resource];
  }
  bool hosts(uint32_t node) const { return hosted_[node] > 0; }
  /// Placed replicas of a group in a domain.
  uint32_t count(uint32_t group, uint32_t family, uint32_t domain) const;

  /// Capacity, set of nodes, limits, and nearness to and from what is placed already.
  bool admits(uint32_t replica, uint32_t node) const;
  /// \pre admits, and it is not placed.
  void place(uint32_t replica, uint32_t node);
  void lift(uint32_t replica);

private:
  bool reaches(const optimiser::Near &near, uint32_t from, uint32_t to) const;
  bool near_what_is_placed(uint32_t group, uint32_t node) const;

  const optimiser::Model &model_;
  std::vector<uint32_t> node_of_, hosted_;
  std::vector<int64_t> used_;
  std::vector<std::vector<uint32_t>> nodes_of_group_;
  std::vector<std::vector<uint32_t>> limits_of_, nears_of_, nears_to_; ///< indices, by group
};

/// Which of the nodes that the filter left, at least one.
using Choose = std::function<uint32_t(const Placed &, uint32_t replica, llvm::ArrayRef<uint32_t>)>;

/// Replicas that belong together and are placed one after the other: [begin, end).
struct Part {
  uint32_t begin = 0, end = 0;
};

struct Placement {
  optimiser::Solution solution; ///< nowhere for those that found no node
  uint32_t unplaced = 0, begun_anew = 0;
};

/// Part by part. When a replica finds no node, the part is taken back and begun anew with its first
/// replica in another domain of the family, as often as there are domains. When a part finds no
/// room even so, everything is begun anew with that part first, some times, so that a policy serves
/// everybody if it can; the answer is the first that leaves out fewest.
Placement place_in_order(const optimiser::Model &model, const std::vector<Part> &parts,
                         uint32_t retry_family, const Choose &choose);

/// What runs stays where it is, as kube-scheduler and Cluster Autoscaler have it: only what no
/// longer fits its node, the last placed first, is placed again; and a node that can sleep and uses
/// less than half of everything is emptied when all of it finds room on nodes that are awake, least
/// used nodes first. Source: Cluster Autoscaler's documentation (scale-down, its default
/// threshold).
/// \param may_go  whether what is taken off a node (first) to empty it may go to another (second).
Placement keep_and_scale_down(const optimiser::Model &model, const optimiser::Solution &running,
                              const std::vector<bool> &can_sleep, const Choose &choose,
                              const std::function<bool(uint32_t, uint32_t)> &may_go);

/// kube-scheduler's default scores: NodeResourcesFit as LeastAllocated (weight 1),
/// NodeResourcesBalancedAllocation (1) and PodTopologySpread (2) with the cluster's default
/// constraints, over nodes (skew 3) and zones (skew 5); ties at random. The replica's first group
/// is that of its service. Source: the plugins' documentation, Kubernetes 1.30. \pre two resources
Choose spread_and_least_allocated(uint32_t node_family, uint32_t zone_family, uint64_t seed);

/// The least carbon intensity, then the most allocated of those.
/// \param intensity  by node.
Choose carbon_then_most_allocated(std::vector<double> intensity);

/// What adds least to the model's cost: of opening a node and of the load on it.
Choose least_added_cost();

} // namespace nemo::bench::peers
