// Thin wrappers over open_tree, mount_setattr, move_mount and openat2.
#include "runtime-agent/sandbox/mounts.h"

#include <algorithm>
#include <cerrno>
#include <csignal>

#include <fcntl.h>
#include <linux/openat2.h>
#include <linux/sched.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "llvm/ADT/ArrayRef.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/SmallVector.h"
#include "llvm/ADT/StringRef.h"

#include "base/error.h"
#include "runtime-agent/sandbox/files.h"

namespace nemo::sandbox {

llvm::Expected<Descriptor> clone_tree(const std::string &path, uint64_t attributes) {
  Descriptor tree(
      ::open_tree(AT_FDCWD, path.c_str(), OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC | AT_RECURSIVE));
  if (!tree)
    return system_failure(errno, "open {}", path);
  mount_attr change = {};
  change.attr_set = attributes;
  change.propagation = MS_PRIVATE;
  if (::mount_setattr(tree.get(), "", AT_EMPTY_PATH | AT_RECURSIVE, &change, sizeof change) != 0)
    return system_failure(errno, "restrict {}", path);
  return tree;
}

namespace {

/// A user namespace whose root is `user`; it lasts as long as its descriptor.
llvm::Expected<Descriptor> make_user_namespace(uint32_t user, uint32_t group) {
  clone_args arguments = {};
  arguments.flags = CLONE_NEWUSER;
  arguments.exit_signal = SIGCHLD;
  const long pid = ::syscall(SYS_clone3, &arguments, sizeof arguments);
  if (pid == 0)
    for (;;)
      ::pause();
  if (pid < 0)
    return system_failure(errno, "user namespace");
  const std::string process = fmt::format("/proc/{}/", pid);
  int error = write_file(process + "uid_map", fmt::format("0 {} 1", user));
  if (error == 0)
    error = write_file(process + "gid_map", fmt::format("0 {} 1", group));
  Descriptor made;
  if (error == 0) {
    made = Descriptor(::open((process + "ns/user").c_str(), O_RDONLY | O_CLOEXEC));
    error = made ? 0 : errno;
  }
  ::kill(static_cast<pid_t>(pid), SIGKILL);
  while (::waitpid(static_cast<pid_t>(pid), nullptr, 0) < 0 && errno == EINTR) {
  }
  if (error != 0)
    return system_failure(error, "user namespace");
  return made;
}

} // namespace

llvm::Error map_owner(int tree, uint32_t user, uint32_t group) {
  auto users = make_user_namespace(user, group);
  if (!users)
    return users.takeError();
  mount_attr change = {};
  change.attr_set = MOUNT_ATTR_IDMAP;
  change.userns_fd = static_cast<uint64_t>(users->get());
  if (::mount_setattr(tree, "", AT_EMPTY_PATH, &change, sizeof change) != 0)
    return system_failure(errno, "map the owner of a mount (idmapped mounts)");
  return llvm::Error::success();
}

llvm::Error put_tree(int tree, int place, const std::string &name) {
  if (::move_mount(tree, "", place, "", MOVE_MOUNT_F_EMPTY_PATH | MOVE_MOUNT_T_EMPTY_PATH) != 0)
    return system_failure(errno, "mount {}", name);
  return llvm::Error::success();
}

llvm::Error restrict_mount(const std::string &path, uint64_t attributes) {
  mount_attr change = {};
  change.attr_set = attributes;
  if (::mount_setattr(AT_FDCWD, path.c_str(), 0, &change, sizeof change) != 0)
    return system_failure(errno, "restrict {}", path);
  return llvm::Error::success();
}

llvm::Error mount_tmpfs(const std::string &path, uint64_t bytes, const char *mode,
                        unsigned long flags) {
  // An empty file takes a kilobyte of the kernel's memory, and no room.
  const uint64_t inodes = bytes == 0 ? 0 : std::max<uint64_t>(1024, bytes / 1024);
  const std::string options = fmt::format("size={},nr_inodes={},mode={}", bytes, inodes, mode);
  if (::mount("tmpfs", path.c_str(), "tmpfs", flags, options.c_str()) != 0)
    return system_failure(errno, "mount {} (tmpfs)", path);
  return llvm::Error::success();
}

Descriptor open_inside(int root, const std::string &path, uint64_t flags) {
  open_how how = {};
  how.flags = flags | O_CLOEXEC;
  how.resolve = RESOLVE_IN_ROOT | RESOLVE_NO_MAGICLINKS;
  long fd = -1;
  // A rename or a mount anywhere on the machine meanwhile is EAGAIN, where ".." or a link is met.
  for (int tries = 0; tries < 128 &&
                      (fd = ::syscall(SYS_openat2, root, path.empty() ? "/" : path.c_str(), &how,
                                      sizeof how)) < 0 &&
                      errno == EAGAIN;
       ++tries) {
  }
  return Descriptor(static_cast<int>(fd));
}

llvm::Expected<Descriptor> make_place(int root, const std::string &target, bool directory,
                                      llvm::ArrayRef<uint64_t> own) {
  llvm::SmallVector<llvm::StringRef, 8> parts;
  llvm::StringRef(target).split(parts, '/', -1, /*KeepEmpty=*/false);
  std::string path;
  for (size_t i = 0; i < parts.size(); ++i) {
    const std::string parent = path;
    path += "/" + parts[i].str();
    if (open_inside(root, path, O_PATH))
      continue;
    if (errno != ENOENT)
      return system_failure(errno, "mount {}: {}", target, path);
    Descriptor above = open_inside(root, parent, O_PATH | O_DIRECTORY);
    struct stat info;
    if (!above || ::fstat(above.get(), &info) != 0)
      return system_failure(errno, "mount {}: {}", target, parent);
    if (!llvm::is_contained(own, info.st_dev))
      return failure("mount {}: {} does not exist and cannot be made in a directory of the host",
                     target, path);
    const std::string name = parts[i].str();
    if (directory || i + 1 < parts.size()) {
      if (::mkdirat(above.get(), name.c_str(), 0755) != 0)
        return system_failure(errno, "mount {}: make {}", target, path);
    } else {
      Descriptor file(::openat(above.get(), name.c_str(),
                               O_CREAT | O_EXCL | O_WRONLY | O_CLOEXEC | O_NOFOLLOW, 0644));
      if (!file)
        return system_failure(errno, "mount {}: make {}", target, path);
    }
  }
  Descriptor place = open_inside(root, path, O_PATH);
  if (!place)
    return system_failure(errno, "mount {}", target);
  return place;
}

} // namespace nemo::sandbox
