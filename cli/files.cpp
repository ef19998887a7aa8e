#include "cli/files.h"

#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <fcntl.h>
#include <filesystem>
#include <sys/stat.h>
#include <unistd.h>

#include "base/diagnostics/registry.h"
#include "base/error.h"

namespace nemo::cli {

namespace {

llvm::Error cannot(const std::string &path, int error) {
  return failure(diag::make(
      diag::N0816, fmt::format("cannot write '{}': {}", path,
                               std::error_code(error, std::generic_category()).message())));
}

} // namespace

llvm::Error write_file(const std::string &path, llvm::StringRef bytes) {
  std::error_code ignored;
  struct stat before {};
  const bool existed = ::stat(path.c_str(), &before) == 0;
  if (existed && !S_ISREG(before.st_mode)) { // a pipe or a device is written to, not replaced
    std::FILE *file = S_ISDIR(before.st_mode) ? nullptr : std::fopen(path.c_str(), "we");
    if (file == nullptr)
      return cannot(path, S_ISDIR(before.st_mode) ? EISDIR : errno);
    const bool whole = std::fwrite(bytes.data(), 1, bytes.size(), file) == bytes.size();
    return std::fclose(file) == 0 && whole ? llvm::Error::success() : cannot(path, EIO);
  }
  const std::string target = existed ? std::filesystem::canonical(path, ignored).string() : path;
  std::string beside = target + ".XXXXXX";
  const int fd = ::mkostemp(beside.data(), O_CLOEXEC);
  if (fd < 0)
    return cannot(path, errno);
  int error = 0;
  for (size_t done = 0; done < bytes.size() && error == 0;) {
    const ssize_t n = ::write(fd, bytes.data() + done, bytes.size() - done);
    if (n >= 0)
      done += static_cast<size_t>(n);
    else if (errno != EINTR)
      error = errno;
  }
  const mode_t mask = ::umask(0);
  ::umask(mask);
  if (error == 0 &&
      (::fchmod(fd, existed ? before.st_mode & 07777 : 0666 & ~mask) != 0 || ::fsync(fd) != 0))
    error = errno;
  ::close(fd);
  if (error == 0 && ::rename(beside.c_str(), target.c_str()) != 0)
    error = errno;
  if (error == 0)
    return llvm::Error::success();
  ::unlink(beside.c_str());
  return cannot(path, error);
}

} // namespace nemo::cli
