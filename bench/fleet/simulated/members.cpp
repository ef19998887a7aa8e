#include "bench/fleet/simulated/members.h"

#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <memory>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <openssl/ssl.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/error.h"
#include "protocol/link/subjects.h"
#include "protocol/membership/member.h"
#include "protocol/transport.pb.h"
#include "protocol/trust/certificate.h"

namespace nemo::bench {

namespace {

using namespace std::chrono_literals;

constexpr size_t handshakes_at_once = 64; ///< the broker gives each five seconds
constexpr auto report_holds = 1h;

using Context = std::unique_ptr<SSL_CTX, trust::Released<SSL_CTX_free>>;

class Member {
public:
  enum class Stage { greeting, handshake, open };

  Member(const Identity &identity, const trust::Trust &trust) : me_(identity), trust_(trust) {}
  ~Member() {
    ssl_.reset();
    if (fd_ >= 0)
      ::close(fd_);
  }
  Member(const Member &) = delete;

  int fd() const { return fd_; }
  bool is_there() const { return is_there_; }
  bool wants_to_write() const {
    return stage_ == Stage::handshake ? ssl_wants_write_ : !out_.empty();
  }

  llvm::Error connect(SSL_CTX *context, int port) {
    fd_ = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_in at{};
    at.sin_family = AF_INET;
    at.sin_port = htons(static_cast<uint16_t>(port));
    at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    if (fd_ < 0 || ::connect(fd_, reinterpret_cast<const sockaddr *>(&at), sizeof at) != 0)
      return failure("{} does not reach the broker: {}", me_.id.name, ::strerror(errno));
    const int yes = 1;
    ::setsockopt(fd_, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof yes);
    ssl_.reset(::SSL_new(context));
    if (!ssl_ || ::SSL_use_PrivateKey(ssl_.get(), me_.key.get()) != 1)
      return trust::openssl_failure("a key");
    for (size_t i = 0; i < me_.chain.size(); ++i) {
      auto certificate = trust::parse_certificate(me_.chain[i]);
      if (!certificate)
        return certificate.takeError();
      if ((i == 0 ? ::SSL_use_certificate(ssl_.get(), certificate->get())
                  : static_cast<int>(::SSL_add1_chain_cert(ssl_.get(), certificate->get()))) != 1)
        return trust::openssl_failure("a certificate");
    }
    if (::SSL_set1_host(ssl_.get(), membership::broker_name) != 1 ||
        ::SSL_set_fd(ssl_.get(), fd_) != 1)
      return trust::openssl_failure("a connection");
    ::SSL_set_connect_state(ssl_.get());
    return llvm::Error::success();
  }

  /// As far as it goes without waiting.
  llvm::Error go_on() {
    if (stage_ == Stage::greeting) { // in the clear: one line, and not a byte of what follows
      char byte = 0;
      while (stage_ == Stage::greeting) {
        const ssize_t n = ::recv(fd_, &byte, 1, MSG_DONTWAIT);
        if (n < 0 && (errno == EAGAIN || errno == EINTR))
          return llvm::Error::success();
        if (n <= 0)
          return failure("the broker greets {} with nothing", me_.id.name);
        if (byte == '\n')
          stage_ = Stage::handshake;
      }
      ::fcntl(fd_, F_SETFL, ::fcntl(fd_, F_GETFL) | O_NONBLOCK);
    }
    if (stage_ == Stage::handshake) {
      const int result = ::SSL_do_handshake(ssl_.get());
      if (result != 1) {
        const int why = ::SSL_get_error(ssl_.get(), result);
        ssl_wants_write_ = why == SSL_ERROR_WANT_WRITE;
        return why == SSL_ERROR_WANT_READ || ssl_wants_write_
                   ? llvm::Error::success()
                   : trust::openssl_failure("a handshake");
      }
      stage_ = Stage::open;
      if (auto error = introduce())
        return error;
    }
    if (auto error = read())
      return error;
    return write();
  }

private:
  llvm::Error introduce() {
    out_ += R"(CONNECT {"verbose":false,"pedantic":false,"headers":true,"no_responders":true,)"
            R"("lang":"bench","version":"1"})"
            "\r\n";
    out_ += "SUB " + link::desired(me_.id.name) + " 1\r\n";
    out_ += "SUB " + link::ask(me_.id.name) + " 2\r\n";
    proto::Statement statement;
    statement.mutable_sealing_key()->set_public_key(me_.sealing.public_key());
    auto key = sign(std::move(statement));
    if (!key)
      return key.takeError();
    sealing_key_ = std::move(*key);
    if (auto error = report())
      return error;
    out_ += "PING\r\n";
    return llvm::Error::success();
  }

  llvm::Expected<std::string> sign(proto::Statement statement) {
    const UnixNanos time = now();
    generation_ = std::max(generation_ + 1, static_cast<uint64_t>(trust::to_unix_ms(time)));
    statement.set_node(me_.id.name);
    statement.set_generation(generation_);
    statement.set_issued_unix_ms(trust::to_unix_ms(time));
    statement.set_expires_unix_ms(trust::to_unix_ms(time + report_holds));
    return trust::sign(std::move(statement), {me_.key, me_.id, me_.chain, {}});
  }

  llvm::Error report() {
    proto::NodeSays says;
    proto::NodeState &state = *says.mutable_state();
    state.mutable_fleet()->set_version(1);
    state.mutable_fleet()->add_nodes()->set_name(me_.id.name);
    if (accepted_.has_response())
      *state.add_accepted() = accepted_;
    proto::Statement statement;
    statement.mutable_report()->set_payload(says.SerializeAsString());
    auto bytes = sign(std::move(statement));
    if (!bytes)
      return bytes.takeError();
    proto::NodeReported reported;
    reported.set_report(std::move(*bytes));
    reported.set_sealing_key(sealing_key_);
    const std::string value = reported.SerializeAsString();
    out_ +=
        fmt::format("PUB {} {}\r\n", link::reported(me_.id.name), value.size()) + value + "\r\n";
    return llvm::Error::success();
  }

  llvm::Error take_desired(llvm::StringRef value) {
    proto::NodeDesired desired;
    if (!desired.ParseFromArray(value.data(), static_cast<int>(value.size())))
      return failure("{}: what it shall run cannot be read", me_.id.name);
    for (const proto::NodeDesired::Entry &entry : desired.entries()) {
      auto verified = trust::verify(
          entry.signed_(), trust::Expectation::desired_state(me_.id, mark_, now()), trust_);
      if (!verified)
        return verified.takeError();
      auto plain = trust::open_payload(*verified, me_.sealing);
      if (!plain)
        return plain.takeError();
      proto::DeliverCall call;
      if (!call.ParseFromArray(plain->bytes().data(), static_cast<int>(plain->bytes().size())) ||
          call.part().node() != me_.id.name)
        return failure("{}: what is sealed to it is not its own", me_.id.name);
      mark_ = verified->mark();
      accepted_.set_stack(call.part().stack());
      accepted_.set_digest(trust::sha256_bytes(entry.signed_()));
      accepted_.set_epoch(mark_.epoch);
      accepted_.set_generation(mark_.generation);
      accepted_.mutable_response()->mutable_delivered()->set_generation(mark_.generation);
    }
    return report();
  }

  llvm::Error take_lines() {
    for (size_t end = 0; (end = in_.find("\r\n")) != std::string::npos;) {
      llvm::StringRef line = llvm::StringRef(in_).take_front(end);
      const bool has_headers = line.startswith("HMSG ");
      if (has_headers || line.startswith("MSG ")) {
        const auto [rest, whole] = line.rsplit(' ');
        size_t size = 0, headers = 0;
        if (whole.getAsInteger(10, size) ||
            (has_headers && rest.rsplit(' ').second.getAsInteger(10, headers)) || headers > size)
          return failure("the broker speaks no NATS: {}", line.str());
        if (in_.size() < end + 2 + size + 2)
          return llvm::Error::success();
        if (line.split(' ').second.startswith(link::desired(me_.id.name) + " "))
          if (auto error =
                  take_desired(llvm::StringRef(in_).substr(end + 2 + headers, size - headers)))
            return error;
        in_.erase(0, end + 2 + size + 2);
        continue;
      }
      if (line.startswith("-ERR"))
        return failure("the broker says to {}: {}", me_.id.name, line.str());
      if (line == "PING")
        out_ += "PONG\r\n";
      is_there_ |= line == "PONG";
      in_.erase(0, end + 2);
    }
    return llvm::Error::success();
  }

  llvm::Error read() {
    char piece[16 << 10];
    for (;;) {
      const int n = ::SSL_read(ssl_.get(), piece, sizeof piece);
      if (n > 0) {
        in_.append(piece, static_cast<size_t>(n));
        continue;
      }
      if (::SSL_get_error(ssl_.get(), n) != SSL_ERROR_WANT_READ)
        return failure("the broker has hung up on {}", me_.id.name);
      return take_lines();
    }
  }

  llvm::Error write() {
    while (!out_.empty()) {
      const int n = ::SSL_write(ssl_.get(), out_.data(), static_cast<int>(out_.size()));
      if (n <= 0)
        return ::SSL_get_error(ssl_.get(), n) == SSL_ERROR_WANT_WRITE
                   ? llvm::Error::success()
                   : failure("the broker takes nothing from {}", me_.id.name);
      out_.erase(0, static_cast<size_t>(n));
    }
    return llvm::Error::success();
  }

  const Identity &me_;
  const trust::Trust &trust_;
  int fd_ = -1;
  std::unique_ptr<SSL, trust::Released<SSL_free>> ssl_;
  Stage stage_ = Stage::greeting;
  bool ssl_wants_write_ = false, is_there_ = false;
  std::string in_, out_, sealing_key_;
  uint64_t generation_ = 0;
  trust::Mark mark_;
  proto::Outcome accepted_;
};

llvm::Expected<Context> make_context(const trust::Bundle &bundle) {
  Context context(::SSL_CTX_new(::TLS_client_method()));
  if (!context)
    return trust::openssl_failure("TLS");
  ::SSL_CTX_set_mode(context.get(), SSL_MODE_RELEASE_BUFFERS | SSL_MODE_ENABLE_PARTIAL_WRITE |
                                        SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
  ::SSL_CTX_set_verify(context.get(), SSL_VERIFY_PEER, nullptr);
  for (const std::string &root : bundle.roots) {
    auto certificate = trust::parse_certificate(root);
    if (!certificate)
      return certificate.takeError();
    ::X509_STORE_add_cert(::SSL_CTX_get_cert_store(context.get()), certificate->get());
  }
  return context;
}

} // namespace

llvm::Error be_members(const std::vector<Identity> &members, const trust::Bundle &bundle, int port,
                       int ready) {
  auto context = make_context(bundle);
  if (!context)
    return context.takeError();
  trust::Paths paths;
  const trust::Revocations none;
  const trust::Trust trust{bundle, none, &paths};
  const int epoll = ::epoll_create1(EPOLL_CLOEXEC);
  std::vector<std::unique_ptr<Member>> all;
  size_t there = 0;
  for (std::vector<epoll_event> events(1'000);;) {
    for (; all.size() < members.size() && all.size() - there < handshakes_at_once;) {
      auto &member = all.emplace_back(std::make_unique<Member>(members[all.size()], trust));
      if (auto error = member->connect(context->get(), port))
        return error;
      epoll_event event{EPOLLIN, {.ptr = member.get()}};
      if (::epoll_ctl(epoll, EPOLL_CTL_ADD, member->fd(), &event) != 0)
        return failure("epoll: {}", ::strerror(errno));
    }
    const int count = ::epoll_wait(epoll, events.data(), static_cast<int>(events.size()), -1);
    for (int i = 0; i < count; ++i) {
      auto &member = *static_cast<Member *>(events[static_cast<size_t>(i)].data.ptr);
      const bool was_there = member.is_there(), wrote = member.wants_to_write();
      if (auto error = member.go_on())
        return error;
      if (wrote != member.wants_to_write()) {
        epoll_event event{EPOLLIN | (member.wants_to_write() ? EPOLLOUT : 0u), {.ptr = &member}};
        ::epoll_ctl(epoll, EPOLL_CTL_MOD, member.fd(), &event);
      }
      if (!was_there && member.is_there() && ++there == members.size())
        (void)!::write(ready, "x", 1);
    }
  }
}

} // namespace nemo::bench
