#include "runtime-agent/core/started.h"

#include <cerrno>
#include <fcntl.h>
#include <unistd.h>

#include "llvm/ADT/SmallVector.h"
#include "llvm/Support/MemoryBuffer.h"

#include "base/error.h"
#include "runtime-agent/core/loop.h"

namespace nemo::agent {

llvm::Error write_started(const std::string &path, const std::string &boot, const Key &key,
                          const sandbox::Started &started) {
  const std::string text = fmt::format("{} {} {} {} {} {} {} {}\n", boot, started.pid,
                                       started.start_time, started.address.value_or("-"), key.stack,
                                       key.workload, key.replica, key.revision);
  Fd fd(::open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600));
  errno = fd ? ENOSPC : errno; // unless write() says otherwise
  if (!fd || ::write(fd.get(), text.data(), text.size()) != static_cast<ssize_t>(text.size()))
    return system_failure(errno, "write {}", path);
  return llvm::Error::success();
}

std::optional<Found> find_started(const std::string &path, const std::string &boot) {
  auto file = llvm::MemoryBuffer::getFileAsStream(path);
  if (!file)
    return std::nullopt;
  llvm::SmallVector<llvm::StringRef, 8> words;
  (*file)->getBuffer().rtrim('\n').split(words, ' ');
  Found found;
  sandbox::Started &started = found.started;
  if (words.size() != 8 || words[0] != boot || words[1].getAsInteger(10, started.pid) ||
      words[2].getAsInteger(10, started.start_time) || started.pid <= 1 ||
      words[6].getAsInteger(10, found.key.replica))
    return std::nullopt;
  found.key.stack = words[4].str();
  found.key.workload = words[5].str();
  found.key.revision = words[7].str();
  if (words[3] != "-")
    started.address = words[3].str();
  const auto pidfd = sandbox::adopt(started.pid, started.start_time);
  if (!pidfd)
    return std::nullopt;
  started.pidfd = *pidfd;
  return found;
}

} // namespace nemo::agent
