// Nodes that beat, a network that carries, and a controller that listens: all of it simulated, a
// millisecond at a time.
#pragma once

#include <map>
#include <random>
#include <string>
#include <vector>

#include "orchestrator/health/detector.h"

namespace nemo::health::test {

class World {
public:
  struct Node {
    std::string name, site;
    Ms interval{300}, next{}, boot_offset{};
    std::string boot_id = "first";
    uint64_t sequence = 0;
    Ms stalled_until{};      ///< sends nothing until then
    Ms path_stalled_until{}; ///< what it sends arrives then
    bool up = true, cut = false;
  };
  struct Noted {
    Ms at;
    Change change;
  };

  World(uint32_t seed, const std::vector<Member> &members, Settings settings = {});

  Ms now() const { return now_; }
  Node &node(size_t index) { return nodes_[index]; }
  size_t size() const { return nodes_.size(); }
  /// A number below `end`.
  size_t below(size_t end) { return std::uniform_int_distribution<size_t>(0, end - 1)(random_); }
  Ms up_to(Ms most) {
    return Ms(static_cast<int64_t>(below(static_cast<size_t>(most.count()) + 1)));
  }

  void run(Ms time);
  void pause_controller(Ms time) { paused_until_ = now_ + time; }
  State state(size_t index) const { return detector.find(nodes_[index].name)->state; }
  /// The first change to `state` of that node at or after `from`; absent: Ms::max().
  Ms when(size_t index, State state, Ms from) const;
  size_t count(State state) const;

  Detector detector;
  std::vector<Noted> noted;
  std::vector<Beat> sent; ///< everything that anybody has ever sent

private:
  void step();
  std::mt19937 random_;
  std::vector<Node> nodes_;
  std::multimap<Ms, Beat> on_the_way_;
  Ms now_{1'000'000}, next_tick_{}, paused_until_{};
};

/// So many nodes in so many sites, in turn.
std::vector<Member> members(size_t nodes, size_t sites);

} // namespace nemo::health::test
