#include "runtime-agent/fleet/child.h"

#include <csignal>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/error.h"

namespace nemo::agent::fleet {

llvm::Expected<Child> start_child(const std::function<int(int socket)> &work) {
  int ends[2];
  if (::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) != 0)
    return system_failure(errno, "socketpair");
  Fd mine(ends[0]);
  const Fd others(ends[1]);
  const pid_t parent = ::getpid();
  const pid_t pid = ::fork();
  if (pid < 0)
    return system_failure(errno, "fork");
  if (pid == 0) {
    ::prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (::getppid() != parent)
      ::_exit(0);
    ::signal(SIGPIPE, SIG_IGN);
    // Nothing of the agent's stays open here: neither its lock nor its journal.
    ::dup2(others.get(), 3);
    ::close_range(4, ~0u, 0);
    ::_exit(work(3));
  }
  return Child{pid, std::move(mine)};
}

} // namespace nemo::agent::fleet
