// More processor promised than a node has, as far as a stated risk allows.
//
// A replica uses at most its peak p and on average m, independently of the others. Then for every
// s > 0, by Chernoff, the chance that all of a node use more than C is at most
// exp(sum ln(1 + m/p (e^(s p) - 1)) - s C): largest of all such use is that which is either nothing
// or the peak (Hoeffding, JASA 58, 1963). For one s it is a sum over replicas, so each has an
// effective amount, as bandwidth has (Hui, IEEE JSAC 6, 1988; Kelly, Notes on effective bandwidths,
// 1996), and capacity of these is what placement knows how to keep.
#pragma once

#include <optional>
#include <vector>

#include "compiler/pipeline/stages.pb.h"

namespace nemo::compiler {

/// How the nodes of the world count the processor of the stack's replicas.
struct Overcommit {
  double s = 0;         ///< per core
  uint64_t reserve = 0; ///< of an effective node, millicores: ln(1 / risk) / s, rounded up
  /// By node: whether the effective amounts are to fit it beside the reserve, and the peaks one by
  /// one; else the peaks together, as on nodes that do not over-commit.
  std::vector<char> effective;
};

/// In 1e-9; of several objectives' the smallest. nullopt: nothing is over-committed.
std::optional<uint64_t> overcommit_ppb(const proto::Intent &intent);

/// The s of a fixed grid, and the kind of every node, with which most average replicas of the
/// intent fit the fleet beside what others hold. A workload that may wait counts once, so that the
/// same is found however many of it do. nullopt: nothing is over-committed.
std::optional<Overcommit> overcommit(const stages::Inputs &inputs,
                                     const stages::Resolved &resolved);

/// By node of the world, in millicores: what others leave of its processor, counted at their peaks.
std::vector<uint64_t> free_processor(const stages::Inputs &inputs,
                                     const stages::Resolved &resolved);

/// ln(1 + m/p (e^(s p) - 1)) / s in millicores, rounded up; never more than the peak.
uint64_t effective_millicores(const proto::Resources &resources, double s);

/// What a replica uses at most and on average, in millicores.
struct Usage {
  uint64_t peak = 0, mean = 0;
};
Usage usage_of(const proto::Resources &resources);
/// The least Chernoff bound of the chance that together they want more than `room` millicores.
double chance_of_excess(const std::vector<Usage> &usages, uint64_t room);

} // namespace nemo::compiler
