#include "runtime-agent/core/loop.h"

#include <array>
#include <cerrno>
#include <ctime>
#include <sys/epoll.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include "base/error.h"

namespace nemo::agent {

Ticks ticks() {
  timespec time{};
  ::clock_gettime(CLOCK_BOOTTIME, &time);
  return static_cast<Ticks>(time.tv_sec) * 1000 + time.tv_nsec / 1'000'000;
}

Fd &Fd::operator=(Fd &&other) noexcept {
  if (this != &other) {
    reset();
    fd_ = std::exchange(other.fd_, -1);
  }
  return *this;
}

void Fd::reset() {
  if (fd_ >= 0)
    ::close(std::exchange(fd_, -1));
}

llvm::Expected<std::unique_ptr<Loop>> Loop::create() {
  std::unique_ptr<Loop> loop(new Loop);
  loop->epoll_ = Fd(::epoll_create1(EPOLL_CLOEXEC));
  loop->timer_ = Fd(::timerfd_create(CLOCK_BOOTTIME, TFD_CLOEXEC | TFD_NONBLOCK));
  if (!loop->epoll_ || !loop->timer_)
    return system_failure(errno, "epoll or timerfd");
  Loop *raw = loop.get();
  if (auto error = loop->watch(loop->timer_.get(), EPOLLIN, [raw](uint32_t) {
        uint64_t expirations = 0;
        (void)!::read(raw->timer_.get(), &expirations, sizeof expirations);
        raw->armed_ = 0;
      }))
    return error;
  return loop;
}

llvm::Error Loop::watch(int fd, uint32_t events, OnReady ready) {
  epoll_event event{};
  event.events = events;
  event.data.fd = fd;
  if (::epoll_ctl(epoll_.get(), EPOLL_CTL_ADD, fd, &event) != 0)
    return system_failure(errno, "epoll_ctl");
  watched_[fd] = std::make_shared<OnReady>(std::move(ready));
  return llvm::Error::success();
}

void Loop::change(int fd, uint32_t events) {
  epoll_event event{};
  event.events = events;
  event.data.fd = fd;
  ::epoll_ctl(epoll_.get(), EPOLL_CTL_MOD, fd, &event);
}

void Loop::forget(int fd) {
  if (watched_.erase(fd) != 0)
    ::epoll_ctl(epoll_.get(), EPOLL_CTL_DEL, fd, nullptr);
}

Loop::TimerId Loop::at(Ticks at, OnTime run) {
  const TimerId id = next_++;
  timers_.emplace(std::pair{at, id}, std::move(run));
  due_[id] = at;
  return id;
}

void Loop::cancel(TimerId id) {
  const auto found = due_.find(id);
  if (found == due_.end())
    return;
  timers_.erase({found->second, id});
  due_.erase(found);
}

void Loop::run_timers() {
  const Ticks now = ticks();
  // A callback that adds a timer which is due at once must not keep the descriptors waiting: only
  // those of the start run.
  const TimerId last = next_;
  while (!timers_.empty() && timers_.begin()->first.first <= now && !stopped_) {
    auto first = timers_.begin();
    if (first->first.second >= last)
      break;
    OnTime run = std::move(first->second);
    due_.erase(first->first.second);
    timers_.erase(first);
    run();
  }
}

llvm::Error Loop::arm() {
  const Ticks wanted = timers_.empty() ? 0 : std::max<Ticks>(timers_.begin()->first.first, 1);
  if (wanted == armed_)
    return llvm::Error::success();
  itimerspec spec{};
  spec.it_value.tv_sec = wanted / 1000;
  spec.it_value.tv_nsec = wanted % 1000 * 1'000'000;
  if (::timerfd_settime(timer_.get(), TFD_TIMER_ABSTIME, &spec, nullptr) != 0)
    return system_failure(errno, "timerfd_settime");
  armed_ = wanted;
  return llvm::Error::success();
}

llvm::Error Loop::run() {
  std::array<epoll_event, 64> events{};
  stopped_ = false;
  while (!stopped_) {
    if (auto error = arm())
      return error;
    const int count = ::epoll_wait(epoll_.get(), events.data(), events.size(), -1);
    if (count < 0 && errno != EINTR)
      return system_failure(errno, "epoll_wait");
    for (int i = 0; i < count && !stopped_; ++i) {
      // Looked up again each time: an earlier callback of this round may have forgotten it.
      const auto found = watched_.find(events[i].data.fd);
      if (found == watched_.end())
        continue;
      const std::shared_ptr<OnReady> ready = found->second;
      (*ready)(events[i].events);
    }
    run_timers();
  }
  return llvm::Error::success();
}

} // namespace nemo::agent
