#include "runtime-agent/fleet/carrier.h"

#include <csignal>
#include <cstring>
#include <mutex>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/error.h"
#include "runtime-agent/child/child.h"

namespace nemo::agent::fleet {

namespace {

constexpr Ticks start_again = 1'000;
constexpr size_t max_frame = 72u << 20;
constexpr size_t max_parts = 64;

/// Between two processes of one machine: a length, and parts with a length each. The first part
/// says what the frame is.
using Parts = std::vector<std::string>;

void put(std::string &out, uint32_t number) {
  out.append(reinterpret_cast<const char *>(&number), sizeof number);
}

std::string to_frame(const Parts &parts) {
  std::string body;
  for (const std::string &one : parts) {
    put(body, static_cast<uint32_t>(one.size()));
    body += one;
  }
  std::string frame;
  put(frame, static_cast<uint32_t>(body.size()));
  return frame + body;
}

enum class Took { frame, nothing, garbage };

/// From `at` on, which is moved behind the frame.
Took take_frame(llvm::StringRef bytes, size_t &at, Parts &parts) {
  auto number = [&](size_t where) {
    uint32_t value = 0;
    std::memcpy(&value, bytes.data() + where, sizeof value);
    return value;
  };
  parts.clear();
  if (bytes.size() - at < 4)
    return Took::nothing;
  const size_t size = number(at);
  if (size > max_frame)
    return Took::garbage;
  if (bytes.size() - at - 4 < size)
    return Took::nothing;
  const size_t end = at + 4 + size;
  for (at += 4; at < end;) {
    if (end - at < 4 || end - at - 4 < number(at) || parts.size() == max_parts)
      return Took::garbage;
    const size_t length = number(at);
    parts.push_back(bytes.substr(at + 4, length).str());
    at += 4 + length;
  }
  return parts.empty() ? Took::garbage : Took::frame;
}

/// The client's process. Its threads write one frame at a time; it never returns.
[[noreturn]] void carry(int socket, const membership::Member &member,
                        const std::vector<std::string> &subjects) {
  std::mutex mutex;
  auto tell = [&](const Parts &parts) {
    const std::lock_guard lock(mutex);
    const std::string frame = to_frame(parts);
    for (size_t done = 0; done < frame.size();) {
      const ssize_t count = ::send(socket, frame.data() + done, frame.size() - done, MSG_NOSIGNAL);
      if (count <= 0 && errno != EINTR)
        ::_exit(0); // the agent is gone
      done += static_cast<size_t>(std::max<ssize_t>(count, 0));
    }
  };
  auto connection = link::Connection::open(member,
                                           {[&](link::Message message) {
                                              tell({"message", message.subject, message.reply,
                                                    message.data, message.status, message.operation,
                                                    std::to_string(message.sequence)});
                                            },
                                            [&](bool up) { tell({up ? "up" : "down"}); },
                                            // The agent starts another.
                                            [] { ::_exit(1); }},
                                           link::milliseconds(0));
  auto give_up = [&](llvm::Error error) {
    tell({"failure", llvm::toString(std::move(error))});
    ::_exit(1);
  };
  if (!connection)
    give_up(connection.takeError());
  for (const std::string &subject : subjects)
    if (auto error = (*connection)->listen(subject))
      give_up(std::move(error));
  std::string in;
  std::vector<char> buffer(64u << 10);
  for (;;) {
    const ssize_t count = ::read(socket, buffer.data(), buffer.size());
    if (count < 0 && errno == EINTR)
      continue;
    if (count <= 0)
      ::_exit(0);
    in.append(buffer.data(), static_cast<size_t>(count));
    size_t at = 0, done = 0;
    Parts parts;
    while (take_frame(in, at, parts) == Took::frame) {
      done = at;
      if (parts.size() == 1)
        if (auto error = (*connection)->listen(parts[0]))
          tell({"failure", llvm::toString(std::move(error))});
      if (parts.size() < 3 || parts.size() % 2 == 0)
        continue;
      link::Headers headers;
      for (size_t i = 3; i + 1 < parts.size(); i += 2)
        headers.emplace_back(parts[i], parts[i + 1]);
      if (auto error = (*connection)->publish(parts[0], parts[1], parts[2], headers))
        tell({"failure", llvm::toString(std::move(error))});
    }
    in.erase(0, done);
  }
}

} // namespace

llvm::Expected<std::unique_ptr<Carrier>> Carrier::start(Loop &loop,
                                                        const membership::Member &member,
                                                        std::vector<std::string> subjects,
                                                        Handlers handlers) {
  std::unique_ptr<Carrier> made(
      new Carrier(loop, member, std::move(subjects), std::move(handlers)));
  if (auto error = made->launch())
    return error;
  return made;
}

llvm::Error Carrier::launch() {
  auto child = start_child([this](int socket, int) -> int { carry(socket, member_, subjects_); });
  if (!child)
    return child.takeError();
  pid_ = child->pid;
  socket_ = std::move(child->socket);
  return loop_.watch(socket_.get(), EPOLLIN, [this](uint32_t events) { ready(events); });
}

Carrier::~Carrier() {
  loop_.cancel(again_);
  handlers_ = {[](link::Message) {}, [](bool) {}, [](std::string) {}};
  end();
}

void Carrier::end() {
  if (socket_) {
    loop_.forget(socket_.get());
    socket_.reset();
  }
  if (pid_ > 0) {
    ::kill(pid_, SIGKILL);
    ::waitpid(std::exchange(pid_, -1), nullptr, 0);
  }
  in_.clear();
  out_.clear();
  sent_ = 0;
}

void Carrier::listen(const std::string &subject) {
  subjects_.push_back(subject);
  if (socket_)
    send({subject});
}

void Carrier::publish(const std::string &subject, llvm::StringRef data, const std::string &reply,
                      const link::Headers &headers) {
  if (!socket_ || out_.size() - sent_ > most)
    return;
  Parts parts{subject, data.str(), reply};
  for (const auto &[name, value] : headers)
    parts.insert(parts.end(), {name, value});
  send(parts);
}

void Carrier::send(const std::vector<std::string> &parts) {
  out_ += to_frame(parts);
  write();
}

void Carrier::write() {
  while (sent_ < out_.size()) {
    const ssize_t count = ::send(socket_.get(), out_.data() + sent_, out_.size() - sent_,
                                 MSG_NOSIGNAL | MSG_DONTWAIT);
    if (count <= 0)
      break; // full, or it has ended, which reading will tell
    sent_ += static_cast<size_t>(count);
  }
  if (sent_ == out_.size()) {
    out_.clear();
    sent_ = 0;
  }
  loop_.change(socket_.get(), out_.empty() ? EPOLLIN : EPOLLIN | EPOLLOUT);
}

void Carrier::ready(uint32_t events) {
  if ((events & EPOLLOUT) != 0)
    write();
  if ((events & ~static_cast<uint32_t>(EPOLLOUT)) != 0)
    read();
}

void Carrier::read() {
  std::vector<char> buffer(64u << 10);
  const ssize_t count = ::recv(socket_.get(), buffer.data(), buffer.size(), MSG_DONTWAIT);
  if (count < 0 && (errno == EAGAIN || errno == EINTR))
    return;
  bool ended = count <= 0;
  if (!ended)
    in_.append(buffer.data(), static_cast<size_t>(count));
  size_t at = 0, done = 0;
  Parts parts;
  Took took = Took::nothing;
  while (!ended && (took = take_frame(in_, at, parts)) == Took::frame) {
    done = at;
    if (parts[0] == "message" && parts.size() == 7) {
      link::Message message{parts[1], parts[2], parts[3], parts[4], parts[5]};
      llvm::StringRef(parts[6]).getAsInteger(10, message.sequence);
      handlers_.on_message(std::move(message));
    } else if (parts[0] == "up" || parts[0] == "down") {
      handlers_.on_link(parts[0] == "up");
    } else if (parts[0] == "failure" && parts.size() == 2) {
      handlers_.on_failure(parts[1]);
    } else {
      took = Took::garbage;
      break;
    }
  }
  in_.erase(0, done);
  if (!ended && took != Took::garbage)
    return;
  end();
  handlers_.on_link(false);
  launch_soon();
}

void Carrier::launch_soon() {
  again_ = loop_.at(ticks() + start_again, [this] {
    if (auto error = launch()) {
      end();
      handlers_.on_failure(llvm::toString(std::move(error)));
      launch_soon();
    }
  });
}

} // namespace nemo::agent::fleet
