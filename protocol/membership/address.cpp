#include "protocol/membership/address.h"

#include <cerrno>
#include <memory>
#include <netdb.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>
#include <utility>

#include "base/error.h"
#include "protocol/trust/id.h"

namespace nemo::membership {

namespace {

struct Freed {
  void operator()(addrinfo *list) const { ::freeaddrinfo(list); }
};
using Addresses = std::unique_ptr<addrinfo, Freed>;

llvm::Expected<Addresses> look_up(const Address &address, bool passive) {
  addrinfo want{};
  want.ai_socktype = SOCK_STREAM;
  want.ai_flags = AI_NUMERICSERV | (passive ? AI_PASSIVE : AI_ADDRCONFIG);
  addrinfo *found = nullptr;
  const int code =
      ::getaddrinfo(address.host.c_str(), std::to_string(address.port).c_str(), &want, &found);
  if (code != 0)
    return failure("{}: {}", address.host, ::gai_strerror(code));
  return Addresses(found);
}

} // namespace

std::string Address::text() const {
  const bool is_v6 = host.find(':') != std::string::npos;
  return (is_v6 ? "[" + host + "]" : host) + ":" + std::to_string(port);
}

llvm::Expected<Address> parse_address(llvm::StringRef text, uint16_t otherwise) {
  llvm::StringRef host = text, port;
  if (text.consume_front("[")) {
    std::tie(host, port) = text.split(']');
    if (!port.empty() && !port.consume_front(":"))
      return failure("{} is no address: after ']' comes ':PORT'", trust::shown(text));
  } else if (text.count(':') == 1) {
    std::tie(host, port) = text.split(':');
  }
  const bool characters = llvm::all_of(host, [](char c) {
    return llvm::isAlnum(c) || c == '.' || c == '-' || c == ':' || c == '_' || c == '%';
  });
  if (host.empty() || host.size() > 253 || !characters || host.starts_with("-"))
    return failure("{} is no HOST:PORT", trust::shown(text));
  unsigned number = otherwise;
  if (!port.empty() && (port.getAsInteger(10, number) || number == 0 || number > 65535))
    return failure("{} is no port: it is not 1 to 65535", trust::shown(port));
  if (number == 0)
    return failure("{} has no port: HOST:PORT is needed", trust::shown(text));
  return Address{host.str(), static_cast<uint16_t>(number)};
}

Socket &Socket::operator=(Socket &&other) noexcept {
  std::swap(fd_, other.fd_);
  return *this;
}

Socket::~Socket() {
  if (fd_ >= 0)
    ::close(fd_);
}

llvm::Error await(int fd, short events, Deadline until) {
  for (;;) {
    const auto left =
        std::chrono::ceil<std::chrono::milliseconds>(until - std::chrono::steady_clock::now());
    if (left.count() <= 0)
      return failure("no answer in time");
    pollfd one{fd, events, 0};
    const int ready = ::poll(&one, 1, static_cast<int>(std::min<int64_t>(left.count(), 60'000)));
    if (ready > 0)
      return llvm::Error::success();
    if (ready < 0 && errno != EINTR)
      return system_failure(errno, "poll");
  }
}

llvm::Expected<Socket> dial(const Address &address, Deadline until) {
  auto found = look_up(address, /*passive=*/false);
  if (!found)
    return found.takeError();
  int error = 0;
  for (const addrinfo *each = found->get(); each; each = each->ai_next) {
    Socket socket(::socket(each->ai_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
    if (socket.get() < 0) {
      error = errno;
      continue;
    }
    if (::connect(socket.get(), each->ai_addr, each->ai_addrlen) != 0 && errno != EINPROGRESS) {
      error = errno;
      continue;
    }
    if (auto late = await(socket.get(), POLLOUT, until)) {
      llvm::consumeError(std::move(late));
      return failure("{} does not answer", address.text());
    }
    socklen_t size = sizeof error;
    if (::getsockopt(socket.get(), SOL_SOCKET, SO_ERROR, &error, &size) == 0 && error == 0)
      return socket;
  }
  return system_failure(error, "{}", address.text());
}

llvm::Expected<Socket> listen_on(const Address &address) {
  auto found = look_up(address, /*passive=*/true);
  if (!found)
    return found.takeError();
  const addrinfo *first = found->get();
  Socket socket(::socket(first->ai_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  const int on = 1;
  if (socket.get() < 0 ||
      ::setsockopt(socket.get(), SOL_SOCKET, SO_REUSEADDR, &on, sizeof on) != 0 ||
      ::bind(socket.get(), first->ai_addr, first->ai_addrlen) != 0 ||
      ::listen(socket.get(), 128) != 0)
    return system_failure(errno, "cannot listen on {}", address.text());
  return socket;
}

} // namespace nemo::membership
