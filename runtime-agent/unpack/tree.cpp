#include "runtime-agent/unpack/tree.h"

#include <cerrno>
#include <climits>
#include <filesystem>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "llvm/ADT/SmallVector.h"

#include "base/error.h"
#include "runtime-agent/sandbox/mounts.h"

namespace nemo::unpack {

namespace fs = std::filesystem;
using sandbox::Descriptor;
using sandbox::open_inside;

namespace {

constexpr size_t kMostParts = 256;

/// What the owner may read and execute, the others may, too: the image's user is not its owner
/// here.
mode_t readable(mode_t mode, mode_t always) {
  mode &= 0777;
  return mode | always | ((mode >> 6) & 05);
}

/// Then there is nothing to hide. Anything else would leave what the image has hidden.
bool is_missing(int error) { return error == ENOENT || error == ENOTDIR || error == ELOOP; }

llvm::Error remove_at(int parent, const std::string &name) {
  std::error_code error;
  // Links are removed, never followed; the parent is held by its descriptor.
  fs::remove_all(fmt::format("/proc/self/fd/{}/{}", parent, name), error);
  if (error)
    return failure("cannot remove {}: {}", name, error.message());
  return llvm::Error::success();
}

} // namespace

llvm::Expected<std::string> normal_path(llvm::StringRef name) {
  if (name.contains('\0') || name.size() >= PATH_MAX)
    return failure("a name in it is longer than a path can be");
  llvm::SmallVector<llvm::StringRef, 16> parts;
  name.split(parts, '/', -1, /*KeepEmpty=*/false);
  if (parts.size() > kMostParts)
    return failure("a name in it is deeper than {} directories", kMostParts);
  std::string path;
  for (const llvm::StringRef part : parts) {
    if (part == "..")
      return failure("'{}' in it leads out of the image", name.substr(0, 200).str());
    if (part.size() > NAME_MAX)
      return failure("a name in it is longer than {} bytes", NAME_MAX);
    if (part != ".")
      path += (path.empty() ? "" : "/") + part.str();
  }
  return path;
}

llvm::Expected<Tree> Tree::open(const std::string &directory) {
  Tree tree;
  tree.root_ = Descriptor(::open(directory.c_str(), O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
  if (!tree.root_)
    return system_failure(errno, "open {}", directory);
  return tree;
}

llvm::Expected<Tree::Place> Tree::place(const std::string &path, bool make_parents) {
  const auto [above, name] = llvm::StringRef(path).rsplit('/');
  Place out;
  out.name = name.empty() ? path : name.str();
  const std::string parent = name.empty() ? std::string() : above.str();
  out.parent = open_inside(root_.get(), parent, O_PATH | O_DIRECTORY);
  if (!out.parent && make_parents && (errno == ENOENT || errno == ENOTDIR)) {
    if (auto error = make_directory(parent, 0755))
      return error;
    out.parent = open_inside(root_.get(), parent, O_PATH | O_DIRECTORY);
  }
  if (!out.parent)
    return system_failure(errno, "open {} in the image", parent);
  return out;
}

llvm::Expected<Tree::Place> Tree::cleared(const std::string &path) {
  if (path.empty())
    return failure("an entry in it stands for the image itself");
  auto where = place(path, true);
  if (!where)
    return where.takeError();
  if (::unlinkat(where->parent.get(), where->name.c_str(), 0) != 0 && errno != ENOENT)
    if (auto error = remove_at(where->parent.get(), where->name))
      return error;
  remember(path);
  return where;
}

/// With what is above it, which must outlive a whiteout that comes later.
void Tree::remember(llvm::StringRef path) {
  for (; !path.empty(); path = path.contains('/') ? path.rsplit('/').first : llvm::StringRef())
    if (made_.insert(path.str()).second)
      name_bytes_ += path.size();
}

llvm::Error Tree::make_directory(const std::string &path, mode_t mode) {
  if (path.empty())
    return llvm::Error::success();
  auto where = place(path, true);
  if (!where)
    return where.takeError();
  const int parent = where->parent.get();
  struct stat info;
  const bool there = ::fstatat(parent, where->name.c_str(), &info, AT_SYMLINK_NOFOLLOW) == 0;
  if (there && !S_ISDIR(info.st_mode))
    if (auto error = remove_at(parent, where->name))
      return error;
  if ((!there || !S_ISDIR(info.st_mode)) && ::mkdirat(parent, where->name.c_str(), 0755) != 0)
    return system_failure(errno, "make {} in the image", path);
  remember(path);
  if (::fchmodat(parent, where->name.c_str(), readable(mode, 0700), 0) != 0)
    return system_failure(errno, "make {} in the image", path);
  return llvm::Error::success();
}

llvm::Expected<Descriptor> Tree::make_file(const std::string &path, mode_t mode) {
  auto where = cleared(path);
  if (!where)
    return where.takeError();
  Descriptor file(::openat(where->parent.get(), where->name.c_str(),
                           O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600));
  if (!file || ::fchmod(file.get(), readable(mode, 0600)) != 0)
    return system_failure(errno, "make {} in the image", path);
  return file;
}

llvm::Error Tree::make_symlink(const std::string &path, const std::string &target) {
  auto where = cleared(path);
  if (!where)
    return where.takeError();
  if (target.empty() || target.size() >= PATH_MAX || llvm::StringRef(target).contains('\0'))
    return failure("the link {} in it leads nowhere", path);
  if (::symlinkat(target.c_str(), where->parent.get(), where->name.c_str()) != 0)
    return system_failure(errno, "make {} in the image", path);
  return llvm::Error::success();
}

llvm::Error Tree::make_link(const std::string &path, const std::string &target) {
  if (path == target)
    return llvm::Error::success();
  auto from = place(target, false);
  if (!from)
    return from.takeError();
  struct stat info;
  if (::fstatat(from->parent.get(), from->name.c_str(), &info, AT_SYMLINK_NOFOLLOW) != 0)
    return system_failure(errno, "{} in the image is to be a second name of {}", path, target);
  if (!S_ISREG(info.st_mode) && !S_ISLNK(info.st_mode))
    return failure("{} in it is to be a second name of {}, which is no file", path, target);
  auto where = cleared(path);
  if (!where)
    return where.takeError();
  if (::linkat(from->parent.get(), from->name.c_str(), where->parent.get(), where->name.c_str(),
               0) != 0)
    return system_failure(errno, "make {} in the image", path);
  return llvm::Error::success();
}

llvm::Error Tree::hide(const std::string &path) {
  if (path.empty())
    return failure("it hides the image itself");
  if (made_.count(path))
    return hide_contents(path);
  const auto [above, name] = llvm::StringRef(path).rsplit('/');
  const std::string parent = name.empty() ? std::string() : above.str();
  const Descriptor directory = open_inside(root_.get(), parent, O_PATH | O_DIRECTORY);
  if (!directory)
    return is_missing(errno) ? llvm::Error::success()
                             : system_failure(errno, "open {} in the image", parent);
  return remove_at(directory.get(), name.empty() ? path : name.str());
}

llvm::Error Tree::hide_contents(const std::string &path) {
  const Descriptor directory = open_inside(root_.get(), path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW);
  if (!directory)
    return is_missing(errno) ? llvm::Error::success()
                             : system_failure(errno, "open {} in the image", path);
  std::error_code error;
  std::vector<std::string> names;
  for (const auto &entry :
       fs::directory_iterator(fmt::format("/proc/self/fd/{}", directory.get()), error))
    names.push_back(entry.path().filename());
  if (error)
    return failure("cannot read {} in the image: {}", path, error.message());
  for (const std::string &name : names)
    if (auto failed = hide(path.empty() ? name : fmt::format("{}/{}", path, name)))
      return failed;
  return llvm::Error::success();
}

} // namespace nemo::unpack
