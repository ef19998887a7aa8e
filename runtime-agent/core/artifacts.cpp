#include "runtime-agent/core/artifacts.h"

#include <cerrno>
#include <ctime>
#include <fcntl.h>
#include <filesystem>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/error.h"
#include "protocol/artifact/artifact.h"
#include "runtime-agent/core/check.h"
#include "runtime-agent/core/loop.h"

namespace nemo::agent {

namespace fs = std::filesystem;

namespace {

constexpr const char *half_written = ".new-";
constexpr const char *pulled_prefixes[] = {".part-", ".blob-", ".image-"};
constexpr time_t unused_seconds = 600;

llvm::Error write_file(const std::string &path, const proto::Artifact::File &file) {
  const mode_t mode = file.executable() ? 0755 : 0644;
  Fd fd(::open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, mode));
  if (!fd)
    return system_failure(errno, "cannot create {}", path);
  ::fchmod(fd.get(), mode); // whatever the umask
  size_t done = 0;
  while (done < file.content().size()) {
    const ssize_t count =
        ::write(fd.get(), file.content().data() + done, file.content().size() - done);
    if (count < 0 && errno == EINTR)
      continue;
    if (count <= 0)
      return system_failure(errno, "cannot write {}", path);
    done += static_cast<size_t>(count);
  }
  return llvm::Error::success();
}

llvm::Error make_directories(const fs::path &base, const fs::path &below) {
  fs::path path = base;
  for (const fs::path &part : below) {
    path /= part;
    if (::mkdir(path.c_str(), 0755) != 0) {
      if (errno != EEXIST)
        return system_failure(errno, "cannot create {}", path.string());
    } else {
      ::chmod(path.c_str(), 0755);
    }
  }
  return llvm::Error::success();
}

llvm::Error write_all(const std::string &root, const proto::Artifact &artifact) {
  if (artifact.files_size() == 1 && artifact.files(0).path() == ".")
    return write_file(root, artifact.files(0));
  if (::mkdir(root.c_str(), 0755) != 0)
    return system_failure(errno, "cannot create {}", root);
  ::chmod(root.c_str(), 0755);
  for (const proto::Artifact::File &file : artifact.files()) {
    if (auto error = make_directories(root, fs::path(file.path()).parent_path()))
      return error;
    if (auto error = write_file(root + "/" + file.path(), file))
      return error;
  }
  return llvm::Error::success();
}

} // namespace

bool Artifacts::have(const std::string &digest) const {
  if (digest.size() != 64 || !is_hex(digest))
    return false;
  return ::utimensat(AT_FDCWD, path(digest).c_str(), nullptr, AT_SYMLINK_NOFOLLOW) == 0;
}

llvm::Error Artifacts::put(const proto::Artifact &artifact) {
  if (auto error = artifact::check(artifact))
    return error;
  const std::string digest = artifact::digest(artifact);
  if (digest != artifact.digest())
    return failure("the artifact '{}' has the digest {}, not {} as it says", artifact.source(),
                   digest, artifact.digest());
  if (have(digest))
    return llvm::Error::success();
  const std::string temporary = directory_ + "/" + half_written + digest;
  std::error_code ignored;
  fs::remove_all(temporary, ignored);
  auto error = write_all(temporary, artifact);
  if (!error) {
    // One flush of the file system instead of one for each of up to 4096 files.
    Fd directory(::open(directory_.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    if (::syncfs(directory.get()) != 0 || ::rename(temporary.c_str(), path(digest).c_str()) != 0 ||
        ::fsync(directory.get()) != 0)
      error = system_failure(errno, "cannot keep the artifact in {}", directory_);
  }
  if (error)
    fs::remove_all(temporary, ignored);
  return error;
}

void Artifacts::collect(const std::set<std::string> &used) const {
  std::error_code ignored;
  // A pull holds it from its first to its last step (pull/pull.cpp), and then none begins
  // meanwhile.
  const Fd pulling(::open((directory_ + "/.pulling").c_str(), O_RDWR | O_CLOEXEC | O_NOFOLLOW));
  const bool pulls = pulling && ::flock(pulling.get(), LOCK_EX | LOCK_NB) != 0;
  for (const fs::directory_entry &entry : fs::directory_iterator(directory_, ignored)) {
    const std::string name = entry.path().filename();
    struct stat found {};
    if (used.count(name) || ::lstat(entry.path().c_str(), &found) != 0)
      continue;
    const bool recent = std::time(nullptr) - found.st_mtime < unused_seconds;
    const bool pulled = std::any_of(
        std::begin(pulled_prefixes), std::end(pulled_prefixes),
        [&name](const char *prefix) { return llvm::StringRef(name).startswith(prefix); });
    if (llvm::StringRef(name).startswith(half_written) || (pulled && !recent && !pulls)) {
      fs::remove_all(entry.path(), ignored);
    } else if (is_hex(name) && !recent && !pulls) {
      // Under another name first: what is half gone must not be taken for whole.
      const std::string going = directory_ + "/" + half_written + name;
      fs::remove_all(going, ignored);
      if (::rename(entry.path().c_str(), going.c_str()) == 0)
        fs::remove_all(going, ignored);
    }
  }
}

} // namespace nemo::agent
