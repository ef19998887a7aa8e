// Candidates with clocks of their own, a store that compares and swaps, and the ways between them:
// all of it simulated, a millisecond at a time.
#pragma once

#include <map>
#include <random>
#include <string>
#include <vector>

#include "orchestrator/lead/election.h"

namespace nemo::lead::test {

class World {
public:
  struct Candidate {
    explicit Candidate(const std::string &process) : name(process), election(process) {}
    std::string name;
    Election election;
    Ms offset{};       ///< of its clock,
    int ppm = 0;       ///< which is that much too fast
    Ms paused_until{}; ///< does nothing, and its clock goes on
    bool alive = true;
    uint64_t asked = 0; ///< the question that it waits for; 0: none
    bool is_read = false;
    Ms asked_at{};
    std::vector<std::pair<uint64_t, Held>> reads; ///< answers that have come, by question
    struct Acked {
      uint64_t question, number, revision; ///< revision 0: refused
      bool failed;
    };
    std::vector<Acked> acks;
  };

  World(uint32_t seed, size_t candidates);

  Ms now() const { return now_; }
  Ms clock(const Candidate &candidate) const;
  Candidate &operator[](size_t index) { return candidates_[index]; }
  size_t size() const { return candidates_.size(); }
  size_t below(size_t end) { return std::uniform_int_distribution<size_t>(0, end - 1)(random_); }
  Ms up_to(Ms most) { return Ms(below(static_cast<size_t>(most.count()) + 1)); }

  void run(Ms time);
  void pause(size_t index, Ms time) { candidates_[index].paused_until = now_ + time; }
  /// Ends at once, and starts again as another process.
  void restart(size_t index);
  /// What was written the `age`-th last, again, whatever lies there.
  void replay(size_t age);
  /// Who thinks that it leads, by its own clock; size(): nobody.
  size_t leader() const;
  std::optional<uint64_t> term(size_t index) const;

  Ms delay{5};                           ///< each way, at most
  bool up = true;                        ///< the store
  bool takes = true;                     ///< what it is given; else it says at once that it fails
  bool conflicts = false;                ///< it says of everything that another came before
  size_t writes = 0;                     ///< that it was given
  std::vector<Held> written;             ///< that it took
  int lost_acks = 0;                     ///< in a hundred
  Held stored;                           ///< what lies there
  uint64_t last = 0;                     ///< revision that was given out
  size_t overlaps = 0;                   ///< milliseconds at which two thought that they lead
  std::map<uint64_t, std::string> terms; ///< who has led in each
  size_t shared_terms = 0;

private:
  void step();
  void act(Candidate &candidate);
  void look();
  struct Arrival {
    size_t candidate;
    std::string process; ///< that asked
    uint64_t question;
    std::optional<Write> write; ///< else it reads
    bool is_answer = false;
    Held read;
    uint64_t revision = 0;
    bool failed = false;
  };
  void arrive(Arrival arrival);

  std::mt19937 random_;
  std::vector<Candidate> candidates_;
  std::multimap<Ms, Arrival> on_the_way_;
  uint64_t questions_ = 0, processes_ = 0;
  Ms now_{1'000'000};
};

} // namespace nemo::lead::test
