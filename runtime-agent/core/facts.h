// What this machine is: read once where it does not change, never assumed.
#pragma once

#include <chrono>
#include <optional>
#include <string>

#include "llvm/ADT/StringRef.h"

#include "protocol/fleet.pb.h"
#include "runtime-agent/sandbox/sandbox.h"

namespace nemo::agent {

/// Differs from boot to boot; empty where the kernel does not say.
std::string boot_id();

/// A UUID of the time and random bits (RFC 9562, version 7).
std::string new_uid();
/// When such a uid was minted, as Unix time; nullopt for one that does not say.
std::optional<std::chrono::milliseconds> minted(llvm::StringRef uid);

struct Place {
  std::string node;
  std::string site;
  std::string node_class;  ///< empty: unknown
  std::string address;     ///< where other nodes reach this one; empty: there are none
  std::string peer_listen; ///< "ADDRESS:PORT", where it takes their streams; empty: where it likes
  bool in_fleet = false;   ///< told what other nodes run
};

/// Name, resources, labels, abilities as capabilities. \param state  whose file system is the disk.
proto::Node discover(const Place &place, const std::string &state, const sandbox::Host &host);

} // namespace nemo::agent
