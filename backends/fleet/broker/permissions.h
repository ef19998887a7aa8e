// Who may publish and subscribe to what. Subjects:
//   $KV.desired.N   $KV.reported.N    the latest state of node N
//   $KV.trust.K                       revocations and roots
//   $KV.control.K                     what controllers and operators tell each other
//   hb.N   ev.N   us.N                heartbeats, events and usage of N
//   ask.N                             questions to N; it may answer whoever asked it
// Nobody but an operator may make, change or read streams by the API; a node may look up its own
// key and what everybody trusts.
#pragma once

#include <string>
#include <vector>

#include "protocol/trust/id.h"

namespace nemo::broker {

struct Permissions {
  std::vector<std::string> publish;
  std::vector<std::string> subscribe;
  bool may_answer = false; ///< to the reply subjects of what it has received
};

Permissions permissions_of(const trust::SpiffeId &id);

} // namespace nemo::broker
