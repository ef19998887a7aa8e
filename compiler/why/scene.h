// The finished placement, taken apart for one replica at a time: everybody else stays where they
// are.
#pragma once

#include <map>
#include <memory>

#include "compiler/placement/build.h"
#include "compiler/placement/state.h"
#include "compiler/why/ledger.h"

namespace nemo::why {

struct Scene {
  explicit Scene(const stages::Stages &stages);

  const stages::Stages &stages;
  const proto::Intent &intent;
  std::vector<compiler::NodeView> nodes;
  compiler::Objective objective;
  compiler::Jobs jobs;
  placement::Problem problem;
  placement::Assignment assignment;

  size_t node_of(size_t replica) const {
    return placement::index(assignment.node_of_replica[replica]);
  }
  /// Where it runs, if a rule does not take it away from there.
  std::optional<size_t> home(const placement::State &state, size_t replica) const;
  /// Everybody as placed, by the rules of `problem`.
  placement::State placed(const placement::Problem &problem) const;

private:
  void hold_while_running();
};

/// What the replica's own rules remove: each restriction with its nodes.
struct Excluded {
  stages::Restriction restriction;
  compiler::NodeBits nodes;
};
std::vector<Excluded> excluded(const placement::Problem &problem, size_t replica);

/// \param one  lifted from `state`.
struct Choice {
  size_t node;
  Rational total;
};
/// The nodes that can take the lifted replica and whose total is known, the cheapest first; of
/// equals by the order that the search has.
std::vector<Choice> choices(const placement::State &state, const Ledger &ledger, size_t replica,
                            size_t but, std::optional<size_t> home);

/// The part of an explanation that asks what would be otherwise.
class Movers {
public:
  Movers(const Scene &scene, const Ledger &ledger) : scene_(scene), ledger_(ledger) {}

  /// The least change of each price, up and down, at which another node is cheaper.
  std::vector<Price> prices(const placement::State &state, size_t replica,
                            std::optional<size_t> home);
  /// Every rule without which another node is cheaper.
  std::vector<Opening> openings(size_t replica, const std::vector<Excluded> &removals);
  /// False once planning again was too much for an answer.
  bool replanned() const { return replanned_; }

private:
  using Again = std::optional<placement::Assignment>;
  /// The problem without one rule.
  struct Without {
    stages::Restriction restriction;
    placement::Problem problem;
    placement::State state; ///< everybody as placed
    std::optional<Again> again;
    Without(const Scene &scene, const stages::Restriction &restriction);
  };
  Without &without(const stages::Restriction &restriction);
  bool affordable();
  std::optional<Again> again(size_t figure, const Rational &factor);
  std::optional<bool> confirm(const std::optional<Again> &again, size_t replica, size_t node) const;

  const Scene &scene_;
  const Ledger &ledger_;
  // Replicas of one workload ask the same: each is planned once.
  std::vector<std::unique_ptr<Without>> without_;
  std::map<std::pair<size_t, std::string>, Again> priced_;
  uint64_t left_ =
      100'000'000; ///< pairs of replica and node that may be looked at in planning again
  bool replanned_ = true;
};

} // namespace nemo::why
