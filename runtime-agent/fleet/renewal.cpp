#include "runtime-agent/fleet/renewal.h"

#include <csignal>
#include <sys/epoll.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/error.h"
#include "protocol/membership/exchange.h"
#include "runtime-agent/child/child.h"

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
  auto child = start_child([this](int socket, int) {
    auto error = renew(member_.directory());
    if (!error)
      return 0;
    const std::string why = llvm::toString(std::move(error)).substr(0, max_said);
    (void)!::write(socket, why.data(), why.size());
    return 1;
  });
  if (!child)
    return child.takeError();
  pid_ = child->pid;
  socket_ = std::move(child->socket);
  said_.clear();
  return loop_.watch(socket_.get(), EPOLLIN, [this](uint32_t) { ready(); });
}

void Renewal::ready() {
  char buffer[1024];
  const ssize_t count = ::read(socket_.get(), buffer, sizeof buffer);
  if (count < 0 && errno == EINTR)
    return;
  if (count > 0 && said_.size() < max_said) {
    said_.append(buffer, static_cast<size_t>(count));
    return;
  }
  int status = 0;
  loop_.forget(socket_.get());
  socket_.reset();
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
  if (socket_)
    loop_.forget(socket_.get());
  socket_.reset();
  if (pid_ > 0) {
    ::kill(pid_, SIGKILL);
    ::waitpid(std::exchange(pid_, -1), nullptr, 0);
  }
}

} // namespace nemo::agent::fleet
