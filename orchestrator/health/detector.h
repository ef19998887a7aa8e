// Who of a fleet is alive, from signed heartbeats and the time alone: no sockets, no clock. Its one
// idea: silence counts only while somebody listened, and what falls silent together is the network.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "llvm/ADT/StringRef.h"

#include "orchestrator/health/pulse.h"

namespace nemo::health {

struct Settings {
  Patience patience;
  Ms step{150}; ///< between two calls; of a longer pause of this process no more counts as silence,
                ///< and nobody is judged before what has come meanwhile is heard
  // A partition: a whole site, or everybody, or more than a share of a fleet that is not small.
  double share = 0.2;
  size_t large = 10; ///< nodes
  Ms at_once{5'000}; ///< what dies within that time is taken to have died together
  Ms after_partition{
      2'000}; ///< for members to find the broker again, also after our own link broke
  // Failback.
  Ms stable{10'000};       ///< without a pause, before a node that was dead is used again;
  Ms most_stable{600'000}; ///< twice as long each time that it dies again, up to this
  Ms forget{600'000};      ///< alive for so long, it is as good as any other
};

enum class State {
  alive,
  suspect,   ///< silent for longer than usual
  cut_off,   ///< silent, but so are too many others: a partition, nobody is taken for dead
  dead,      ///< what it ran is to run elsewhere
  returning, ///< heard again, and not used until it has been stable for a while
};
llvm::StringRef to_text(State state);

/// What runs on it is taken to be lost, and nothing new goes there.
inline bool lost(State state) { return state == State::dead || state == State::returning; }

struct Member {
  std::string node, site; ///< no site: nobody shares it
  /// What it ran was given to others, as it was lost before. If it is never heard, its silence says
  /// nothing about that of others.
  bool replaced = false;
};

struct NodeHealth {
  State state = State::suspect;
  std::string reason; ///< in one line, of the last change
  Ms since{};         ///< of the receiver's CLOCK_BOOTTIME
  uint64_t replays = 0;
};

struct Change {
  std::string node;
  State before, after;
  std::string reason;
};

enum class Heard { fresh, replayed, stranger };

class Detector {
public:
  explicit Detector(Settings settings = {}) : settings_(settings) {}

  /// Who is in the fleet from now on. A node that nobody has heard yet is given after_partition.
  void expect(const std::vector<Member> &members, Ms now);
  Heard hear(const Beat &beat, Ms now);
  /// Whether this process hears the broker. While it does not, nobody is silent.
  void connected(bool yes, Ms now);
  /// To be called every 50 ms or so. \returns what has changed since the last call, by node.
  std::vector<Change> tick(Ms now);

  /// Absent where the node is not expected.
  const NodeHealth *find(llvm::StringRef node) const;
  std::vector<std::string> lost_nodes() const;
  size_t size() const { return nodes_.size(); }

private:
  struct Node {
    std::string site;
    bool replaced = false;
    Pulse pulse;
    NodeHealth health;
    Ms not_before{}; ///< of the time listened: no death until then
    Ms died{};       ///< of the time listened
    Ms stable_since{};
    int deaths = 0; ///< of late
  };
  void advance(Ms now);
  void enter(const std::string &name, Node &node, State state, std::string reason);
  void die(const std::string &name, Node &node);
  void follow(const std::string &name, Node &node);
  std::map<std::string, std::string, std::less<>> held() const;
  void judge_silence();
  Ms needed(const Node &node) const;

  Settings settings_;
  std::map<std::string, Node, std::less<>> nodes_;
  std::vector<Change> changes_;
  bool connected_ = true, begun_ = false, paused_ = false;
  Ms now_{}, listened_{};
};

} // namespace nemo::health
