// Until when desired state starts anything. What runs is kept running also after that, so that a
// fleet outlives whoever leads it; but who withholds what is newer, for long enough, gets nothing
// old started any more.
#pragma once

#include <optional>
#include <string>

#include "protocol/transport.pb.h"
#include "protocol/trust/statement.h"

namespace nemo::agent::fleet {

/// Why nothing that has never run is started by it; empty: it is.
///
/// A clock that is before the time at which the state was issued was not set since the machine
/// booted: whether the state has expired nobody can say, so it counts as expired. What the node has
/// run before starts all the same, and who cannot set the node's clock gains nothing by that.
///
/// \param now  by the wall clock.
std::string why_held(const proto::Validity &validity, UnixNanos now);

/// When it expires, where that is yet to come.
std::optional<UnixNanos> expires_after(const proto::Validity &validity, UnixNanos now);

/// Whether a statement can have held from then until then.
bool is_whole(const proto::Validity &validity);

/// Of what was accepted by an agent that did not write down until when: as long as any could hold.
proto::Validity longest(uint64_t generation, int64_t issued_unix_ms);

} // namespace nemo::agent::fleet
