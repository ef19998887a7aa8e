// What this machine is: read once where it does not change, never assumed.
#pragma once

#include <string>

#include "protocol/fleet.pb.h"
#include "runtime-agent/sandbox/sandbox.h"

namespace nemo::agent {

/// Differs from boot to boot; empty where the kernel does not say.
std::string boot_id();

/// A random UUID (RFC 9562, version 4).
std::string new_uid();

struct Place {
  std::string node;
  std::string site;
  std::string node_class; ///< empty: unknown
};

/// Name, resources, labels, abilities as capabilities. \param state  whose file system is the disk.
proto::Node discover(const Place &place, const std::string &state, const sandbox::Host &host);

} // namespace nemo::agent
