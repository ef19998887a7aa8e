// The one thread of the agent: file descriptors and timers, dispatched by epoll. Sleeps until the
// next descriptor or deadline, so an idle agent uses no CPU.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <unordered_map>
#include <utility>

#include "llvm/Support/Error.h"

namespace nemo::agent {

/// Milliseconds of CLOCK_BOOTTIME: comparable within one boot, also by the next agent process.
using Ticks = int64_t;
Ticks ticks();

/// A file descriptor with one owner.
class Fd {
public:
  Fd() = default;
  explicit Fd(int fd) : fd_(fd) {}
  Fd(Fd &&other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
  Fd &operator=(Fd &&other) noexcept;
  ~Fd() { reset(); }
  void reset();
  int get() const { return fd_; }
  explicit operator bool() const { return fd_ >= 0; }

private:
  int fd_ = -1;
};

class Loop {
public:
  using OnReady = std::function<void(uint32_t events)>;
  using OnTime = std::function<void()>;
  using TimerId = uint64_t;

  static llvm::Expected<std::unique_ptr<Loop>> create();

  /// Calls back on EPOLLIN/EPOLLOUT as asked, and on hang-up. The descriptor stays its owner's, who
  /// calls forget() before it closes it; both may happen inside a callback.
  llvm::Error watch(int fd, uint32_t events, OnReady ready);
  void change(int fd, uint32_t events);
  void forget(int fd);

  /// Once, at or after `at`. A timer that has run or was cancelled may be cancelled again.
  TimerId at(Ticks at, OnTime run);
  void cancel(TimerId id);

  /// Until stop(). May be called again.
  llvm::Error run();
  void stop() { stopped_ = true; }

private:
  Loop() = default;
  void run_timers();
  llvm::Error arm();
  Fd epoll_;
  Fd timer_;
  Ticks armed_ = 0;
  bool stopped_ = false;
  uint64_t next_ = 1;
  std::unordered_map<int, std::shared_ptr<OnReady>> watched_;
  std::map<std::pair<Ticks, TimerId>, OnTime> timers_;
  std::unordered_map<TimerId, Ticks> due_;
};

} // namespace nemo::agent
