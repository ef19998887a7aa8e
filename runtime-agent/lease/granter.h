// One of three that let a node hold a lease. Keeps nothing on the disk: after a start it says
// nothing until whatever it may have granted before has run out.
#pragma once

#include <map>
#include <string>

#include "llvm/ADT/StringRef.h"

#include "runtime-agent/lease/lease.h"

namespace nemo::agent::lease {

/// What a granter says.
struct Said {
  enum Kind : uint8_t {
    granted,  ///< for the duration that was asked, from the sending on
    silent,   ///< it has started too lately to know
    held,     ///< by `holder`, for `wait` at most
    outdated, ///< a higher token was granted before
    no_such,  ///< a request that no holder makes, or too many leases
    given_back,
  };
  Kind kind = no_such;
  Ticks wait = 0;
  std::string holder;
};

class Granter {
public:
  static constexpr size_t most = 10'000; ///< leases that are remembered
  static constexpr size_t of_holder = 1'000;

  /// \param started  by CLOCK_BOOTTIME, as every time here.
  explicit Granter(Ticks started);

  /// \param highest  token that can have been given out by now: a higher one is a lie, and would
  /// keep everybody else from the lease.
  Said ask(const Request &request, Ticks now, uint64_t highest);

  size_t size() const { return leases_.size(); }

private:
  struct Lease {
    std::string holder, nonce;
    uint64_t token = 0; ///< the highest that was granted
    Ticks until = 0;    ///< drift included
  };
  bool make_room(const std::string &holder, Ticks now);
  Ticks silent_until_;
  std::map<std::string, Lease> leases_;
};

} // namespace nemo::agent::lease
