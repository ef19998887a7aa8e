#include "backends/wire/client.h"

#include <cerrno>
#include <csignal>
#include <fcntl.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <utility>

#include "backends/wire/refusal.h"
#include "base/diagnostics/registry.h"
#include "base/error.h"
#include "protocol/framing/framing.h"

namespace nemo::backends::wire {

namespace {

using Clock = std::chrono::steady_clock;

void set_nonblocking(int fd) { ::fcntl(fd, F_SETFL, ::fcntl(fd, F_GETFL) | O_NONBLOCK); }

/// poll on one descriptor until `deadline`. \returns false when the time is over.
bool wait_for(int fd, short events, Clock::time_point deadline) {
  for (;;) {
    const auto left = std::chrono::ceil<milliseconds>(deadline - Clock::now()).count();
    pollfd entry{.fd = fd, .events = events, .revents = 0};
    const int ready = ::poll(&entry, 1, static_cast<int>(std::max<int64_t>(0, left)));
    if (ready > 0)
      return true;
    if (ready == 0 || errno != EINTR)
      return false;
  }
}

/// write(2) on a pipe whose reader is gone raises SIGPIPE, which would end this program. It is held
/// back for this one call and taken off again, so that nobody else's handling of it changes.
ssize_t write_without_signal(int fd, const char *data, size_t size) {
  const ssize_t sent = ::send(fd, data, size, MSG_NOSIGNAL);
  if (sent >= 0 || errno != ENOTSOCK)
    return sent;
  sigset_t pipe_only, before, waiting;
  sigemptyset(&pipe_only);
  sigaddset(&pipe_only, SIGPIPE);
  sigpending(&waiting);
  const bool was_pending = sigismember(&waiting, SIGPIPE) == 1;
  pthread_sigmask(SIG_BLOCK, &pipe_only, &before);
  const ssize_t written = ::write(fd, data, size);
  const int error = errno;
  if (written < 0 && error == EPIPE && !was_pending) {
    const timespec at_once{};
    while (::sigtimedwait(&pipe_only, nullptr, &at_once) < 0 && errno == EINTR)
      ;
  }
  pthread_sigmask(SIG_SETMASK, &before, nullptr);
  errno = error;
  return written;
}

void end_process(Subprocess &process) {
  process.close_stdin();
  const int handle = static_cast<int>(::syscall(SYS_pidfd_open, process.pid(), 0));
  if (handle < 0)
    return; // the owner kills it
  if (wait_for(handle, POLLIN, Clock::now() + std::chrono::seconds(2)))
    process.wait();
  ::close(handle);
}

} // namespace

llvm::Error protocol_fault(const std::string &peer, const std::string &what) {
  Diagnostic fault = diag::make(diag::N0805, fmt::format("{} {}", peer, what));
  fault.fix =
      "check that both sides are of one version; what the other side printed to stderr is above";
  return failure(std::move(fault));
}

Client::Client(int socket, std::string peer) : socket_(socket), peer_(std::move(peer)) {
  set_nonblocking(socket_);
}

Client::Client(Subprocess process, std::string peer)
    : process_(std::move(process)), peer_(std::move(peer)) {
  set_nonblocking(process_->stdin_fd());
  set_nonblocking(process_->stdout_fd());
}

Client::Client(Client &&other) noexcept
    : socket_(std::exchange(other.socket_, -1)), process_(std::move(other.process_)),
      peer_(std::move(other.peer_)), pending_(std::move(other.pending_)), broken_(other.broken_) {
  other.process_.reset();
}

Client &Client::operator=(Client &&other) noexcept {
  if (this != &other) {
    release();
    socket_ = std::exchange(other.socket_, -1);
    process_ = std::move(other.process_);
    other.process_.reset();
    peer_ = std::move(other.peer_);
    pending_ = std::move(other.pending_);
    broken_ = other.broken_;
  }
  return *this;
}

Client::~Client() { release(); }

void Client::release() {
  if (socket_ >= 0)
    ::close(std::exchange(socket_, -1));
  if (process_) {
    end_process(*process_);
    process_.reset();
  }
}

int Client::read_fd() const { return process_ ? process_->stdout_fd() : socket_; }
int Client::write_fd() const { return process_ ? process_->stdin_fd() : socket_; }

llvm::Error Client::send(proto::BackendRequest &request, milliseconds patience) {
  if (broken_)
    return protocol_fault(peer_, "is not spoken to any more after the fault before");
  request.set_version(1);
  const std::string frame = framing::encode(request);
  if (frame.size() > framing::max_frame)
    return failure("a request of {} bytes is over the protocol's limit of {}", frame.size(),
                   framing::max_frame);
  const auto deadline = Clock::now() + patience;
  for (size_t done = 0; done < frame.size();) {
    const ssize_t n = write_without_signal(write_fd(), frame.data() + done, frame.size() - done);
    if (n > 0) {
      done += static_cast<size_t>(n);
      continue;
    }
    if (n < 0 && errno == EINTR)
      continue;
    if (n < 0 && errno == EAGAIN) {
      if (wait_for(write_fd(), POLLOUT, deadline))
        continue;
      broken_ = true;
      return protocol_fault(peer_, "does not read what it is sent");
    }
    broken_ = true;
    return protocol_fault(peer_, "hung up before it had read the request");
  }
  return llvm::Error::success();
}

llvm::Expected<Client::Came> Client::receive(proto::BackendResponse &response,
                                             milliseconds patience) {
  const auto deadline = Clock::now() + patience;
  for (;;) {
    switch (framing::take(pending_, response)) {
    case framing::Take::complete:
      return Came::frame;
    case framing::Take::malformed:
      broken_ = true;
      return protocol_fault(peer_, "sent bytes that are no message of the protocol");
    case framing::Take::incomplete:
      break;
    }
    char chunk[65536];
    const ssize_t n = ::read(read_fd(), chunk, sizeof chunk);
    if (n > 0) {
      pending_.append(chunk, static_cast<size_t>(n));
      continue;
    }
    if (n < 0 && errno == EINTR)
      continue;
    if (n < 0 && errno == EAGAIN) {
      if (wait_for(read_fd(), POLLIN, deadline))
        continue;
      return Came::nothing;
    }
    broken_ = true;
    if (n == 0 && pending_.empty())
      return Came::end;
    return protocol_fault(peer_, "hung up in the middle of a message");
  }
}

llvm::Expected<proto::BackendResponse> Client::call(proto::BackendRequest request,
                                                    milliseconds patience) {
  if (llvm::Error error = send(request, patience))
    return error;
  proto::BackendResponse response;
  auto came = receive(response, patience);
  if (!came)
    return came.takeError();
  if (*came == Came::end)
    return protocol_fault(peer_, "hung up without an answer");
  if (*came == Came::nothing) {
    broken_ = true; // the answer may still come, and must not be taken for the next one's
    return protocol_fault(peer_,
                          fmt::format("did not answer within {} s", patience.count() / 1000));
  }
  if (response.has_error())
    return llvm::make_error<Refusal>(peer_, response.error());
  return response;
}

llvm::Error Client::stream(proto::BackendRequest request, llvm::function_ref<milliseconds()> tick,
                           llvm::function_ref<bool(const proto::BackendResponse *)> sink) {
  if (llvm::Error error = send(request, milliseconds(60'000)))
    return error;
  for (;;) {
    proto::BackendResponse response;
    auto came = receive(response, tick());
    if (!came)
      return came.takeError();
    if (*came == Came::end)
      return llvm::Error::success();
    if (*came == Came::nothing) {
      if (!sink(nullptr))
        break;
      continue;
    }
    if (response.has_error())
      return llvm::make_error<Refusal>(peer_, response.error());
    if (response.has_done())
      break;
    if (!sink(&response))
      break;
  }
  return llvm::Error::success();
}

} // namespace nemo::backends::wire
