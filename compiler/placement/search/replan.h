// A placement that is kept in memory, so that what happens to a node is answered in milliseconds.
#pragma once

#include <memory>

#include "compiler/placement/search/insertion.h"

namespace nemo::optimiser {

struct Change {
  uint32_t replica = 0, from = nowhere, to = nowhere;
};

struct Replan {
  std::vector<Change> changes; ///< who is elsewhere than before, by replica
  /// Whether everybody is placed and every rule kept; else only who had been on the node has moved,
  /// as far as there is room.
  bool whole = true;
};

class Resident {
public:
  /// \pre check(model)
  /// \returns an error when the solution does not keep the model's rules.
  static llvm::Expected<std::unique_ptr<Resident>> make(Model model, const Solution &solution);

  /// The node is gone: those that it hosted go where they cost least, and nobody else moves unless
  /// there is no room or a rule is broken otherwise. Nothing is held for them there any more.
  /// \param effort  ticks, at most, to make room in.
  /// \pre node < model().nodes
  Replan lose(uint32_t node, uint64_t seed, uint64_t effort);

  /// As it is now: lost nodes have no capacity. evaluate(model(), solution()) is its judge.
  const Model &model() const { return model_; }
  Solution solution() const { return state_.solution(); }
  Cost cost() const { return state_.cost(); }

private:
  explicit Resident(Model model);
  struct Moved {
    uint32_t replica, from;
  };
  void empty(uint32_t node);
  bool insert(std::vector<uint32_t> replicas);
  std::vector<Moved> make_room(const std::vector<uint32_t> &displaced, uint64_t seed,
                               uint64_t effort, bool &whole);
  bool returned(const Moved &one);

  Model model_;
  Tables tables_;
  State state_;
  std::unique_ptr<Insertion> insertion_;
};

} // namespace nemo::optimiser
