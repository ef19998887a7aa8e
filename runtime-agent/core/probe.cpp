#include "runtime-agent/core/probe.h"

#include <arpa/inet.h>
#include <cerrno>
#include <csignal>
#include <cstring>
#include <netinet/in.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/wait.h>

#include <fmt/format.h>

namespace nemo::agent {

namespace {

constexpr size_t enough_reply = 1024;

/// "HTTP/1.1 204 ..." -> 204; 0 if it is no such line, -1 if more must come.
int http_status(llvm::StringRef reply) {
  const llvm::StringRef start = "HTTP/1.";
  if (!start.startswith(reply.take_front(start.size())))
    return 0;
  if (reply.size() < 12)
    return -1;
  int status = 0;
  if (reply[8] != ' ' || reply.substr(9, 3).getAsInteger(10, status) || status < 100)
    return 0;
  return status;
}

} // namespace

std::unique_ptr<Probe> Probe::start(Loop &loop, const Target &target, const sandbox::Host &host,
                                    OnDone done) {
  std::unique_ptr<Probe> probe(new Probe(loop, std::move(done)));
  const uint64_t timeout = target.check.timeout_ms() == 0 ? 1000 : target.check.timeout_ms();
  probe->timer_ = loop.at(ticks() + static_cast<Ticks>(timeout), [raw = probe.get(), timeout] {
    raw->finish(false, fmt::format("no answer within {} ms", timeout));
  });
  if (target.check.kind() == proto::Health::EXEC)
    probe->run(target, host);
  else
    probe->connect(target);
  return probe;
}

Probe::~Probe() { release(); }

void Probe::release() {
  loop_.cancel(timer_);
  if (fd_)
    loop_.forget(fd_.get());
  if (child_ > 0) {
    // Not reaped yet, so the pid is still this child's.
    ::kill(child_, SIGKILL);
    ::waitpid(child_, nullptr, 0);
    child_ = -1;
  }
  fd_.reset();
}

void Probe::finish(bool passed, std::string why) {
  release();
  OnDone done = std::move(done_);
  done(passed, std::move(why)); // may destroy this
}

void Probe::finish_soon(std::string why) {
  loop_.cancel(timer_);
  timer_ = loop_.at(0, [this, why = std::move(why)] { finish(false, why); });
}

void Probe::connect(const Target &target) {
  http_ = target.check.kind() == proto::Health::HTTP;
  if (http_)
    request_ = fmt::format(
        "GET {} HTTP/1.1\r\nHost: {}:{}\r\nUser-Agent: nemo-agent\r\nAccept: */*\r\n"
        "Connection: close\r\n\r\n",
        target.check.path().empty() ? "/" : target.check.path(), target.address, target.port);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(target.port);
  if (::inet_pton(AF_INET, target.address.c_str(), &address.sin_addr) != 1)
    return finish_soon("it has no address");
  fd_ = Fd(::socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  if (::connect(fd_.get(), reinterpret_cast<sockaddr *>(&address), sizeof address) != 0 &&
      errno != EINPROGRESS)
    return finish_soon(fmt::format("cannot connect to {}:{}: {}", target.address, target.port,
                                   std::strerror(errno)));
  if (auto error =
          loop_.watch(fd_.get(), EPOLLOUT, [this](uint32_t events) { socket_ready(events); }))
    finish_soon(llvm::toString(std::move(error)));
}

void Probe::socket_ready(uint32_t events) {
  int error = 0;
  socklen_t size = sizeof error;
  ::getsockopt(fd_.get(), SOL_SOCKET, SO_ERROR, &error, &size);
  if (error != 0)
    return finish(false, fmt::format("cannot connect: {}", std::strerror(error)));
  if (!http_)
    return finish(true, {});
  if (!request_.empty()) {
    const ssize_t count = ::send(fd_.get(), request_.data(), request_.size(), MSG_NOSIGNAL);
    if (count < 0 && errno != EAGAIN)
      return finish(false, fmt::format("cannot send the request: {}", std::strerror(errno)));
    request_.erase(0, static_cast<size_t>(std::max<ssize_t>(count, 0)));
    if (request_.empty())
      loop_.change(fd_.get(), EPOLLIN);
    return;
  }
  char chunk[512];
  const ssize_t count = ::recv(fd_.get(), chunk, sizeof chunk, 0);
  if (count < 0 && errno == EAGAIN)
    return;
  if (count < 0)
    return finish(false, fmt::format("cannot read the answer: {}", std::strerror(errno)));
  reply_.append(chunk, static_cast<size_t>(count));
  const int status = http_status(reply_);
  if (status >= 200 && status < 400)
    return finish(true, {});
  if (status >= 400)
    return finish(false, fmt::format("it answers with status {}", status));
  if (status == 0 || (status > 0 && status < 200) || count == 0 || reply_.size() > enough_reply)
    finish(false, "it does not answer in HTTP");
}

void Probe::run(const Target &target, const sandbox::Host &host) {
  const std::vector<std::string> argv(target.check.command().begin(), target.check.command().end());
  auto inside = sandbox::run_inside(target.supervisor, argv, target.environment, host);
  if (!inside)
    return finish_soon(llvm::toString(inside.takeError()));
  child_ = inside->pid;
  fd_ = Fd(inside->pidfd);
  if (auto error = loop_.watch(fd_.get(), EPOLLIN, [this](uint32_t) {
        int status = 0;
        if (::waitpid(child_, &status, WNOHANG) != child_)
          return;
        child_ = -1;
        if (WIFEXITED(status) && WEXITSTATUS(status) == 0)
          finish(true, {});
        else if (WIFEXITED(status))
          finish(false,
                 fmt::format("the check's command ended with exit code {}", WEXITSTATUS(status)));
        else
          finish(false,
                 fmt::format("the check's command was ended by signal {}", WTERMSIG(status)));
      }))
    finish_soon(llvm::toString(std::move(error)));
}

} // namespace nemo::agent
