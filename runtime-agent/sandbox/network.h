// A network namespace of its own: loopback always; as root also eth0, one end of a pair whose other
// end is on the host's bridge nemo0, so that workloads of one node reach each other and the host.
#pragma once

#include <optional>
#include <string>

#include <sys/types.h>

#include "llvm/Support/Error.h"

#include "runtime-agent/sandbox/descriptor.h"

namespace nemo::sandbox {

/// "10.213.x.y", the same for the same slot.
std::string address_of(uint32_t user_slot);

/// Makes the pair, with eth0 in the namespace of `pid`, and the bridge when it is missing.
llvm::Error connect_network(const std::string &id, pid_t pid);

/// Inside: brings loopback and, when there is an address, eth0 up.
llvm::Error configure_network(const std::optional<std::string> &address);

/// \param socket  any of the namespace's.
llvm::Error bring_up(int socket, const char *interface);

/// Inside: a tap device on a bridge with eth0, so that what is behind it is on eth0's network with
/// an address of its own. It is gone with the last descriptor.
llvm::Expected<Descriptor> make_tap();

/// What the addresses of address_of() are in.
std::string gateway();
constexpr int kPrefix = 16;

/// The host's end; gone by itself once the namespace is. Nothing happens when it is not there.
void remove_network(const std::string &id);

/// Does it all once in namespaces that nobody else sees. \returns why not; empty when it works.
std::string try_network(bool root);

} // namespace nemo::sandbox
