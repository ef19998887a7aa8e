// Between the two halves of a move: passes whole frames on, in both directions, and can be cut.
#pragma once

#include <cerrno>
#include <functional>
#include <string>

#include <sys/epoll.h>
#include <sys/socket.h>

#include "runtime-agent/migrate/channel.h"

namespace nemo::test {

class Wire {
public:
  /// Called for each frame before it is passed on. \returns whether it is; else the wire is cut.
  using OnFrame = std::function<bool(migrate::Kind)>;

  /// \param deaf  while it is set nothing is passed on, and nobody hears of that.
  Wire(agent::Loop &loop, int a, int b, OnFrame &on_frame, const bool &deaf)
      : loop_(loop), on_frame_(on_frame), deaf_(deaf) {
    ends_[0].fd = agent::Fd(a);
    ends_[1].fd = agent::Fd(b);
    for (int i : {0, 1})
      llvm::cantFail(loop.watch(ends_[i].fd.get(), EPOLLIN, [this, i](uint32_t) { ready(i); }));
  }
  ~Wire() { cut(); }
  void cut() {
    for (End &end : ends_)
      if (end.fd) {
        loop_.forget(end.fd.get());
        end.fd.reset();
      }
  }

private:
  struct End {
    agent::Fd fd;
    std::string in, out;
    bool last = false; ///< the other one has ended
  };
  void ready(int i) {
    End &from = ends_[i], &to = ends_[1 - i];
    if (deaf_)
      return loop_.change(from.fd.get(), 0);
    flush(from);
    char buffer[64 << 10];
    const ssize_t got = ::recv(from.fd.get(), buffer, sizeof buffer, MSG_DONTWAIT);
    if (got < 0 && errno == EAGAIN)
      return;
    if (got <= 0) {
      to.last = true;
      return flush(to);
    }
    from.in.append(buffer, static_cast<size_t>(got));
    size_t at = 0;
    migrate::Frame frame;
    for (size_t begin = 0; migrate::take_frame(from.in, at, frame) == migrate::Took::frame;
         begin = at) {
      if (!on_frame_(frame.kind))
        return cut();
      to.out.append(from.in, begin, at - begin);
    }
    from.in.erase(0, at);
    flush(to);
  }
  void flush(End &end) {
    const ssize_t put =
        ::send(end.fd.get(), end.out.data(), end.out.size(), MSG_DONTWAIT | MSG_NOSIGNAL);
    if (put > 0)
      end.out.erase(0, static_cast<size_t>(put));
    if (end.last && end.out.empty())
      return cut();
    if (!deaf_)
      loop_.change(end.fd.get(), end.out.empty() ? EPOLLIN : EPOLLIN | EPOLLOUT);
  }
  agent::Loop &loop_;
  OnFrame &on_frame_;
  const bool &deaf_;
  End ends_[2];
};

} // namespace nemo::test
