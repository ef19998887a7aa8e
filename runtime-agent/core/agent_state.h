// The directory that one agent keeps everything in: made private, checked to be its owner's, and
// held by a lock, so that two agents never share one.
#pragma once

#include <string>

#include "llvm/Support/Error.h"

#include "runtime-agent/core/loop.h"

namespace nemo::agent {

/// Makes the directory (0700) where it is missing. The lock lasts as long as the returned
/// descriptor, or the process. \param socket  noted in the lock file, for the message that a second
/// agent gives.
llvm::Expected<Fd> lock_state(const std::string &directory, const std::string &socket);

/// The directory of a socket: made (0700) where it is missing.
llvm::Error make_socket_directory(const std::string &socket);

} // namespace nemo::agent
