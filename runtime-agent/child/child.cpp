#include "runtime-agent/child/child.h"

#include <csignal>
#include <fcntl.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "base/error.h"

namespace nemo::agent {

llvm::Expected<Child> start_child(const std::function<int(int socket, int also)> &work, int type,
                                  int also) {
  int ends[2];
  if (::socketpair(AF_UNIX, type | SOCK_CLOEXEC, 0, ends) != 0)
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
    const int socket = ::fcntl(others.get(), F_DUPFD_CLOEXEC, 5);
    const int second = also < 0 ? -1 : ::fcntl(also, F_DUPFD_CLOEXEC, 5);
    if (socket < 0 || (also >= 0 && second < 0))
      ::_exit(1);
    ::dup2(socket, 3);
    if (second >= 0)
      ::dup2(second, 4);
    ::close_range(second < 0 ? 4 : 5, ~0u, 0);
    ::_exit(work(3, second < 0 ? -1 : 4));
  }
  return Child{pid, std::move(mine)};
}

} // namespace nemo::agent
