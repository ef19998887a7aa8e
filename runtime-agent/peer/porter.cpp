#include "runtime-agent/peer/porter.h"

#include <cerrno>
#include <cstring>
#include <list>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/socket.h>

#include "base/error.h"
#include "protocol/membership/address.h"
#include "protocol/peer.pb.h"
#include "runtime-agent/peer/line.h"
#include "runtime-agent/peer/mail.h"

namespace nemo::agent::peer {

namespace {

constexpr Ticks accept_again = 200;  ///< where descriptors have run out
constexpr Ticks speak_again = 1'000; ///< of refusals: who is refused must not fill the log
constexpr size_t max_why = 500;
constexpr unsigned silent_ms = 10'000; ///< until a connection that does not acknowledge is given up

/// Without a lookup, which could take its time.
llvm::Expected<sockaddr_storage> to_sockaddr(const std::string &text, socklen_t &size) {
  auto address = membership::parse_address(text, 0);
  if (!address)
    return address.takeError();
  addrinfo want{};
  want.ai_socktype = SOCK_STREAM;
  want.ai_flags = AI_NUMERICSERV | AI_NUMERICHOST;
  addrinfo *found = nullptr;
  if (::getaddrinfo(address->host.c_str(), std::to_string(address->port).c_str(), &want, &found) !=
      0)
    return failure("{} is no IP address with a port", trust::shown(text));
  sockaddr_storage made{};
  size = found->ai_addrlen;
  std::memcpy(&made, found->ai_addr, size);
  ::freeaddrinfo(found);
  return made;
}

std::string host_of(const sockaddr_storage &address) {
  char host[INET6_ADDRSTRLEN + 16] = "";
  ::getnameinfo(reinterpret_cast<const sockaddr *>(&address), sizeof address, host, sizeof host,
                nullptr, 0, NI_NUMERICHOST);
  return host;
}

/// Small writes go at once, and a node that is gone is noticed.
void prepare(int tcp) {
  const int on = 1, idle = 5, every = 2, times = 3;
  const unsigned silent = silent_ms;
  ::setsockopt(tcp, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  ::setsockopt(tcp, SOL_SOCKET, SO_KEEPALIVE, &on, sizeof on);
  ::setsockopt(tcp, IPPROTO_TCP, TCP_KEEPIDLE, &idle, sizeof idle);
  ::setsockopt(tcp, IPPROTO_TCP, TCP_KEEPINTVL, &every, sizeof every);
  ::setsockopt(tcp, IPPROTO_TCP, TCP_KEEPCNT, &times, sizeof times);
  ::setsockopt(tcp, IPPROTO_TCP, TCP_USER_TIMEOUT, &silent, sizeof silent);
}

class Porter {
public:
  Porter(Loop &loop, const membership::Member &member, Fd listener, const PorterLimits &limits)
      : loop_(loop), member_(&member), listener_(std::move(listener)), limits_(limits) {}

  llvm::Error start(Fd mail) {
    for (const auto side : {trust::TlsContext::Side::client, trust::TlsContext::Side::server}) {
      const membership::Credentials &held = member_->credentials();
      auto made =
          trust::TlsContext::mutual(side, member_->key(), held.chain, {held.bundle},
                                    held.revocations, [](const trust::Svid &svid) -> llvm::Error {
                                      if (svid.id.role == trust::Role::node)
                                        return llvm::Error::success();
                                      return failure("{} is no node", svid.id.text());
                                    });
      if (!made)
        return made.takeError();
      (side == trust::TlsContext::Side::client ? client_ : server_) = std::move(*made);
    }
    mail_ = std::make_unique<Mail>(
        loop_, std::move(mail), [this](llvm::StringRef bytes, const Fd &) { take(bytes); },
        [this] { loop_.stop(); });
    idle_later();
    return loop_.watch(listener_.get(), EPOLLIN, [this](uint32_t) { accept(); });
  }

private:
  using Lines = std::list<std::unique_ptr<Line>>;

  void tell(const proto::PeerNews &news, Fd with = Fd()) {
    mail_->send(news.SerializeAsString(), std::move(with));
  }
  void say(std::string text) {
    if (ticks() < speak_at_)
      return;
    speak_at_ = ticks() + speak_again;
    proto::PeerNews news;
    news.set_failure(text.substr(0, max_why));
    tell(news);
  }
  void refuse(uint64_t id, std::string why) {
    proto::PeerNews news;
    news.mutable_refused()->set_id(id);
    news.mutable_refused()->set_why(why.substr(0, max_why));
    tell(news);
  }

  void take(llvm::StringRef bytes) {
    proto::PeerOrder order;
    if (!order.ParseFromArray(bytes.data(), static_cast<int>(bytes.size())))
      return loop_.stop();
    if (order.reload())
      reload();
    if (order.has_connect()) {
      if (std::exchange(is_idle_, false)) {
        loop_.change(listener_.get(), EPOLLIN);
        idle_later();
      }
      connect(order.connect());
    }
  }

  void idle_later() {
    loop_.cancel(idle_);
    idle_ = loop_.at(ticks() + limits_.idle, [this] {
      if (!lines_.empty())
        return; // again when the last has gone
      is_idle_ = true;
      loop_.change(listener_.get(), 0); // whoever calls now is the agent's
      proto::PeerNews news;
      news.set_idle(true);
      tell(news);
    });
  }

  void reload() {
    auto newer = membership::Member::load(member_->directory());
    if (!newer)
      return say("the membership: " + llvm::toString(newer.takeError()));
    newer_ = std::move(*newer);
    member_ = &*newer_;
    const membership::Credentials &held = member_->credentials();
    for (trust::TlsContext *context : {client_.get(), server_.get()}) {
      if (auto error = context->replace(member_->key(), held.chain))
        say("the certificate: " + llvm::toString(std::move(error)));
      context->replace({held.bundle}, held.revocations);
    }
    look();
  }

  void connect(const proto::PeerOrder::Connect &order) {
    socklen_t size = 0;
    auto address = to_sockaddr(order.address(), size);
    if (!address)
      return refuse(order.id(), llvm::toString(address.takeError()));
    if (lines_.size() >= limits_.lines)
      return refuse(order.id(), "this node has too many streams");
    Fd tcp(::socket(address->ss_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
    if (!tcp || (::connect(tcp.get(), reinterpret_cast<sockaddr *>(&*address), size) != 0 &&
                 errno != EINPROGRESS))
      return refuse(order.id(), std::generic_category().message(errno));
    add(std::move(tcp), Line::Side::caller, order.hello(), [&](Line &line) {
      line.node = order.node();
      line.id = order.id();
    });
  }

  void accept() {
    sockaddr_storage from{};
    socklen_t size = sizeof from;
    Fd tcp(::accept4(listener_.get(), reinterpret_cast<sockaddr *>(&from), &size,
                     SOCK_CLOEXEC | SOCK_NONBLOCK));
    if (!tcp) {
      if (errno == EMFILE || errno == ENFILE || errno == ENOMEM || errno == ENOBUFS) {
        loop_.change(listener_.get(), 0);
        loop_.at(ticks() + accept_again,
                 [this] { loop_.change(listener_.get(), is_idle_ ? 0 : EPOLLIN); });
      }
      return;
    }
    const std::string source = host_of(from);
    make_room(source);
    if (lines_.size() < limits_.lines)
      add(std::move(tcp), Line::Side::called, "", [&](Line &line) { line.source = source; });
  }

  /// Who has said nothing for longest goes, so that the silent keep nobody out.
  void make_room(const std::string &source) {
    size_t all = 0, here = 0;
    Line *first = nullptr, *first_here = nullptr;
    for (const auto &line : lines_) {
      if (line->side() != Line::Side::called || line->stage() != Line::Stage::handshake)
        continue;
      ++all;
      first = first ? first : line.get();
      if (line->source != source)
        continue;
      ++here;
      first_here = first_here ? first_here : line.get();
    }
    if (here >= limits_.of_source)
      first_here->end("too many that have not said who they are come from " + source);
    else if (all >= limits_.strangers)
      first->end("too many have not said who they are");
  }

  template <typename Fill> void add(Fd tcp, Line::Side side, std::string hello, Fill fill) {
    prepare(tcp.get());
    const bool is_caller = side == Line::Side::caller;
    auto session = (is_caller ? client_ : server_)->session();
    if (!session)
      return say(llvm::toString(session.takeError()));
    lines_.push_back(std::make_unique<Line>(
        loop_, std::move(*session), std::move(tcp), side, std::move(hello),
        ticks() + (is_caller ? limits_.dialling : limits_.introduction),
        Line::Handlers{[this](Line &line) { return know(line); },
                       [this](Line &line) { return open(line); },
                       [this](Line &line, const std::string &why) { ended(line, why); }}));
    Line &line = *lines_.back();
    fill(line);
    if (look_ == 0)
      look_later();
    line.start();
  }

  llvm::Error know(Line &line) {
    const trust::SpiffeId &id = line.peer()->id;
    if (line.side() == Line::Side::caller && id.name != line.node)
      return failure("{} answers, not the node {}", id.text(), line.node);
    const auto of_peer = llvm::count_if(lines_, [&](const std::unique_ptr<Line> &one) {
      return one->stage() != Line::Stage::ended && one->peer() && one->peer()->id == id;
    });
    if (static_cast<size_t>(of_peer) > limits_.of_peer)
      return failure("{} has too many streams", id.text());
    return llvm::Error::success();
  }

  llvm::Expected<Fd> open(Line &line) {
    int ends[2];
    if (::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, ends) != 0)
      return system_failure(errno, "socketpair");
    Fd own(ends[0]), of_agent(ends[1]);
    proto::PeerNews news;
    if (line.side() == Line::Side::caller) {
      news.set_connected(line.id);
    } else {
      news.mutable_opened()->set_peer(line.peer()->id.text());
      news.mutable_opened()->set_hello(line.hello());
    }
    line.is_told = true;
    tell(news, std::move(of_agent));
    return own;
  }

  void ended(Line &line, const std::string &why) {
    if (line.side() == Line::Side::caller && !line.is_told)
      refuse(line.id, why);
    else if (!why.empty())
      say("a stream with " + (line.peer() ? line.peer()->id.text() : line.source) + ": " + why);
    if (sweep_ == 0)
      sweep_ = loop_.at(ticks(), [this] {
        sweep_ = 0;
        lines_.remove_if(
            [](const std::unique_ptr<Line> &one) { return one->stage() == Line::Stage::ended; });
        if (lines_.empty() && !is_idle_)
          idle_later();
      });
  }

  void look() {
    std::vector<std::pair<Line *, std::string>> bad;
    for (const auto &line : lines_)
      if (line->peer() && line->stage() != Line::Stage::ended) {
        const bool is_caller = line->side() == Line::Side::caller;
        if (auto error = (is_caller ? client_ : server_)->check(line->session(), now()))
          bad.emplace_back(line.get(), llvm::toString(std::move(error)));
      }
    for (auto &[line, why] : bad)
      line->end(why);
  }

  void look_later() {
    look_ = loop_.at(ticks() + limits_.look_again, [this] {
      look_ = 0;
      look();
      if (!lines_.empty())
        look_later();
    });
  }

  Loop &loop_;
  const membership::Member *member_;
  std::optional<membership::Member> newer_; ///< than what the agent had when it forked
  Fd listener_;
  PorterLimits limits_;
  std::unique_ptr<trust::TlsContext> client_, server_;
  std::unique_ptr<Mail> mail_;
  Lines lines_;
  Loop::TimerId look_ = 0, sweep_ = 0, idle_ = 0;
  bool is_idle_ = false; ///< and has said so
  Ticks speak_at_ = 0;
};

} // namespace

int carry_streams(const membership::Member &member, Fd mail, Fd listener,
                  const PorterLimits &limits) {
  auto loop = Loop::create();
  if (!loop)
    return llvm::consumeError(loop.takeError()), 1;
  Porter porter(**loop, member, std::move(listener), limits);
  llvm::Error error = porter.start(std::move(mail));
  if (!error)
    error = (*loop)->run();
  const int code = error ? 1 : 0;
  llvm::consumeError(std::move(error));
  return code;
}

} // namespace nemo::agent::peer
