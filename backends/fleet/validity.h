// Until when nodes start anything of what they were told to run: what runs goes on after that, and
// nothing new is started until it is renewed.
#pragma once

#include <chrono>
#include <string>
#include <vector>

#include "base/clock.h"
#include "protocol/transport.pb.h"

namespace nemo::backends::fleet {

/// What a person delivers holds as long as any can: nobody renews it. What a controller delivers it
/// renews, so that it ends sooner where somebody keeps its word from a node.
inline constexpr std::chrono::hours person_lifetime(90 * 24), controller_lifetime(30 * 24);

/// Of one node's part of a stack, by the node's word.
struct Validity {
  std::string node, stack;
  uint64_t generation = 0; ///< of the part
  UnixNanos since, until;
  bool held = false; ///< by the node's clock, nothing new is started
};

/// Of what a node says, that which can be.
std::vector<Validity> validities_of(const std::string &node, const proto::NodeState &state);

/// Whether it is time for a new end: when no more than a third is left of what it would be.
bool is_due(const Validity &validity, UnixNanos now, UnixNanos anew);

/// What people have to be told: what has expired, and what has less than a quarter of its life
/// left.
std::vector<std::string> notes_of(const std::vector<Validity> &validities, UnixNanos now);

} // namespace nemo::backends::fleet
