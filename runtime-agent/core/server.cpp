#include "runtime-agent/core/server.h"

#include <algorithm>
#include <cerrno>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <fmt/format.h>

#include "base/error.h"
#include "protocol/framing/framing.h"

namespace nemo::agent {

namespace {

constexpr Ticks sweep_every = 5'000;
constexpr Ticks linger_ms = 5'000;

llvm::Expected<sockaddr_un> address_of(const std::string &path) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  if (path.empty() || path.size() >= sizeof address.sun_path)
    return failure("The socket's path '{}' is {} bytes long; a Unix socket's path has 1 to {}. "
                   "Name a shorter one with "
                   "--socket or NEMO_SOCKET.",
                   path, path.size(), sizeof address.sun_path - 1);
  std::copy(path.begin(), path.end(), address.sun_path);
  return address;
}

} // namespace

proto::BackendResponse refusal(proto::BackendError::Code code, std::string message) {
  proto::BackendResponse response;
  response.mutable_error()->set_code(code);
  response.mutable_error()->set_message(std::move(message));
  return response;
}

llvm::Expected<std::unique_ptr<Server>> Server::listen(Loop &loop, const std::string &path,
                                                       Handler handler, const Limits &limits) {
  auto address = address_of(path);
  if (!address)
    return address.takeError();
  const auto *generic = reinterpret_cast<const sockaddr *>(&*address);
  std::unique_ptr<Server> server(new Server(loop, path, std::move(handler), limits));
  auto make = [] { return Fd(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0)); };
  struct stat found {};
  if (::lstat(path.c_str(), &found) == 0) {
    if (!S_ISSOCK(found.st_mode))
      return failure(
          "{} exists and is not a socket. Remove it, or name another path with --socket.", path);
    Fd probe = make();
    if (::connect(probe.get(), generic, sizeof *address) == 0 || errno == EAGAIN)
      return failure("Another program answers on {}. End it with `nemo agent stop`, or name "
                     "another path with --socket.",
                     path);
    if (errno != ECONNREFUSED)
      return system_failure(errno, "cannot look at the socket {}", path);
    ::unlink(path.c_str()); // left behind by an agent that was killed
  }
  Fd listener = make();
  if (!listener)
    return system_failure(errno, "socket");
  const mode_t mask = ::umask(0177);
  const int bound = ::bind(listener.get(), generic, sizeof *address);
  const int error = errno;
  ::umask(mask);
  if (bound != 0)
    return system_failure(error, "cannot listen on {}", path);
  if (::listen(listener.get(), 64) != 0)
    return system_failure(errno, "cannot listen on {}", path);
  server->listener_ = std::move(listener);
  if (auto failed = loop.watch(server->listener_.get(), EPOLLIN,
                               [raw = server.get()](uint32_t) { raw->accept(); }))
    return failed;
  return server;
}

Server::~Server() { close(); }

void Server::close() {
  loop_.cancel(sweep_);
  while (!clients_.empty()) {
    Client &client = *clients_.front();
    client.stream = nullptr;
    send(client);
    drop(client);
  }
  if (listener_) {
    loop_.forget(listener_.get());
    listener_.reset();
    ::unlink(path_.c_str());
  }
}

bool Server::make_room() {
  if (clients_.size() < limits_.clients)
    return true;
  // The one that has been silent longest, with nothing under way, makes room.
  Client *idle = nullptr;
  for (const auto &client : clients_)
    if (!client->stream && client->in.empty() && client->out.empty() &&
        (!idle || client->progress < idle->progress))
      idle = client.get();
  if (idle)
    drop(*idle);
  return idle != nullptr;
}

void Server::accept() {
  for (;;) {
    Fd fd(::accept4(listener_.get(), nullptr, nullptr, SOCK_CLOEXEC | SOCK_NONBLOCK));
    if (!fd) {
      if (errno == EMFILE || errno == ENFILE) {
        // A pending connection keeps the listener readable: look away instead of spinning.
        loop_.change(listener_.get(), 0);
        paused_ = true;
        sweep_later();
      }
      return;
    }
    ucred peer{};
    socklen_t size = sizeof peer;
    auto client = std::make_shared<Client>();
    client->fd = std::move(fd);
    client->progress = ticks();
    const bool known = ::getsockopt(client->fd.get(), SOL_SOCKET, SO_PEERCRED, &peer, &size) == 0;
    const bool room = make_room();
    clients_.push_back(client);
    client->interest = EPOLLIN;
    if (auto error =
            loop_.watch(client->fd.get(), EPOLLIN,
                        [this, raw = client.get()](uint32_t events) { ready(*raw, events); })) {
      llvm::consumeError(std::move(error));
      clients_.pop_back();
      continue;
    }
    if (!known || (peer.uid != ::geteuid() && peer.uid != 0))
      refuse(*client, proto::BackendError::DENIED,
             fmt::format("This agent belongs to user {}; user {} may not ask it anything. Run nemo "
                         "as that user or as root.",
                         ::geteuid(), peer.uid));
    else if (!room)
      refuse(*client, proto::BackendError::UNAVAILABLE,
             fmt::format("The agent serves {} clients already. Try again later.", limits_.clients));
  }
}

void Server::refuse(Client &client, proto::BackendError::Code code, std::string message) {
  client.out += framing::encode(refusal(code, std::move(message)));
  client.closing = true;
  client.stream = nullptr;
  held_ -= client.in.size();
  std::string().swap(client.in);
  send(client);
  settle(client);
}

void Server::ready(Client &client, uint32_t events) {
  const auto keep = *std::find_if(clients_.begin(), clients_.end(),
                                  [&](auto &one) { return one.get() == &client; });
  if (events & EPOLLERR)
    return drop(client);
  if (events & EPOLLRDHUP)
    client.ended = true;
  if (events & EPOLLOUT)
    send(client);
  if (!keep->gone && (events & (EPOLLIN | EPOLLHUP)))
    read(client);
  if (!keep->gone)
    pump(client);
}

void Server::read(Client &client) {
  char chunk[64 << 10];
  const ssize_t count = ::recv(client.fd.get(), chunk, sizeof chunk, 0);
  if (count < 0) {
    if (errno != EAGAIN && errno != EINTR)
      drop(client);
    return;
  }
  if (count == 0) {
    client.ended = true;
    return;
  }
  if (client.closing)
    return; // read and dropped, so that the refusal is not lost to a reset
  client.progress = ticks();
  if (client.in.empty())
    client.began = client.progress;
  client.in.append(chunk, static_cast<size_t>(count));
  held_ += static_cast<size_t>(count);
  if (client.in.size() > limits_.request_bytes)
    return refuse(client, proto::BackendError::INVALID,
                  fmt::format("A request is at most {} MiB here. Send less at once.",
                              limits_.request_bytes >> 20));
  if (held_ > limits_.total_bytes)
    refuse(client, proto::BackendError::UNAVAILABLE,
           "The agent is busy with other large requests. Try again later.");
}

void Server::pump(Client &client) {
  const auto keep = *std::find_if(clients_.begin(), clients_.end(),
                                  [&](auto &one) { return one.get() == &client; });
  client.more = false;
  while (!client.closing) {
    if (client.out.size() - client.sent >= limits_.answer_bytes) {
      client.more = true;
      break;
    }
    if (client.stream) {
      proto::BackendResponse response;
      const Pull pull = client.stream(response);
      if (pull == Pull::wait)
        break;
      if (pull == Pull::done) {
        client.stream = nullptr;
        response.mutable_done();
      }
      client.out += framing::encode(response);
      continue;
    }
    proto::BackendRequest request;
    const size_t before = client.in.size();
    const framing::Take take = framing::take(client.in, request);
    held_ -= before - client.in.size();
    if (take == framing::Take::incomplete)
      break;
    if (take == framing::Take::malformed)
      return refuse(client, proto::BackendError::INVALID,
                    "These bytes are no request of this protocol (a varint length, then one "
                    "BackendRequest).");
    client.began = ticks();
    if (client.in.empty())
      std::string().swap(client.in); // gives a large request's memory back
    if (request.version() != 1)
      return refuse(client, proto::BackendError::INVALID,
                    fmt::format("This agent speaks version 1 of the protocol, the request version "
                                "{}. Use a nemo and a "
                                "nemo-agent of the same release.",
                                request.version()));
    Answer answer = handler_(request);
    if (auto *stream = std::get_if<Stream>(&answer))
      client.stream = std::move(*stream);
    else
      client.out += framing::encode(std::get<proto::BackendResponse>(answer));
  }
  send(client);
  // Others first: a client that asks and reads fast goes on in the next round.
  if (client.more && client.out.empty())
    loop_.at(0, [this, weak = std::weak_ptr(keep)] {
      if (const auto client = weak.lock(); client && !client->gone)
        pump(*client);
    });
  settle(client);
}

void Server::send(Client &client) {
  while (client.sent < client.out.size()) {
    const ssize_t count = ::send(client.fd.get(), client.out.data() + client.sent,
                                 client.out.size() - client.sent, MSG_NOSIGNAL);
    if (count < 0) {
      if (errno == EINTR)
        continue;
      if (errno != EAGAIN)
        client.ended = client.closing = true, client.sent = client.out.size();
      break;
    }
    client.sent += static_cast<size_t>(count);
    client.progress = ticks();
  }
  if (client.sent == client.out.size()) {
    client.sent = 0;
    std::string().swap(client.out);
  }
}

void Server::settle(Client &client) {
  const bool unsent = !client.out.empty();
  // Closing at once would cost a client that is still sending the answer: it hears the end and
  // hangs up itself.
  if (client.closing && !unsent && !client.ended && !client.lingering) {
    client.lingering = true;
    client.began = ticks();
    ::shutdown(client.fd.get(), SHUT_WR);
  }
  if ((client.closing && !unsent && client.ended) ||
      (client.ended && ((!unsent && !client.more) || client.stream)))
    return drop(client);
  // Reads only what it can act on: while an answer is under way the rest waits in the socket, where
  // it costs its sender.
  const bool busy = unsent && client.out.size() - client.sent >= limits_.answer_bytes;
  uint32_t interest = (unsent ? EPOLLOUT : 0u);
  if (!client.ended && (client.stream || client.closing || !busy) &&
      (!client.stream || client.in.empty()))
    interest |= EPOLLIN;
  if (interest == 0)
    interest = EPOLLRDHUP;
  if (unsent || client.lingering || !client.in.empty())
    sweep_later();
  if (interest != client.interest) {
    client.interest = interest;
    loop_.change(client.fd.get(), interest);
  }
}

void Server::wake() {
  const auto all = clients_; // a pump may drop its client
  for (const auto &client : all)
    if (!client->gone && client->stream)
      pump(*client);
}

void Server::sweep() {
  sweep_ = 0;
  const Ticks now = ticks();
  const auto all = clients_;
  for (const auto &client : all) {
    const bool stuck_out = !client->out.empty() && now - client->progress > limits_.unread_ms;
    const bool stuck_in = !client->in.empty() && !client->stream && client->out.empty() &&
                          now - client->began > limits_.partial_ms;
    if (stuck_out || (client->lingering && now - client->began > linger_ms))
      drop(*client);
    else if (stuck_in)
      refuse(*client, proto::BackendError::INVALID,
             "The rest of the request did not come in time.");
  }
  if (paused_) {
    paused_ = false;
    loop_.change(listener_.get(), EPOLLIN);
  }
  if (std::any_of(clients_.begin(), clients_.end(), [](const auto &client) {
        return client->lingering || !client->in.empty() || !client->out.empty();
      }))
    sweep_later();
}

void Server::sweep_later() {
  if (sweep_ == 0)
    sweep_ = loop_.at(ticks() + sweep_every, [this] { sweep(); });
}

void Server::drop(Client &client) {
  if (client.gone)
    return;
  client.gone = true;
  held_ -= client.in.size();
  loop_.forget(client.fd.get());
  clients_.remove_if([&](const auto &one) { return one.get() == &client; });
}

} // namespace nemo::agent
