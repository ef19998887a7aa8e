// Which of several controllers leads: one candidate's part of it, as a state machine. It is told
// what lies under one key of a store that compares and swaps, and says what to read and write; no
// sockets, no clock. Its one idea: whoever leads counts from sending a renewal, whoever waits from
// first seeing one, each by its own clock, so that the former always ends first.
//
// After Gray and Cheriton (Leases, SOSP 1989); the tokens are for who checks them (fencing), since
// no lease holds for a process that is paused between looking at it and acting.
#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <optional>
#include <string>

namespace nemo::lead {

/// Milliseconds; as a point in time, of the candidate's own CLOCK_BOOTTIME.
using Ms = std::chrono::milliseconds;

struct Settings {
  Ms duration{2'000}; ///< of the lease
  Ms renew{500};      ///< after the last renewal was sent
  Ms poll{100};       ///< between two looks of who does not lead
  Ms aside{5'000};    ///< so long others come before who stands last
  Ms pause{1'000};    ///< at most, between two writes that fail
  /// Tokens that nodes or other candidates claim are believed up to here: far from where a node
  /// that has accepted nothing yet would take none (trust::max_first_epoch).
  uint64_t most_token = uint64_t{1} << 39;
};

/// Which candidate wrote what lies under the key. Revision 0: nothing lies there.
struct Held {
  uint64_t revision = 0;
  bool believed = false; ///< its signature is good; the rest is empty where it is not
  std::string process;   ///< of the writer: random
  std::string name;      ///< of the writer, for people
  uint64_t token = 0;
  uint64_t number = 0;         ///< of its writer's writes
  Ms duration{};               ///< 0: it was given back
  int64_t written_unix_ms = 0; ///< by its writer's clock, for people
  bool operator==(const Held &) const = default;
};

struct Write {
  uint64_t number = 0, revision = 0; ///< the revision that it may replace
  uint64_t token = 0;
  Ms duration{}; ///< 0: gives it back
};

struct Step {
  bool read = false;
  std::optional<Write> write;
};

/// How a candidate takes part.
enum class Stand {
  first, ///< takes the lead as soon as it is free
  last,  ///< only where nobody else does
  aside, ///< gives it back if it leads, and looks on
};

class Election {
public:
  explicit Election(std::string process, Settings settings = {})
      : process_(std::move(process)), settings_(settings) {}

  /// What to do now; each is answered by one of the calls below before there is more.
  Step next(Ms now);
  void saw(const Held &held, Ms now);
  void could_not_read() { busy_ = false; }
  void stored(uint64_t number, uint64_t revision, Ms now);
  void refused(uint64_t number, Ms now); ///< somebody else's came before
  void unanswered(Ms now);               ///< it may be stored, or be stored later

  /// While it leads: the token. Nothing is to be begun without asking again.
  std::optional<uint64_t> term(Ms now) const;
  /// Somebody has accepted this token, so that the next has to be above.
  void at_least(uint64_t token);
  /// From now on, until it is said again.
  void stand(Stand how) { stand_ = how; }
  /// Leads no more, and says so to the others if it did; takes part no more.
  void give_back() { leaving_ = true; }
  /// After give_back(): nothing is left to be said.
  bool has_left(Ms now) const { return leaving_ && !busy_ && !term(now); }

  const std::optional<Held> &held() const { return held_; }
  /// Writes that may give it the lead yet, if they turn out to be stored.
  size_t unsettled() const { return sent_.size(); }

private:
  struct Sent {
    Ms at{};
    uint64_t token = 0;
    Ms duration{};
    bool is_mark = false;
    uint64_t replaces = 0; ///< revision
  };
  struct Lease {
    uint64_t token;
    Ms until;
  };
  bool may_take(Ms now) const;
  void look_again();
  void failed(Ms now);
  Write send(Sent sent);
  void take(const Sent &sent, uint64_t number, uint64_t revision, Ms now);

  std::string process_;
  Settings settings_;
  std::optional<Held> held_;
  Ms seen_at_{};         ///< when that revision was seen first
  bool is_free_ = false; ///< there is no lease to be waited for
  std::optional<Lease> lease_;
  std::map<uint64_t, Sent> sent_; ///< that nothing is known of yet
  uint64_t numbers_ = 0;          ///< of our writes
  uint64_t highest_ = 0, floor_ = 0;
  Ms renew_at_{}, read_at_{}, write_at_{}, pause_{};
  Stand stand_ = Stand::first;
  bool busy_ = false, is_unsure_ = true, leaving_ = false;
};

} // namespace nemo::lead
