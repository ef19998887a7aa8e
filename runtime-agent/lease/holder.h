// Who asks for a lease and keeps it: three granters are asked at once, again after a third of the
// lease, and it is held for as long as two of them have said so. Time is a parameter, nothing is
// sent here.
#pragma once

#include <array>
#include <deque>
#include <optional>
#include <string>
#include <vector>

#include "runtime-agent/lease/granter.h"

namespace nemo::agent::lease {

class Holder {
public:
  /// What an agent of this node that ended had been granted may still be in use: nothing is given
  /// back before that has run out, unless the workload is known to have ended.
  /// \param seed  of the wait after several have asked at once and none has got enough.
  Holder(Ticks duration, uint64_t seed, Ticks now)
      : duration_(duration), random_(seed | 1), gives_back_from_(now + duration) {}

  struct Ask {
    size_t granter = 0;
    bool gives_back = false;
  };
  /// Whom to ask now; each has to be sent() at once or is due again.
  std::vector<Ask> due(Ticks now);
  /// \param now  read before it is handed to anybody.
  void sent(size_t granter, const std::string &nonce, Ticks now);
  /// The nonce by which a lease is given back.
  const std::string &last_nonce(size_t granter) const { return asked_[granter].last; }

  /// What a granter has answered to `nonce`; others than those that wait count for nothing.
  void take(size_t granter, const std::string &nonce, const Said &said, Ticks now);

  /// Until when the lease is held, as far as is known: never longer than any granter keeps it from
  /// others. Nothing: it is not held.
  std::optional<Ticks> until(Ticks now) const;
  /// When due() may have something new.
  Ticks wake(Ticks now) const;
  /// Why it is not held, for people.
  std::string why(Ticks now) const;

private:
  struct Asked {
    std::deque<std::pair<std::string, Ticks>> waiting; ///< nonce and when it was sent
    std::string last;                                  ///< nonce
    Ticks next = 0;                                    ///< when to ask again
    Ticks until = 0;                                   ///< granted
    bool give_back = false;
    std::optional<Said> said; ///< other than granted
  };
  Ticks some(Ticks most);
  Ticks duration_;
  uint64_t random_;
  std::array<Asked, granters> asked_;
  Ticks gives_back_from_;
  Ticks gives_up_ = 0; ///< without a majority; 0: nothing has been granted
};

} // namespace nemo::agent::lease
