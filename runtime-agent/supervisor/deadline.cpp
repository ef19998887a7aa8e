#include "runtime-agent/supervisor/deadline.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

#include "runtime-agent/supervisor/handover.h"

namespace nemo::supervisor {

namespace {

constexpr size_t kStack = 64 * 1024;

} // namespace

int Deadline::open() {
  void *memory = mmap(nullptr, sizeof *until_, PROT_READ, MAP_SHARED, kDeadline, 0);
  if (memory == MAP_FAILED)
    return errno;
  until_ = static_cast<const int64_t *>(memory);
  return 0;
}

int Deadline::begin(pid_t workload) {
  workload_ = workload;
  pthread_attr_t attributes;
  pthread_attr_init(&attributes);
  pthread_attr_setstacksize(&attributes, kStack);
  pthread_attr_setdetachstate(&attributes, PTHREAD_CREATE_DETACHED);
  pthread_t thread;
  return pthread_create(&thread, &attributes, watch, this);
}

void *Deadline::watch(void *self) {
  Deadline &deadline = *static_cast<Deadline *>(self);
  for (;;) {
    const int64_t until = __atomic_load_n(deadline.until_, __ATOMIC_ACQUIRE);
    timespec now;
    clock_gettime(CLOCK_BOOTTIME, &now);
    if (now.tv_sec * int64_t{1000} + now.tv_nsec / 1000000 >= until)
      break;
    const timespec at = {static_cast<time_t>(until / 1000),
                         static_cast<long>(until % 1000 * 1000000)};
    clock_nanosleep(CLOCK_BOOTTIME, TIMER_ABSTIME, &at, nullptr);
  }
  __atomic_store_n(&deadline.passed_, true, __ATOMIC_RELEASE);
  // Again and again: what is just being made may have been missed.
  for (const timespec soon = {0, 1000000};; clock_nanosleep(CLOCK_MONOTONIC, 0, &soon, nullptr))
    kill(getpid() == 1 ? -1 : -deadline.workload_, SIGKILL);
}

} // namespace nemo::supervisor
