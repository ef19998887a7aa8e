#include "runtime-agent/fleet/renewal.h"

#include <csignal>
#include <fcntl.h>
#include <sys/epoll.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/error.h"
#include "protocol/membership/exchange.h"

namespace nemo::agent::fleet {

namespace {

using membership::Member;

constexpr std::chrono::seconds exchange_limit{20};
constexpr Ticks again = 60'000;
constexpr size_t max_said = 4 << 10;

/// The child: what it gets lies on the disk when it ends well.
llvm::Error renew(const std::string &directory) {
  auto member = Member::load(directory);
  if (!member)
    return member.takeError();
  auto answer = membership::renew(*member, exchange_limit);
  if (!answer)
    return answer.takeError();
  return member->replace(std::move(answer->credentials), std::move(answer->places));
}

} // namespace

void Renewal::look() {
  if (pid_ > 0 || ticks() < not_before_ || !member_.is_renewal_due(now()))
    return;
  not_before_ = ticks() + again;
  // Somebody else may have done it: `nemo fleet renew`.
  if (auto held = Member::load(member_.directory()); !held)
    llvm::consumeError(held.takeError());
  else if (held->begins() > member_.begins())
    return on_new_(std::move(*held));
  if (auto error = launch())
    on_failure_("renewing the certificate: " + llvm::toString(std::move(error)));
}

llvm::Error Renewal::launch() {
  int ends[2];
  if (::pipe2(ends, O_CLOEXEC) != 0)
    return system_failure(errno, "pipe");
  const pid_t parent = ::getpid();
  pid_ = ::fork();
  if (pid_ < 0) {
    const int why = errno;
    ::close(ends[0]);
    ::close(ends[1]);
    return system_failure(why, "fork");
  }
  if (pid_ == 0) {
    ::prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (::getppid() != parent)
      ::_exit(0);
    ::signal(SIGPIPE, SIG_IGN);
    // Nothing of the agent's stays open here: neither its lock nor its journal.
    ::dup2(ends[1], 3);
    ::close_range(4, ~0u, 0);
    if (auto error = renew(member_.directory())) {
      const std::string why = llvm::toString(std::move(error)).substr(0, max_said);
      (void)!::write(3, why.data(), why.size());
      ::_exit(1);
    }
    ::_exit(0);
  }
  ::close(ends[1]);
  pipe_ = Fd(ends[0]);
  said_.clear();
  return loop_.watch(pipe_.get(), EPOLLIN, [this](uint32_t) { ready(); });
}

void Renewal::ready() {
  char buffer[1024];
  const ssize_t count = ::read(pipe_.get(), buffer, sizeof buffer);
  if (count < 0 && errno == EINTR)
    return;
  if (count > 0 && said_.size() < max_said) {
    said_.append(buffer, static_cast<size_t>(count));
    return;
  }
  int status = 0;
  loop_.forget(pipe_.get());
  pipe_.reset();
  ::waitpid(std::exchange(pid_, -1), &status, 0);
  if (!WIFEXITED(status) || WEXITSTATUS(status) != 0)
    return on_failure_("renewing the certificate: " + (said_.empty() ? "it ended" : said_));
  auto renewed = Member::load(member_.directory());
  if (renewed)
    on_new_(std::move(*renewed));
  else
    on_failure_("the new certificate: " + llvm::toString(renewed.takeError()));
}

void Renewal::end() {
  if (pipe_)
    loop_.forget(pipe_.get());
  pipe_.reset();
  if (pid_ > 0) {
    ::kill(pid_, SIGKILL);
    ::waitpid(std::exchange(pid_, -1), nullptr, 0);
  }
}

} // namespace nemo::agent::fleet
