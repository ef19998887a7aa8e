// The deadline of what runs lies in memory that its supervisor holds: whoever is its agent now
// takes that from it, and needs nobody's word.
#include <cerrno>

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/syscall.h>

#include "base/error.h"
#include "runtime-agent/sandbox/descriptor.h"
#include "runtime-agent/sandbox/sandbox.h"
#include "runtime-agent/supervisor/handover.h"

namespace nemo::sandbox {

namespace {

/// Of a supervisor; null: it has none.
class Shared {
public:
  explicit Shared(int pidfd) {
    const Descriptor memory(
        static_cast<int>(::syscall(SYS_pidfd_getfd, pidfd, int{supervisor::kDeadline}, 0)));
    // Nobody can make it smaller while it is mapped.
    const int seals = memory ? ::fcntl(memory.get(), F_GET_SEALS) : -1;
    if (seals < 0 || (seals & F_SEAL_SHRINK) == 0)
      return;
    void *at =
        ::mmap(nullptr, sizeof(int64_t), PROT_READ | PROT_WRITE, MAP_SHARED, memory.get(), 0);
    if (at != MAP_FAILED)
      value_ = static_cast<int64_t *>(at);
  }
  ~Shared() {
    if (value_)
      ::munmap(value_, sizeof *value_);
  }
  Shared(const Shared &) = delete;
  int64_t *get() const { return value_; }

private:
  int64_t *value_ = nullptr;
};

} // namespace

llvm::Error extend(int pidfd, int64_t deadline) {
  const Shared shared(pidfd);
  if (!shared.get())
    return system_failure(errno, "the deadline of what runs");
  if (deadline > __atomic_load_n(shared.get(), __ATOMIC_ACQUIRE))
    __atomic_store_n(shared.get(), deadline, __ATOMIC_RELEASE);
  return llvm::Error::success();
}

std::optional<int64_t> deadline_of(int pidfd) {
  const Shared shared(pidfd);
  if (!shared.get())
    return std::nullopt;
  return __atomic_load_n(shared.get(), __ATOMIC_ACQUIRE);
}

} // namespace nemo::sandbox
