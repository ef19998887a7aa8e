// What workloads cost at least together with what flows between them pay.
#pragma once

#include "compiler/network/egress.h"
#include "compiler/placement/jobs.h"
#include "compiler/placement/objective.h"
#include "compiler/placement/scarcity.h"

namespace nemo::placement {

/// A node that a replica may be on, and what it pays there, in 2^-price_bits of 1e-6 per hour.
struct Option {
  size_t node = 0;
  __int128 paid = 0;
};

/// The least that the replicas of `need` pay together; none where they have no nodes.
std::optional<__int128> least_of(const Problem &problem, const Need &need,
                                 const std::vector<Option> &options);

class Payments {
public:
  Payments(const Problem &problem, const compiler::Objective &objective, const compiler::Jobs &jobs,
           compiler::Egress &egress);

  /// Replicas whose payments are rounded when a plan adds them up: each by less than 1.
  uint64_t senders() const { return senders_; }
  /// The least that all replicas pay, with what they send: flows without circles exactly as far as
  /// replicas choose for themselves, of the others what the sender pays at least.
  /// \param options  by need; of one without replicas, none
  /// \returns nothing where no flow is looked at, or a workload has no nodes.
  std::optional<__int128> least(std::vector<std::vector<Option>> options);

private:
  struct Flow {
    uint32_t from = 0, to = 0;
    std::vector<int64_t> rate; ///< by node of the sender, of one pair for 1e-9 EUR/GiB
  };
  __int128 paid(const Flow &flow, size_t from, size_t to);
  bool add_rate(Flow &flow, const compiler::Objective &objective, const Rational &bandwidth) const;
  void add_least_sent(const Flow &flow, std::vector<std::vector<Option>> &options);
  bool add_tree(uint32_t root, std::vector<std::vector<Option>> &options);
  bool add_child(const Flow &flow, uint32_t child, uint32_t parent,
                 std::vector<std::vector<Option>> &options);

  const Problem &problem_;
  compiler::Egress &egress_;
  std::vector<Flow> flows_;
  std::vector<std::vector<size_t>> tree_; ///< by need, its flows in the forest
  uint64_t senders_ = 0;
};

} // namespace nemo::placement
