// Reading and writing files of /proc, /sys and cgroups.
#include "runtime-agent/sandbox/files.h"

#include <cerrno>

#include <fcntl.h>

#include "runtime-agent/sandbox/descriptor.h"

namespace nemo::sandbox {

std::optional<std::string> read_file(const std::string &path, size_t limit) {
  Descriptor fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
  if (!fd)
    return std::nullopt;
  std::string text;
  char buffer[4096];
  for (;;) {
    const ssize_t got = ::read(fd.get(), buffer, sizeof buffer);
    if (got < 0 && errno == EINTR)
      continue;
    if (got < 0)
      return std::nullopt;
    if (got == 0)
      return text;
    text.append(buffer, static_cast<size_t>(got));
    if (text.size() > limit) {
      errno = EFBIG;
      return std::nullopt;
    }
  }
}

int write_file(const std::string &path, llvm::StringRef text) {
  Descriptor fd(::open(path.c_str(), O_WRONLY | O_CLOEXEC));
  if (!fd)
    return errno;
  const ssize_t written = ::write(fd.get(), text.data(), text.size());
  return written == static_cast<ssize_t>(text.size()) ? 0 : written < 0 ? errno : EIO;
}

} // namespace nemo::sandbox
