#include "runtime-agent/core/agent_state.h"

#include <cerrno>
#include <fcntl.h>
#include <filesystem>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "llvm/Support/MemoryBuffer.h"

#include "base/error.h"

namespace nemo::agent {

namespace fs = std::filesystem;

namespace {

/// Parents by the umask, the last one private from its first moment.
llvm::Error make_private(const fs::path &directory) {
  std::error_code error;
  if (directory.has_parent_path())
    fs::create_directories(directory.parent_path(), error);
  if (!error && ::mkdir(directory.c_str(), 0700) != 0 && errno != EEXIST)
    error = std::error_code(errno, std::generic_category());
  if (error)
    return failure("{} cannot be created: {}. Create it for this user, or name another place.",
                   directory.string(), error.message());
  return llvm::Error::success();
}

} // namespace

llvm::Expected<Fd> lock_state(const std::string &directory, const std::string &socket) {
  if (auto error = make_private(directory))
    return error;
  Fd handle(::open(directory.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  struct stat found {};
  if (!handle || ::fstat(handle.get(), &found) != 0)
    return system_failure(errno, "The state directory {} cannot be opened", directory);
  if (found.st_uid != ::geteuid())
    return failure("The state directory {} belongs to user {}, not to user {} who runs this agent. "
                   "Run it as its owner, or "
                   "name another directory with --state.",
                   directory, found.st_uid, ::geteuid());
  if ((found.st_mode & 077) != 0 && ::fchmod(handle.get(), 0700) != 0)
    return system_failure(errno, "The state directory {} cannot be made private", directory);
  const std::string path = directory + "/lock";
  Fd lock(::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600));
  if (!lock)
    return system_failure(errno, "The state directory {} cannot be written", directory);
  if (::flock(lock.get(), LOCK_EX | LOCK_NB) != 0) {
    auto holder = llvm::MemoryBuffer::getFileAsStream(path);
    return failure("Another agent uses the state directory {} ({}). End it with `nemo agent stop`, "
                   "or name another directory "
                   "with --state.",
                   directory,
                   holder ? (*holder)->getBuffer().trim().str() : "it does not say which");
  }
  const std::string text = fmt::format("pid {}, socket {}\n", ::getpid(), socket);
  if (::ftruncate(lock.get(), 0) != 0 ||
      ::write(lock.get(), text.data(), text.size()) != static_cast<ssize_t>(text.size()))
    return system_failure(errno, "The state directory {} cannot be written", directory);
  return lock;
}

llvm::Error make_socket_directory(const std::string &socket) {
  const fs::path directory = fs::path(socket).parent_path();
  return directory.empty() || fs::is_directory(directory) ? llvm::Error::success()
                                                          : make_private(directory);
}

} // namespace nemo::agent
