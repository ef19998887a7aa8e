// What a broker is told: where it listens, who its members are.
#pragma once

#include <string>
#include <vector>

#include "protocol/membership/address.h"
#include "protocol/trust/id.h"

namespace nemo::broker {

/// Somebody that may connect, by the keys that were certified for it and not revoked.
struct Peer {
  trust::SpiffeId id;
  std::vector<std::string> key_ids; ///< 32 bytes each
};

struct Settings {
  std::string fleet;
  std::string name;           ///< of this broker
  membership::Address listen; ///< for members
  std::string directory;      ///< absolute; holds chain.pem, signing.key, roots.pem and the store
  std::vector<Peer> members; ///< of every role; brokers here are who may ask for the system's state
  bool sync_always = false;  ///< every write on the disk before it is acknowledged; from 2.10 on
};

} // namespace nemo::broker
