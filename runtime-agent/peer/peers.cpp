#include "runtime-agent/peer/peers.h"

#include <csignal>
#include <fcntl.h>
#include <netdb.h>
#include <netinet/in.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/error.h"
#include "protocol/membership/address.h"
#include "protocol/peer.pb.h"
#include "runtime-agent/child/child.h"
#include "runtime-agent/peer/porter.h"

namespace nemo::agent::peer {

namespace {

constexpr Ticks start_again = 1'000;

/// \returns the socket that listens there.
llvm::Expected<membership::Socket> listen_at(llvm::StringRef where) {
  if (where.empty()) {
    for (const membership::Address &each :
         {membership::Address{"::", usual_port}, {"0.0.0.0", usual_port}, {"::", 0}}) {
      auto socket = membership::listen_on(each); // IPv6 may not be there
      if (socket)
        return socket;
      llvm::consumeError(socket.takeError());
    }
    return membership::listen_on({"0.0.0.0", 0});
  }
  const bool any_port = where.consume_back(":0");
  auto address = membership::parse_address(where, any_port ? 1 : 0);
  if (!address)
    return address.takeError();
  if (any_port)
    address->port = 0;
  return membership::listen_on(*address);
}

} // namespace

llvm::Expected<std::unique_ptr<Peers>> Peers::start(Loop &loop, const membership::Member &member,
                                                    const std::string &listen, Handlers handlers,
                                                    Ticks idle) {
  std::unique_ptr<Peers> made(new Peers(loop, member, std::move(handlers), idle));
  if (auto error = made->listen(listen))
    return error;
  if (auto error = made->wait_for_callers())
    return error;
  return made;
}

llvm::Error Peers::listen(const std::string &where) {
  auto socket = listen_at(where);
  if (!socket)
    return socket.takeError();
  listener_ = Fd(::fcntl(socket->get(), F_DUPFD_CLOEXEC, 0));
  sockaddr_storage own{};
  socklen_t size = sizeof own;
  char host[INET6_ADDRSTRLEN + 16] = "";
  if (!listener_ ||
      ::getsockname(listener_.get(), reinterpret_cast<sockaddr *>(&own), &size) != 0 ||
      ::getnameinfo(reinterpret_cast<sockaddr *>(&own), size, host, sizeof host, nullptr, 0,
                    NI_NUMERICHOST) != 0)
    return system_failure(errno, "listening for other nodes");
  port_ = ntohs(own.ss_family == AF_INET6 ? reinterpret_cast<sockaddr_in6 &>(own).sin6_port
                                          : reinterpret_cast<sockaddr_in &>(own).sin_port);
  listening_ = membership::Address{host, port_}.text();
  return llvm::Error::success();
}

llvm::Error Peers::wait_for_callers() {
  waiting_ = true;
  return loop_.watch(listener_.get(), EPOLLIN, [this](uint32_t) {
    if (auto error = launch()) {
      handlers_.on_failure(llvm::toString(std::move(error)));
      wait_soon();
    }
  });
}

llvm::Error Peers::launch() {
  if (std::exchange(waiting_, false))
    loop_.forget(listener_.get());
  auto child = start_child(
      [this](int socket, int listener) {
        PorterLimits limits;
        limits.idle = idle_;
        return carry_streams(member_, Fd(socket), Fd(listener), limits);
      },
      SOCK_SEQPACKET, listener_.get());
  if (!child)
    return child.takeError();
  pid_ = child->pid;
  mail_ = std::make_unique<Mail>(
      loop_, std::move(child->socket),
      [this](llvm::StringRef bytes, Fd with) { take(bytes, std::move(with)); },
      [this] { ended(); });
  return llvm::Error::success();
}

Peers::~Peers() {
  loop_.cancel(again_);
  if (waiting_)
    loop_.forget(listener_.get());
  asked_.clear(); // and nobody is told: their owner goes, too
  end();
}

void Peers::end() {
  mail_.reset();
  if (pid_ > 0) {
    ::kill(pid_, SIGKILL);
    ::waitpid(std::exchange(pid_, -1), nullptr, 0);
  }
}

/// The streams that it carried have ended with it.
void Peers::ended() {
  end();
  wait_soon();
  handlers_.on_failure("what carries streams to other nodes has ended");
  std::map<uint64_t, Done> asked;
  asked.swap(asked_);
  for (auto &[id, done] : asked)
    done(failure("what carries streams to other nodes has ended"));
}

/// Whoever made it end may call again at once.
void Peers::wait_soon() {
  again_ = loop_.at(ticks() + start_again, [this] {
    again_ = 0;
    if (auto error = wait_for_callers()) {
      handlers_.on_failure(llvm::toString(std::move(error)));
      wait_soon();
    }
  });
}

void Peers::connect(const std::string &node, const std::string &address, std::string hello,
                    Done done) {
  const uint64_t id = ++last_id_;
  asked_.emplace(id, std::move(done));
  if (!mail_ && again_ == 0)
    if (auto error = launch()) {
      handlers_.on_failure(llvm::toString(std::move(error)));
      wait_soon();
    }
  const char *refused = !mail_          ? "what carries streams to other nodes starts again"
                        : hello.empty() ? "there is nothing to say on the stream"
                        : hello.size() > max_hello ? "the first frame is too long"
                                                   : nullptr;
  if (refused) {
    loop_.at(ticks(), [this, id, refused, alive = std::weak_ptr(alive_)] {
      if (!alive.expired())
        settle(id, failure("{}", refused));
    });
    return;
  }
  proto::PeerOrder order;
  proto::PeerOrder::Connect &connect = *order.mutable_connect();
  connect.set_id(id);
  connect.set_node(node);
  connect.set_address(address);
  connect.set_hello(std::move(hello));
  mail_->send(order.SerializeAsString());
}

void Peers::reload() {
  proto::PeerOrder order;
  order.set_reload(true);
  if (mail_)
    mail_->send(order.SerializeAsString()); // one that is started later reads it anyway
}

void Peers::settle(uint64_t id, llvm::Expected<Fd> stream) {
  auto found = asked_.extract(id);
  if (found)
    return found.mapped()(std::move(stream));
  llvm::consumeError(stream.takeError());
}

void Peers::take(llvm::StringRef bytes, Fd with) {
  proto::PeerNews news;
  if (!news.ParseFromArray(bytes.data(), static_cast<int>(bytes.size())))
    return ended();
  switch (news.what_case()) {
  case proto::PeerNews::kOpened: {
    auto peer = trust::parse_id(news.opened().peer());
    if (!peer)
      return handlers_.on_failure(llvm::toString(peer.takeError()));
    if (with)
      handlers_.on_stream({std::move(*peer), news.opened().hello(), std::move(with)});
    return;
  }
  case proto::PeerNews::kConnected:
    if (with)
      settle(news.connected(), std::move(with));
    return;
  case proto::PeerNews::kRefused:
    return settle(news.refused().id(), failure("{}", news.refused().why()));
  case proto::PeerNews::kFailure:
    return handlers_.on_failure(news.failure());
  case proto::PeerNews::kIdle:
    if (!asked_.empty()) // it is about to be told
      return;
    end();
    if (auto error = wait_for_callers()) {
      handlers_.on_failure(llvm::toString(std::move(error)));
      wait_soon();
    }
    return;
  case proto::PeerNews::WHAT_NOT_SET:
    break;
  }
}

} // namespace nemo::agent::peer
