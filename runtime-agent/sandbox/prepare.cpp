// Directories, secrets, mounts and the filter, opened while we may still open them.
#include "runtime-agent/sandbox/prepare.h"

#include <algorithm>
#include <cerrno>
#include <filesystem>

#include <dirent.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/stat.h>

#include "llvm/Support/FileSystem.h"
#include "llvm/Support/Path.h"

#include "base/error.h"
#include "runtime-agent/sandbox/files.h"
#include "runtime-agent/sandbox/mounts.h"
#include "runtime-agent/sandbox/seccomp.h"

namespace nemo::sandbox {

namespace {

constexpr uint64_t kDefaultLogBytes = 10 << 20;
constexpr uint64_t kNoLogLimit = uint64_t{1} << 60;
constexpr size_t kSecretLimit = 1 << 20;

bool of_a_sandbox(uid_t user) {
  return user >= kFirstHostUser && user < kFirstHostUser + kUserSlots;
}

bool is_empty(int directory) {
  const int copy = ::openat(directory, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  DIR *entries = copy < 0 ? nullptr : ::fdopendir(copy);
  if (entries == nullptr)
    return false;
  int count = 0;
  while (::readdir(entries) != nullptr)
    ++count;
  ::closedir(entries);
  return count <= 2; // "." and ".."
}

/// The directory of a file that the supervisor writes.
llvm::Expected<Descriptor> open_directory(const std::string &file, const Spec &spec,
                                          const Host &host) {
  const std::string path = llvm::sys::path::parent_path(file).str();
  if (std::error_code error = llvm::sys::fs::create_directories(llvm::sys::path::parent_path(path)))
    return system_failure(error.value(), "make {}", path);
  if (::mkdir(path.c_str(), 0700) != 0 && errno != EEXIST)
    return system_failure(errno, "make {}", path);
  Descriptor fd(::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
  struct stat info;
  if (!fd || ::fstat(fd.get(), &info) != 0)
    return system_failure(errno, "open {}", path);
  const uint32_t user = host_uid(spec, host), group = host_gid(spec, host);
  if (!host.root || info.st_uid == user)
    return fd;
  if (!of_a_sandbox(info.st_uid) && !is_empty(fd.get()))
    return failure("{} holds other things: the directory of a sandbox's log and exit record must "
                   "be its own",
                   path);
  const std::string name = llvm::sys::path::filename(file).str();
  for (const char *suffix : {"", ".1", ".tmp", kRefused})
    ::fchownat(fd.get(), (name + suffix).c_str(), user, group, AT_SYMLINK_NOFOLLOW);
  if (::fchown(fd.get(), user, group) != 0)
    return system_failure(errno, "give {} to user {}", path, user);
  return fd;
}

llvm::Error give_volume(const std::string &path, uint32_t user, uint32_t group) {
  struct stat info;
  if (::lstat(path.c_str(), &info) != 0 || !S_ISDIR(info.st_mode))
    return failure("volume {} is not a directory", path);
  if (info.st_uid == user)
    return llvm::Error::success();
  std::error_code error;
  // Nothing runs in it now; links are changed themselves, never followed.
  for (auto entry = std::filesystem::recursive_directory_iterator(path, error);
       !error && entry != std::filesystem::recursive_directory_iterator(); entry.increment(error))
    if (::lchown(entry->path().c_str(), user, group) != 0)
      return system_failure(errno, "give {} to user {}", entry->path().string(), user);
  if (error)
    return system_failure(error.value(), "give {} to user {}", path, user);
  // Last, so that a start that was interrupted here does it again.
  if (::lchown(path.c_str(), user, group) != 0)
    return system_failure(errno, "give {} to user {}", path, user);
  return llvm::Error::success();
}

llvm::Expected<std::vector<Mount>> prepare_mounts(const Spec &spec, const Host &host) {
  std::vector<Mount> mounts;
  for (const Bind &bind : spec.binds) {
    Mount mount;
    mount.bind = bind;
    struct stat info;
    if (::stat(bind.source.c_str(), &info) != 0)
      return system_failure(errno, "mount {}", bind.source);
    mount.directory = S_ISDIR(info.st_mode);
    if (bind.owned && host.root)
      if (auto error = give_volume(bind.source, host_uid(spec, host), host_gid(spec, host)))
        return error;
    if (host.root) { // later it may not pass the directories above
      auto tree = clone_source(bind, spec.restrictions);
      if (!tree)
        return tree.takeError();
      mount.tree = std::move(*tree);
      if (bind.mapped)
        if (auto error = map_owner(mount.tree.get(), host_uid(spec, host), host_gid(spec, host)))
          return error;
    }
    mounts.push_back(std::move(mount));
  }
  std::stable_sort(mounts.begin(), mounts.end(),
                   [](const Mount &a, const Mount &b) { return a.bind.target < b.bind.target; });
  return mounts;
}

llvm::Error prepare_monitor(const Monitor &monitor, Launch &launch) {
  launch.tapped = monitor.tap;
  launch.root_plan.readable = monitor.readable;
  launch.root_plan.bundle = monitor.bundle;
  if (monitor.control >= 0) {
    launch.control = Descriptor(::fcntl(monitor.control, F_DUPFD_CLOEXEC, 0));
    if (!launch.control)
      return system_failure(errno, "socket of the machine's monitor");
  }
  if (monitor.kvm.empty())
    return llvm::Error::success();
  auto device = clone_tree(monitor.kvm, MOUNT_ATTR_NOSUID | MOUNT_ATTR_NOEXEC);
  if (!device)
    return device.takeError();
  launch.root_plan.kvm = std::move(*device);
  return llvm::Error::success();
}

/// \param seals  beside those that keep its size.
llvm::Expected<Descriptor> in_memory(const char *name, llvm::StringRef bytes, int seals) {
  Descriptor fd(::memfd_create(name, MFD_CLOEXEC | MFD_ALLOW_SEALING));
  if (!fd || ::write(fd.get(), bytes.data(), bytes.size()) != static_cast<ssize_t>(bytes.size()) ||
      ::fcntl(fd.get(), F_ADD_SEALS, seals | F_SEAL_GROW | F_SEAL_SHRINK | F_SEAL_SEAL) != 0)
    return system_failure(errno, "memory for the {}", name);
  return fd;
}

std::string hostname_of(const std::string &id) {
  std::string name = id.substr(0, 63);
  for (char &c : name)
    c = c == '.' ? '-' : c;
  while (name.size() > 1 && name.back() == '-')
    name.pop_back();
  return name;
}

llvm::Error open_files(Launch &launch, const Spec &spec, const Host &host) {
  for (auto [fd, path] : {std::pair(&launch.log_directory, &spec.log_path),
                          std::pair(&launch.exit_directory, &spec.exit_path)}) {
    auto directory = open_directory(*path, spec, host);
    if (!directory)
      return directory.takeError();
    *fd = std::move(*directory);
  }
  launch.log_name = llvm::sys::path::filename(spec.log_path).str();
  launch.exit_name = llvm::sys::path::filename(spec.exit_path).str();
  for (const char *suffix : {"", kRefused}) // of the run before
    ::unlinkat(launch.exit_directory.get(), (launch.exit_name + suffix).c_str(), 0);
  launch.supervisor = Descriptor(::open(host.supervisor.c_str(), O_PATH | O_CLOEXEC));
  if (!launch.supervisor)
    return system_failure(errno, "open nemo-supervisor ({})", host.supervisor);
  if (!host.filters.empty() && spec.restrictions.has(Restriction::seccomp)) {
    auto filters = in_memory("filters",
                             host.filters + (host.can("landlock.tcp")
                                                 ? port_sections(spec.bind_tcp, spec.connect_tcp)
                                                 : std::string()),
                             F_SEAL_WRITE);
    if (!filters)
      return filters.takeError();
    launch.filters = std::move(*filters);
  }
  if (spec.deadline) {
    auto deadline = in_memory(
        "deadline",
        llvm::StringRef(reinterpret_cast<const char *>(&*spec.deadline), sizeof *spec.deadline), 0);
    if (!deadline)
      return deadline.takeError();
    launch.deadline = std::move(*deadline);
  }
  return llvm::Error::success();
}

} // namespace

uint32_t host_uid(const Spec &spec, const Host &host) {
  return host.root ? kFirstHostUser + spec.user_slot : ::geteuid();
}

uint32_t host_gid(const Spec &spec, const Host &host) {
  return host.root ? kFirstHostUser + spec.user_slot : ::getegid();
}

llvm::Expected<Launch> prepare(const Spec &spec, const Host &host) {
  Launch launch;
  launch.argv = spec.argv;
  launch.environment = spec.environment;
  launch.working_directory = spec.working_directory;
  launch.log_bytes = spec.log_bytes != 0 ? spec.log_bytes : kDefaultLogBytes;
  if (!spec.restrictions.has(Restriction::log_size))
    launch.log_bytes = kNoLogLimit;
  launch.hostname = hostname_of(spec.id);
  launch.root = host.root;
  launch.restrictions = spec.restrictions;
  launch.own_network = spec.own_network && spec.restrictions.has(Restriction::network_namespace);
  launch.user =
      spec.restrictions.has(Restriction::user_namespace) ? kInsideUser : host_uid(spec, host);
  launch.rules.restrict_files = spec.restrictions.has(Restriction::landlock_files);
  launch.rules.restrict_tcp = spec.restrictions.has(Restriction::landlock_tcp);
  launch.rules.restrict_scope = spec.restrictions.has(Restriction::landlock_scope);
  if (launch.rules.restrict_files || launch.rules.restrict_tcp || launch.rules.restrict_scope)
    launch.landlock_abi = host.can("landlock.files") ? host.landlock_abi : 0;
  launch.root_plan.hostname = launch.hostname;
  launch.root_plan.own_network = launch.own_network;
  launch.root_plan.restrictions = spec.restrictions;
  launch.root_plan.tmp_bytes = spec.tmp_bytes;
  if (spec.monitor)
    if (auto error = prepare_monitor(*spec.monitor, launch))
      return error;
  for (const Secret &secret : spec.secrets) {
    auto contents = read_file(secret.file, kSecretLimit);
    if (!contents)
      return system_failure(errno, "secret {}: {}", secret.name, secret.file);
    launch.root_plan.secrets.emplace_back(secret.name, std::move(*contents));
  }
  auto mounts = prepare_mounts(spec, host);
  if (!mounts)
    return mounts.takeError();
  launch.root_plan.mounts = std::move(*mounts);
  launch.rules.files = file_rules(launch.root_plan);
  launch.rules.bind_tcp = spec.bind_tcp;
  launch.rules.connect_tcp = spec.connect_tcp;
  if (auto error = open_files(launch, spec, host))
    return error;
  return launch;
}

} // namespace nemo::sandbox
