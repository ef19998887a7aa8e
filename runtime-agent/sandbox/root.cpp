// The order matters: trees of the host are cloned while its root is still there, the new root is
// filled, and only then is the old one let go of.
#include "runtime-agent/sandbox/root.h"

#include <cerrno>

#include <fcntl.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/syscall.h>

#include "base/error.h"
#include "runtime-agent/sandbox/files.h"
#include "runtime-agent/sandbox/mounts.h"

namespace nemo::sandbox {

namespace {

constexpr uint64_t kNoPrivilege = MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV;
constexpr uint64_t kReadOnly = kNoPrivilege | MOUNT_ATTR_RDONLY;
constexpr char kStage[] = "/tmp"; // hidden in our mount namespace only, until we leave it
constexpr unsigned long kTmpfsFlags = MS_NOSUID | MS_NODEV;

struct Placed {
  std::string target;
  Descriptor tree;
  bool directory = true;
};

/// Without the attributes whose restriction is left out.
uint64_t attributes_of(uint64_t wanted, Restrictions restrictions) {
  if (!restrictions.has(Restriction::read_only))
    wanted &= ~uint64_t{MOUNT_ATTR_RDONLY};
  if (!restrictions.has(Restriction::no_setuid))
    wanted &= ~uint64_t{MOUNT_ATTR_NOSUID};
  if (!restrictions.has(Restriction::no_devices))
    wanted &= ~uint64_t{MOUNT_ATTR_NODEV};
  return wanted;
}

std::string in_stage(const std::string &path) { return kStage + path; }

llvm::Error make_directory(const std::string &path, mode_t mode = 0755) {
  if (::mkdir(in_stage(path).c_str(), mode) != 0)
    return system_failure(errno, "make {}", path);
  return llvm::Error::success();
}

llvm::Error make_file(const std::string &path, llvm::StringRef text, mode_t mode = 0644) {
  Descriptor fd(::open(in_stage(path).c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, mode));
  if (!fd || ::write(fd.get(), text.data(), text.size()) != static_cast<ssize_t>(text.size()))
    return system_failure(errno, "make {}", path);
  return llvm::Error::success();
}

llvm::Error make_link(const std::string &target, const std::string &path) {
  if (::symlink(target.c_str(), in_stage(path).c_str()) != 0)
    return system_failure(errno, "make {}", path);
  return llvm::Error::success();
}

/// A tree of the host that is there on most systems; absent is fine.
llvm::Error take(std::vector<Placed> &placed, const std::string &path, uint64_t attributes) {
  struct stat info;
  if (::stat(path.c_str(), &info) != 0)
    return llvm::Error::success();
  auto tree = clone_tree(path, attributes);
  if (!tree)
    return tree.takeError();
  placed.push_back({path, std::move(*tree), S_ISDIR(info.st_mode)});
  return llvm::Error::success();
}

llvm::Error take_host_trees(std::vector<Placed> &placed,
                            std::vector<std::pair<std::string, std::string>> &links) {
  if (auto error = take(placed, "/usr", kReadOnly))
    return error;
  for (const char *path : {"/bin", "/sbin", "/lib", "/lib64", "/lib32", "/libx32"}) {
    char target[256];
    const ssize_t size = ::readlink(path, target, sizeof target - 1);
    if (size > 0)
      links.emplace_back(std::string(target, static_cast<size_t>(size)), path);
    else if (auto error = take(placed, path, kReadOnly))
      return error;
  }
  for (const char *path : {"/etc/resolv.conf", "/etc/ssl", "/etc/alternatives", "/etc/ld.so.cache",
                           "/etc/localtime", "/etc/services", "/etc/protocols", "/etc/mime.types"})
    if (auto error = take(placed, path, kReadOnly | MOUNT_ATTR_NOEXEC))
      return error;
  for (const char *path :
       {"/dev/null", "/dev/zero", "/dev/full", "/dev/random", "/dev/urandom", "/dev/tty"})
    if (auto error = take(placed, path, MOUNT_ATTR_NOSUID | MOUNT_ATTR_NOEXEC))
      return error;
  return llvm::Error::success();
}

llvm::Error make_etc(const RootPlan &plan) {
  if (auto error = make_directory("/etc"))
    return error;
  std::string hosts = "127.0.0.1 localhost\n::1 localhost ip6-localhost ip6-loopback\n";
  if (!plan.own_network) // the host's network: its names too
    if (auto own = read_file("/etc/hosts"))
      hosts = *own + "\n";
  hosts += "127.0.0.1 " + plan.hostname + "\n";
  const std::pair<const char *, std::string> files[] = {
      {"/etc/passwd", fmt::format("root:x:0:0:root:/:/usr/sbin/nologin\n"
                                  "nemo:x:{0}:{0}:nemo:/tmp:/usr/sbin/nologin\n"
                                  "nobody:x:65534:65534:nobody:/:/usr/sbin/nologin\n",
                                  kInsideUser)},
      {"/etc/group", fmt::format("root:x:0:\nnemo:x:{}:\nnogroup:x:65534:\n", kInsideUser)},
      {"/etc/hosts", hosts},
      {"/etc/hostname", plan.hostname + "\n"},
      {"/etc/nsswitch.conf", "passwd: files\ngroup: files\nshadow: files\nhosts: files dns\n"
                             "networks: files\nprotocols: files\nservices: files\n"}};
  for (const auto &[path, text] : files)
    if (auto error = make_file(path, text))
      return error;
  return llvm::Error::success();
}

llvm::Error mount_proc(bool own_processes) {
  if (auto error = make_directory("/proc", 0555))
    return error;
  if (!own_processes) { // then it is not ours to mount
    auto tree = clone_tree("/proc", kNoPrivilege | MOUNT_ATTR_NOEXEC);
    if (!tree)
      return tree.takeError();
    Descriptor place(::open(in_stage("/proc").c_str(), O_PATH | O_CLOEXEC));
    return put_tree(tree->get(), place.get(), "/proc");
  }
  if (::mount("proc", in_stage("/proc").c_str(), "proc", MS_NOSUID | MS_NODEV | MS_NOEXEC,
              nullptr) != 0)
    return system_failure(errno, "mount /proc");
  return llvm::Error::success();
}

llvm::Error make_proc(Restrictions restrictions) {
  if (auto error = mount_proc(restrictions.has(Restriction::pid_namespace)))
    return error;
  if (!restrictions.has(Restriction::proc))
    return llvm::Error::success();
  // Knobs of the kernel: for reading; what tells too much: nothing. Where a host hides such a file
  // already, there is nothing to do.
  for (const char *name : {"sys", "irq", "bus", "fs", "sysrq-trigger", "acpi"}) {
    const std::string path = in_stage("/proc/") + name;
    auto tree = clone_tree(path, kReadOnly | MOUNT_ATTR_NOEXEC);
    Descriptor place(::open(path.c_str(), O_PATH | O_CLOEXEC));
    if (!tree)
      llvm::consumeError(tree.takeError());
    else if (auto error = put_tree(tree->get(), place.get(), path))
      return error;
  }
  for (const char *name : {"kcore", "keys", "key-users", "timer_list", "kallsyms", "kmsg"}) {
    const std::string path = in_stage("/proc/") + name;
    Descriptor place(::open(path.c_str(), O_PATH | O_CLOEXEC));
    if (!place)
      continue;
    auto nothing = clone_tree("/dev/null", MOUNT_ATTR_NOSUID | MOUNT_ATTR_NOEXEC);
    if (!nothing)
      return nothing.takeError();
    if (auto error = put_tree(nothing->get(), place.get(), path))
      return error;
  }
  return llvm::Error::success();
}

llvm::Error make_scratch(const RootPlan &plan) {
  uint64_t bytes = plan.tmp_bytes != 0 ? plan.tmp_bytes : kTmpBytes;
  if (!plan.restrictions.has(Restriction::tmp_size))
    bytes = 0;
  struct Scratch {
    const char *path;
    uint64_t bytes;
    const char *mode;
  };
  if (auto error = make_directory("/dev"))
    return error;
  for (const Scratch &one : {Scratch{"/tmp", bytes, "1777"}, Scratch{"/run", kRunBytes, "0755"},
                             Scratch{"/dev/shm", bytes, "1777"}}) {
    if (auto error = make_directory(one.path))
      return error;
    if (auto error = mount_tmpfs(in_stage(one.path), one.bytes, one.mode, kTmpfsFlags))
      return error;
  }
  const std::pair<const char *, const char *> links[] = {{"/proc/self/fd", "/dev/fd"},
                                                         {"/proc/self/fd/0", "/dev/stdin"},
                                                         {"/proc/self/fd/1", "/dev/stdout"},
                                                         {"/proc/self/fd/2", "/dev/stderr"}};
  for (const auto &[target, path] : links)
    if (auto error = make_link(target, path))
      return error;
  if (auto error = make_directory("/var"))
    return error;
  if (auto error = make_link("../tmp", "/var/tmp"))
    return error;
  return make_link("../run", "/var/run");
}

llvm::Error make_secrets(const RootPlan &plan) {
  if (plan.secrets.empty())
    return llvm::Error::success();
  if (auto error = make_directory("/run/secrets"))
    return error;
  uint64_t bytes = 64 << 10;
  for (const auto &[name, contents] : plan.secrets)
    bytes += contents.size() + 4096;
  if (auto error = mount_tmpfs(in_stage("/run/secrets"), bytes, "0500", kTmpfsFlags | MS_NOEXEC))
    return error;
  for (const auto &[name, contents] : plan.secrets)
    if (auto error = make_file("/run/secrets/" + name, contents, 0400))
      return error;
  return restrict_mount(in_stage("/run/secrets"), kReadOnly | MOUNT_ATTR_NOEXEC);
}

// While nobody else's files are in the new root, no path in it can lead astray.
llvm::Error put_host_trees(const std::vector<Placed> &placed) {
  for (const Placed &one : placed) {
    const std::string path = in_stage(one.target);
    if ((one.directory ? ::mkdir(path.c_str(), 0755) : ::mknod(path.c_str(), S_IFREG | 0644, 0)) !=
        0)
      return system_failure(errno, "make {}", one.target);
    if (::move_mount(one.tree.get(), "", AT_FDCWD, path.c_str(), MOVE_MOUNT_F_EMPTY_PATH) != 0)
      return system_failure(errno, "mount {}", one.target);
  }
  return llvm::Error::success();
}

llvm::Error put_declared(RootPlan &plan) {
  Descriptor root(::open(kStage, O_PATH | O_DIRECTORY | O_CLOEXEC));
  std::vector<uint64_t> own;
  for (const char *path : {"", "/tmp", "/run"}) {
    struct stat info;
    if (::stat(in_stage(path).c_str(), &info) != 0)
      return system_failure(errno, "look at {}", path);
    own.push_back(info.st_dev);
  }
  for (Mount &mount : plan.mounts) {
    auto place = make_place(root.get(), mount.bind.target, mount.directory, own);
    if (!place)
      return place.takeError();
    if (auto error = put_tree(mount.tree.get(), place->get(), mount.bind.target))
      return error;
    mount.tree.reset();
  }
  return llvm::Error::success();
}

/// A bundle whose root is the image with a little that can be written over it: the runtime makes
/// places for mounts that the image lacks.
llvm::Error make_bundle(const std::string &config) {
  const std::string bundle = kBundle;
  for (const std::string &path : {bundle, bundle + "/upper", bundle + "/work", bundle + "/rootfs"})
    if (auto error = make_directory(path))
      return error;
  if (auto error = make_file(bundle + "/config.json", config))
    return error;
  // It looks there for control groups, of which it is to make none.
  for (const char *path : {"/sys", "/sys/fs", "/sys/fs/cgroup"})
    if (auto error = make_directory(path))
      return error;
  const std::string options =
      fmt::format("lowerdir={},upperdir={},workdir={},userxattr", in_stage(kImage),
                  in_stage(bundle + "/upper"), in_stage(bundle + "/work"));
  if (::mount("overlay", in_stage(bundle + "/rootfs").c_str(), "overlay", kTmpfsFlags,
              options.c_str()) != 0)
    return system_failure(errno, "lay a root over the image (overlayfs)");
  return llvm::Error::success();
}

llvm::Error enter_root() {
  if (::chdir(kStage) != 0)
    return system_failure(errno, "enter the new root");
  // The old root is stacked on the new one and then detached: no directory is needed for it.
  if (::syscall(SYS_pivot_root, ".", ".") != 0)
    return system_failure(errno, "pivot_root");
  if (::umount2(".", MNT_DETACH) != 0)
    return system_failure(errno, "detach the old root");
  if (::chdir("/") != 0)
    return system_failure(errno, "enter the new root");
  return restrict_mount("/", kReadOnly);
}

} // namespace

llvm::Expected<Descriptor> clone_source(const Bind &bind, Restrictions restrictions) {
  return clone_tree(bind.source,
                    attributes_of(bind.read_only ? kReadOnly : kNoPrivilege, restrictions));
}

llvm::Error build_root(RootPlan &plan) {
  ::umask(0);
  if (::mount(nullptr, "/", nullptr, MS_REC | MS_PRIVATE, nullptr) != 0)
    return system_failure(errno, "make the mounts private");
  if (!plan.restrictions.has(Restriction::view))
    return llvm::Error::success();
  std::vector<Placed> placed;
  std::vector<std::pair<std::string, std::string>> links;
  if (auto error = take_host_trees(placed, links))
    return error;
  for (Mount &mount : plan.mounts)
    if (!mount.tree) {
      auto tree = clone_source(mount.bind, plan.restrictions);
      if (!tree)
        return tree.takeError();
      mount.tree = std::move(*tree);
    }
  if (auto error = mount_tmpfs(kStage, 1 << 20, "0755", kTmpfsFlags))
    return error;
  for (const auto &[target, path] : links)
    if (auto error = make_link(target, path))
      return error;
  if (auto error = make_etc(plan))
    return error;
  if (auto error = make_proc(plan.restrictions))
    return error;
  if (auto error = make_scratch(plan))
    return error;
  if (auto error = make_secrets(plan))
    return error;
  if (plan.kvm)
    placed.push_back({"/dev/kvm", std::move(plan.kvm), false});
  if (auto error = put_host_trees(placed))
    return error;
  if (auto error = put_declared(plan))
    return error;
  if (!plan.bundle.empty())
    if (auto error = make_bundle(plan.bundle))
      return error;
  ::umask(022);
  return enter_root();
}

std::vector<FileRule> file_rules(const RootPlan &plan) {
  std::vector<FileRule> rules = {{"/", Access::list}};
  for (const std::string &path : plan.readable)
    rules.push_back({path, Access::read});
  if (plan.readable.empty())
    for (const char *path : {"/usr", "/bin", "/sbin", "/lib", "/lib64", "/lib32", "/libx32"})
      rules.push_back({path, Access::read});
  for (const char *path : {"/etc", "/run/secrets"})
    rules.push_back({path, Access::read});
  rules.push_back({"/proc", Access::write_files});
  rules.push_back({"/dev", Access::write_files});
  for (const char *path : {"/tmp", "/run", "/dev/shm"})
    rules.push_back({path, Access::read_write});
  for (const Mount &mount : plan.mounts)
    rules.push_back({mount.bind.target, mount.bind.read_only ? Access::read : Access::read_write});
  return rules;
}

} // namespace nemo::sandbox
