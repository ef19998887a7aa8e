#include "runtime-agent/migrate/channel.h"

#include <cerrno>
#include <fcntl.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>
#include <utility>
#include <vector>

#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/Endian.h"

#include "base/error.h"

namespace nemo::migrate {

namespace {

constexpr size_t kHead = 5;
constexpr size_t kMostWaiting = 256 << 10; ///< to be sent, before more memory is read

void never_wait(int fd) { ::fcntl(fd, F_SETFL, ::fcntl(fd, F_GETFL) | O_NONBLOCK); }

bool later() { return errno == EAGAIN || errno == EINTR; }

} // namespace

Took take_frame(llvm::StringRef bytes, size_t &at, Frame &frame) {
  if (bytes.size() - at < kHead)
    return Took::nothing;
  const auto kind = static_cast<uint8_t>(bytes[at]);
  if (kind < static_cast<uint8_t>(Kind::ready) || kind > static_cast<uint8_t>(Kind::never))
    return Took::garbage;
  frame.kind = static_cast<Kind>(kind);
  const uint32_t size = llvm::support::endian::read32be(bytes.data() + at + 1);
  if (size > (frame.kind == Kind::memory ? kMostMemory : kMostWords))
    return Took::garbage;
  if (bytes.size() - at - kHead < size)
    return Took::nothing;
  frame.payload = bytes.substr(at + kHead, size);
  at += kHead + size;
  return Took::frame;
}

std::string to_frame(Kind kind, llvm::StringRef payload) {
  std::string frame(kHead, static_cast<char>(kind));
  payload = payload.take_front(kind == Kind::memory ? kMostMemory : kMostWords);
  llvm::support::endian::write32be(frame.data() + 1, static_cast<uint32_t>(payload.size()));
  return frame.append(payload.data(), payload.size());
}

std::string printable(llvm::StringRef text) {
  std::string out = text.take_front(kMostWords).str();
  for (char &c : out)
    if (!llvm::isPrint(c))
      c = '?';
  return out;
}

void Watched::open(agent::Fd fd, agent::Loop::OnReady ready) {
  close();
  fd_ = std::move(fd);
  ready_ = std::move(ready);
}

void Watched::listen(uint32_t events) {
  if (!fd_ || events == events_)
    return;
  if (events == 0)
    loop_.forget(fd_.get());
  else if (events_ != 0)
    loop_.change(fd_.get(), events);
  else if (auto error = loop_.watch(fd_.get(), events, ready_))
    llvm::consumeError(std::move(error)); // it stays silent, which has a deadline
  events_ = events;
}

void Watched::close() {
  listen(0);
  fd_.reset();
}

Channel::Channel(agent::Loop &loop, agent::Fd stream, Handlers handlers)
    : handlers_(std::move(handlers)), stream_(loop), memory_(loop) {
  never_wait(stream.get());
  stream_.open(std::move(stream), [this](uint32_t events) { stream_ready(events); });
  listen();
}

void Channel::end(std::string why) {
  if (std::exchange(ended_, true))
    return;
  stream_.close();
  memory_.close();
  handlers_.on_end(std::move(why));
}

void Channel::listen() {
  stream_.listen((undelivered_.empty() ? EPOLLIN : 0u) | (sent_ < out_.size() ? EPOLLOUT : 0u));
  if (delivers_)
    memory_.listen(undelivered_.empty() ? 0u : EPOLLOUT);
  else
    memory_.listen(out_.size() - sent_ < kMostWaiting ? EPOLLIN : 0u);
}

void Channel::say(Kind kind, llvm::StringRef payload) {
  if (ended_)
    return;
  out_ += to_frame(kind, payload);
  write();
  listen();
}

void Channel::carry(agent::Fd memory) {
  never_wait(memory.get());
  memory_.open(std::move(memory), [this](uint32_t) { carry_some(); });
  listen();
}

void Channel::deliver(agent::Fd memory) {
  never_wait(memory.get());
  delivers_ = true;
  memory_.open(std::move(memory), [this](uint32_t) { deliver_some(); });
  listen();
}

void Channel::carry_some() {
  char buffer[kMostMemory];
  const ssize_t got = ::read(memory_.get(), buffer, sizeof buffer);
  if (got < 0 && later())
    return;
  if (got > 0) {
    carried_ += static_cast<uint64_t>(got);
    return say(Kind::memory, {buffer, static_cast<size_t>(got)});
  }
  memory_.close();
  say(Kind::end);
}

/// Where it takes no more, it has all that it needs, or has ended, which its monitor tells.
void Channel::deliver_some() {
  while (delivered_ < undelivered_.size()) {
    const ssize_t put = ::send(memory_.get(), undelivered_.data() + delivered_,
                               undelivered_.size() - delivered_, MSG_NOSIGNAL);
    if (put < 0 && later())
      return listen();
    delivered_ = put <= 0 ? undelivered_.size() : delivered_ + static_cast<size_t>(put);
  }
  undelivered_.clear();
  delivered_ = 0;
  take_frames();
}

void Channel::stream_ready(uint32_t events) {
  if ((events & EPOLLOUT) != 0)
    write();
  if ((events & ~static_cast<uint32_t>(EPOLLOUT)) != 0)
    return read();
  if (!ended_)
    listen();
}

void Channel::write() {
  while (sent_ < out_.size()) {
    const ssize_t count =
        ::send(stream_.get(), out_.data() + sent_, out_.size() - sent_, MSG_NOSIGNAL);
    if (count <= 0)
      break; // full, or at its end, which reading will tell
    sent_ += static_cast<size_t>(count);
  }
  if (sent_ == out_.size() || sent_ >= kMostWaiting) {
    out_.erase(0, sent_);
    sent_ = 0;
  }
}

void Channel::read() {
  char buffer[kMostMemory];
  const ssize_t got = ::recv(stream_.get(), buffer, sizeof buffer, 0);
  if (got < 0 && later())
    return;
  if (got <= 0)
    return end("the stream was cut");
  in_.append(buffer, static_cast<size_t>(got));
  take_frames();
}

void Channel::take_frames() {
  size_t at = 0;
  Frame frame;
  Took took = Took::frame;
  while (!ended_ && undelivered_.empty() && (took = take_frame(in_, at, frame)) == Took::frame) {
    if (frame.kind != Kind::memory) {
      if (frame.kind == Kind::end)
        memory_.close();
      handlers_.on_frame(frame);
      continue;
    }
    if (!delivers_ || !memory_)
      return end("the other node sends memory that nobody waits for");
    carried_ += frame.payload.size();
    const ssize_t put =
        ::send(memory_.get(), frame.payload.data(), frame.payload.size(), MSG_NOSIGNAL);
    if (put >= 0 || later())
      undelivered_ = frame.payload.drop_front(static_cast<size_t>(std::max<ssize_t>(put, 0))).str();
  }
  in_.erase(0, at);
  if (ended_)
    return;
  if (took == Took::garbage)
    return end("the other node does not keep to the protocol of a move");
  listen();
}

} // namespace nemo::migrate
