// Three granters and some nodes that want one lease, with clocks of their own and messages between
// them that are late, lost or doubled: all of it simulated, a millisecond at a time. What a node
// runs is stopped at its deadline by that node's clock, as its supervisor does, whatever becomes of
// the agent.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <random>
#include <vector>

#include "runtime-agent/lease/holder.h"

namespace nemo::test {

using namespace agent::lease;
using agent::Ticks;

class World {
public:
  struct Clock {
    Ticks offset = 0;
    int ppm = 0; ///< which it is too fast
    Ticks at(Ticks time) const { return offset + time + time * ppm / 1'000'000; }
  };
  struct Grants {
    Clock clock;
    std::unique_ptr<Granter> granter; ///< null: it does not run
  };
  struct Node {
    std::string name;
    Clock clock;
    uint64_t token = 0; ///< 0: it does not want the lease
    std::unique_ptr<Holder> holder;
    Ticks paused_until = 0;        ///< of the agent: what it runs goes on
    std::optional<Ticks> deadline; ///< of what runs, by its clock
    size_t starts = 0;
  };

  World(uint32_t seed, size_t nodes);

  void run(Ticks time);
  void want(size_t node, uint64_t token);
  void unwant(size_t node); ///< stops what runs, then gives the lease back
  void restart_agent(size_t node);
  void reboot(size_t node);
  void restart_granter(size_t granter);
  void cut(size_t node, size_t granter, bool is_cut) { cut_[{node, granter}] = is_cut; }
  size_t below(size_t end) { return std::uniform_int_distribution<size_t>(0, end - 1)(random_); }
  Clock any_clock();

  Ticks now() const { return now_; }
  std::optional<size_t> runs() const; ///< which node, where one does

  std::vector<Grants> grants;
  std::vector<Node> nodes;
  Ticks delay = 20;          ///< each way, at most
  int late = 0;              ///< of a thousand messages, these take up to six seconds
  int lost = 0, doubled = 0; ///< of a thousand
  Ticks overlap = 0;         ///< milliseconds at which two nodes ran it
  Ticks ran = 0;             ///< at which one did

private:
  struct Message {
    size_t node, granter;
    Request request;
    std::optional<Said> said;   ///< an answer
    const Holder *to = nullptr; ///< which agent process asked
  };
  void act(size_t node);
  void arrive(const Message &message);
  void send(const Message &message);
  void look();

  std::mt19937 random_;
  Ticks now_ = 1'000'000;
  uint64_t nonces_ = 0;
  std::multimap<Ticks, Message> under_way_;
  std::map<std::pair<size_t, size_t>, bool> cut_;
};

} // namespace nemo::test
