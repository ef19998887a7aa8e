#include "base/files.h"

#include <algorithm>
#include <cerrno>
#include <fcntl.h>
#include <poll.h>
#include <sys/stat.h>
#include <system_error>
#include <unistd.h>

#include "llvm/ADT/ScopeExit.h"

namespace nemo {

namespace {

llvm::Error because(int error) {
  return llvm::errorCodeToError(std::error_code(error, std::generic_category()));
}

llvm::Error because(const char *why) {
  return llvm::createStringError(llvm::inconvertibleErrorCode(), why);
}

} // namespace

llvm::Expected<std::string> read_descriptor(int descriptor, uint64_t limit) {
  std::string bytes;
  size_t size = 0;
  struct stat status {};
  // One byte more than the file has finds its end in the same read; /proc says 0 and grows.
  if (::fstat(descriptor, &status) == 0 && S_ISREG(status.st_mode) && status.st_size > 0)
    bytes.resize(std::min<uint64_t>(static_cast<uint64_t>(status.st_size), limit) + 1);
  for (;;) {
    if (size == bytes.size())
      bytes.resize(std::min<uint64_t>(std::max<uint64_t>(2 * size, 64u << 10), limit + 1));
    const ssize_t count = ::read(descriptor, bytes.data() + size, bytes.size() - size);
    if (count < 0 && errno == EINTR)
      continue;
    if (count < 0 && errno == EAGAIN) {
      pollfd waiting{descriptor, POLLIN, 0};
      ::poll(&waiting, 1, -1);
      continue;
    }
    if (count < 0)
      return because(errno);
    size += static_cast<size_t>(count);
    if (count == 0 || size > limit)
      break;
  }
  bytes.resize(size);
  return bytes;
}

llvm::Expected<std::string> read_file(const std::string &path, uint64_t limit, Input input) {
  // With O_NONBLOCK a pipe that nobody writes to is empty; without, opening it would wait for ever.
  const int descriptor = ::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
  if (descriptor < 0)
    return because(errno);
  auto closed = llvm::make_scope_exit([&] { ::close(descriptor); });
  struct stat status {};
  if (::fstat(descriptor, &status) != 0)
    return because(errno);
  if (S_ISDIR(status.st_mode))
    return because("it is a directory");
  if (!S_ISREG(status.st_mode) && input == Input::file)
    return because("it is not a regular file");
  return read_descriptor(descriptor, limit);
}

} // namespace nemo
