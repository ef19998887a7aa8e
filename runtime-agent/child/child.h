// Work that waits for the network, or needs threads, in a process of its own: the agent has one
// thread, which may do neither.
#pragma once

#include <functional>

#include <sys/socket.h>
#include <sys/types.h>

#include "runtime-agent/core/loop.h"

namespace nemo::agent {

struct Child {
  pid_t pid = -1;
  Fd socket; ///< at its end when the child has ended
};

/// Forks: the calling process has one thread. The child ends with the agent, and holds nothing of
/// it but its end of the socket, and `also`, where there is one. \param work  in the child; its
/// result is the exit code.
llvm::Expected<Child> start_child(const std::function<int(int socket, int also)> &work,
                                  int type = SOCK_STREAM, int also = -1);

} // namespace nemo::agent
