#include "runtime-agent/peer/line.h"

#include <cerrno>
#include <sys/epoll.h>
#include <sys/socket.h>

#include "llvm/Support/Endian.h"

#include "base/error.h"
#include "runtime-agent/peer/mail.h"

namespace nemo::agent::peer {

namespace {

constexpr size_t buffer = 64u << 10;
constexpr int rounds = 16;           ///< of one line, before the others get their turn
constexpr char taken = '\1';         ///< says who was called, when its agent has the stream
constexpr size_t record = 16u << 10; ///< of TLS
constexpr Ticks last_words = 10'000; ///< for what an agent wrote before it let go

} // namespace

Line::Line(Loop &loop, std::unique_ptr<trust::TlsSession> session, Fd tcp, Side side,
           std::string hello, Ticks until, Handlers handlers)
    : loop_(loop), session_(std::move(session)), side_(side),
      stage_(side == Side::caller ? Stage::dialling : Stage::handshake),
      handlers_(std::move(handlers)), hello_(std::move(hello)) {
  tcp_.fd = std::move(tcp);
  deadline_ = loop_.at(until, [this] { end("it took too long"); });
  if (side_ == Side::caller) {
    frame_.resize(4);
    llvm::support::endian::write32be(frame_.data(), static_cast<uint32_t>(hello_.size()));
    frame_ += hello_;
  }
}

Line::~Line() {
  for (const Loop::TimerId timer : {deadline_, more_})
    loop_.cancel(timer);
  for (Watched *one : {&tcp_, &agent_})
    want(*one, std::nullopt);
}

void Line::start() {
  SSL_set_mode(session_->get(), SSL_MODE_ENABLE_PARTIAL_WRITE |
                                    SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER | SSL_MODE_RELEASE_BUFFERS);
  if (SSL_set_fd(session_->get(), tcp_.fd.get()) != 1) {
    trust::forget_openssl_errors();
    return end("TLS cannot use the socket");
  }
  if (stage_ == Stage::dialling)
    return want(tcp_, EPOLLOUT);
  run();
}

void Line::end(const std::string &why) {
  if (stage_ == Stage::ended)
    return;
  stage_ = Stage::ended;
  for (const Loop::TimerId timer : {deadline_, more_})
    loop_.cancel(timer);
  for (Watched *one : {&tcp_, &agent_}) {
    want(*one, std::nullopt);
    one->fd.reset();
  }
  handlers_.on_end(*this, why);
}

/// One step of OpenSSL's; what it waits for is remembered. A failure ends the line.
Line::Step Line::tls(int result) {
  if (result > 0)
    return Step::done;
  const int reason = SSL_get_error(session_->get(), result);
  if (reason == SSL_ERROR_WANT_READ || reason == SSL_ERROR_WANT_WRITE) {
    (reason == SSL_ERROR_WANT_READ ? wants_read_ : wants_write_) = true;
    return Step::wait;
  }
  if (reason == SSL_ERROR_SSL && session_->refusal().empty())
    end(llvm::toString(trust::openssl_failure("TLS")));
  else
    end(session_->refusal().empty() ? "the other side has closed the connection"
                                    : session_->refusal());
  trust::forget_openssl_errors();
  return Step::failed;
}

void Line::run() {
  trust::forget_openssl_errors();
  int left = rounds;
  do
    wants_read_ = wants_write_ = false;
  while (stage_ != Stage::ended && left > 0 && advance() && --left > 0);
  if (stage_ == Stage::ended)
    return;
  if (left == 0 && more_ == 0) // OpenSSL may hold bytes that no descriptor tells of
    more_ = loop_.at(ticks(), [this] {
      more_ = 0;
      run();
    });
  settle();
}

/// Whether anything was done, so that there may be more to do.
bool Line::advance() {
  switch (stage_) {
  case Stage::dialling: {
    int error = 0;
    socklen_t size = sizeof error;
    ::getsockopt(tcp_.fd.get(), SOL_SOCKET, SO_ERROR, &error, &size);
    if (error != 0) {
      end(std::generic_category().message(error));
      return false;
    }
    stage_ = Stage::handshake;
    return true;
  }
  case Stage::handshake:
    if (tls(SSL_do_handshake(session_->get())) != Step::done)
      return false;
    stage_ = Stage::introduction;
    if (auto error = handlers_.on_peer(*this)) {
      end(llvm::toString(std::move(error)));
      return false;
    }
    return true;
  case Stage::introduction:
    return introduce();
  case Stage::open:
    return pump();
  case Stage::ended:
    break;
  }
  return false;
}

/// The caller sends a frame and waits for a byte; who is called reads no byte beyond the frame.
bool Line::introduce() {
  size_t count = 0;
  SSL *ssl = session_->get();
  if (side_ == Side::caller) {
    if (done_ < frame_.size()) {
      if (tls(SSL_write_ex(ssl, frame_.data() + done_, frame_.size() - done_, &count)) !=
          Step::done)
        return false;
      done_ += count;
      return true;
    }
    char byte = 0;
    if (tls(SSL_read_ex(ssl, &byte, 1, &count)) != Step::done)
      return false;
    if (byte == taken)
      return open();
    end("the other side does not say that it has taken the stream");
    return false;
  }
  const size_t wanted = done_ < 4 ? 4 : size_t{4} + llvm::support::endian::read32be(frame_.data());
  if (wanted == 4 ? done_ == 4 : wanted > 4 + max_hello) {
    end("a first frame that is empty or too long");
    return false;
  }
  if (done_ < wanted) {
    frame_.resize(wanted);
    if (tls(SSL_read_ex(ssl, frame_.data() + done_, wanted - done_, &count)) != Step::done)
      return false;
    done_ += count;
    return true;
  }
  hello_ = frame_.substr(4);
  to_network_ = taken;
  return open();
}

bool Line::open() {
  auto end_of_agent = handlers_.on_open(*this);
  if (!end_of_agent) {
    end(llvm::toString(end_of_agent.takeError()));
    return false;
  }
  agent_.fd = std::move(*end_of_agent);
  loop_.cancel(std::exchange(deadline_, 0));
  stage_ = Stage::open;
  for (std::string *one : {&frame_, &hello_})
    std::string().swap(*one);
  return true;
}

bool Line::pump() {
  bool any = false;
  for (bool (Line::*one)() :
       {&Line::from_network, &Line::to_agent, &Line::from_agent, &Line::to_network}) {
    any |= (this->*one)();
    if (stage_ == Stage::ended)
      return false;
  }
  if (!told_network_ || !told_agent_)
    return any;
  end("");
  return false;
}

bool Line::from_network() {
  if (network_ended_ || to_agent_.size() + record > buffer)
    return false;
  char bytes[record];
  size_t count = 0;
  SSL *ssl = session_->get();
  if (SSL_read_ex(ssl, bytes, sizeof bytes, &count) == 1) {
    to_agent_.append(bytes, count);
    return true;
  }
  if (SSL_get_error(ssl, 0) == SSL_ERROR_ZERO_RETURN)
    return network_ended_ = true;
  tls(0);
  return false;
}

bool Line::to_agent() {
  if (sent_agent_ < to_agent_.size()) {
    const ssize_t count = ::send(agent_.fd.get(), to_agent_.data() + sent_agent_,
                                 to_agent_.size() - sent_agent_, MSG_DONTWAIT | MSG_NOSIGNAL);
    if (count < 0 && errno != EAGAIN && errno != EINTR)
      agent_is_gone();
    if (count <= 0)
      return false;
    sent_agent_ += static_cast<size_t>(count);
    if (sent_agent_ == to_agent_.size()) {
      to_agent_.clear();
      sent_agent_ = 0;
    }
    return true;
  }
  if (!network_ended_ || told_agent_)
    return false;
  ::shutdown(agent_.fd.get(), SHUT_WR);
  return told_agent_ = true;
}

bool Line::from_agent() {
  if (agent_ended_ || !to_network_.empty())
    return false;
  to_network_.resize(buffer);
  const ssize_t count =
      ::recv(agent_.fd.get(), to_network_.data(), to_network_.size(), MSG_DONTWAIT);
  to_network_.resize(static_cast<size_t>(std::max<ssize_t>(count, 0)));
  if (count < 0 && (errno == EAGAIN || errno == EINTR))
    return false;
  agent_ended_ = count <= 0;
  return true;
}

bool Line::to_network() {
  SSL *ssl = session_->get();
  if (sent_network_ < to_network_.size()) {
    size_t count = 0;
    if (tls(SSL_write_ex(ssl, to_network_.data() + sent_network_,
                         to_network_.size() - sent_network_, &count)) != Step::done)
      return false;
    sent_network_ += count;
    if (sent_network_ == to_network_.size()) {
      to_network_.clear();
      sent_network_ = 0;
    }
    return true;
  }
  if (!agent_ended_ || told_network_)
    return false;
  // 0: sent, and the other side has not said the same yet.
  if (const int result = SSL_shutdown(ssl); result < 0 && tls(result) != Step::done)
    return false;
  return told_network_ = true;
}

/// It reads no more, and what it wrote last is still sent.
void Line::agent_is_gone() {
  to_agent_.clear();
  sent_agent_ = 0;
  network_ended_ = told_agent_ = true;
  want(agent_, std::nullopt);
  if (deadline_ == 0)
    deadline_ = loop_.at(ticks() + last_words, [this] { end("nobody reads it"); });
}

/// Waits for what can be used, and for nothing else: a descriptor at its end is always ready.
void Line::settle() {
  uint32_t network = 0, agent = 0;
  const bool is_open = stage_ == Stage::open;
  if (wants_read_ && (!is_open || (!network_ended_ && to_agent_.size() + record <= buffer)))
    network |= EPOLLIN;
  if (wants_write_)
    network |= EPOLLOUT;
  want(tcp_, network == 0 ? std::optional<uint32_t>() : network);
  if (!is_open || told_agent_)
    return want(agent_, agent_ended_ || !to_network_.empty() || !is_open ? std::optional<uint32_t>()
                                                                         : EPOLLIN);
  if (!agent_ended_ && to_network_.empty())
    agent |= EPOLLIN;
  if (!to_agent_.empty())
    agent |= EPOLLOUT;
  want(agent_, agent); // also 0: that it has let go altogether is told unasked
}

void Line::want(Watched &watched, std::optional<uint32_t> events) {
  if (!watched.fd || watched.interest == events)
    return;
  const std::optional<uint32_t> before = std::exchange(watched.interest, events);
  const int fd = watched.fd.get();
  if (!events)
    return loop_.forget(fd);
  if (before)
    return loop_.change(fd, *events);
  auto error = loop_.watch(fd, *events, [this, is_agent = &watched == &agent_](uint32_t seen) {
    if (is_agent && (seen & (EPOLLHUP | EPOLLERR)) != 0)
      agent_is_gone();
    run();
  });
  if (error)
    end(llvm::toString(std::move(error)));
}

} // namespace nemo::agent::peer
