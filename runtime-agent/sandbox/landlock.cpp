// Rights by ABI: each version handles what it knows; what it does not know stays to the mounts and
// the system call filter.
#include "runtime-agent/sandbox/landlock.h"

#include <cerrno>

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/syscall.h>

#include "base/error.h"

namespace nemo::sandbox {

namespace {

// include/uapi/linux/landlock.h, as of ABI 7.
struct RulesetAttributes {
  uint64_t files;
  uint64_t network;
  uint64_t scoped;
};
struct [[gnu::packed]] PathBeneath {
  uint64_t allowed;
  int32_t parent;
};
struct NetworkPort {
  uint64_t allowed;
  uint64_t port;
};
constexpr uint64_t kExecute = 1 << 0, kWriteFile = 1 << 1, kReadFile = 1 << 2, kReadDir = 1 << 3;
constexpr uint64_t kMakeChar = 1 << 6, kMakeBlock = 1 << 11;
constexpr uint64_t kRefer = 1 << 13, kTruncate = 1 << 14, kIoctlDevice = 1 << 15;
constexpr uint64_t kFirstVersion = (1 << 13) - 1;
constexpr uint64_t kBindTcp = 1 << 0, kConnectTcp = 1 << 1;
constexpr uint64_t kScopeAbstractSockets = 1 << 0, kScopeSignals = 1 << 1;
constexpr int kRulePath = 1, kRulePort = 2;
constexpr uint32_t kVersion = 1;

uint64_t handled_files(int abi) {
  uint64_t rights = kFirstVersion;
  if (abi >= 2)
    rights |= kRefer;
  if (abi >= 3)
    rights |= kTruncate;
  if (abi >= 5)
    rights |= kIoctlDevice;
  return rights;
}

uint64_t rights_of(Access access) {
  switch (access) {
  case Access::list:
    return kReadDir;
  case Access::read:
    return kReadDir | kReadFile | kExecute;
  case Access::write_files:
    return kReadDir | kReadFile | kWriteFile | kTruncate | kIoctlDevice;
  case Access::read_write:
    return ~(kMakeChar | kMakeBlock);
  }
  return 0;
}

llvm::Error allow_path(int ruleset, const FileRule &rule, uint64_t handled) {
  Descriptor place(::open(rule.path.c_str(), O_PATH | O_CLOEXEC));
  if (!place)
    return llvm::Error::success(); // nothing there, nothing to allow
  struct stat info;
  if (::fstat(place.get(), &info) != 0)
    return system_failure(errno, "landlock {}", rule.path);
  uint64_t rights = rights_of(rule.access) & handled;
  if (!S_ISDIR(info.st_mode))
    rights &= kExecute | kReadFile | kWriteFile | kTruncate | kIoctlDevice;
  PathBeneath entry = {rights, place.get()};
  if (rights != 0 && ::syscall(SYS_landlock_add_rule, ruleset, kRulePath, &entry, 0) != 0)
    return system_failure(errno, "landlock {}", rule.path);
  return llvm::Error::success();
}

llvm::Error allow_ports(int ruleset, const std::vector<uint16_t> &ports, uint64_t right) {
  for (const uint16_t port : ports) {
    NetworkPort entry = {right, port};
    if (::syscall(SYS_landlock_add_rule, ruleset, kRulePort, &entry, 0) != 0)
      return system_failure(errno, "landlock TCP port {}", port);
  }
  return llvm::Error::success();
}

} // namespace

int landlock_abi() {
  const long version = ::syscall(SYS_landlock_create_ruleset, nullptr, 0, kVersion);
  return version > 0 ? static_cast<int>(version) : 0;
}

llvm::Expected<Descriptor> make_ruleset(const LandlockRules &rules, int abi) {
  RulesetAttributes attributes = {};
  if (rules.restrict_files)
    attributes.files = handled_files(abi);
  const bool tcp = abi >= 4 && rules.restrict_tcp;
  if (tcp)
    attributes.network = kBindTcp | (rules.connect_tcp ? kConnectTcp : 0);
  if (abi >= 6 && rules.restrict_scope)
    attributes.scoped = kScopeAbstractSockets | kScopeSignals;
  // An older kernel knows a shorter structure and accepts the longer one as long as the rest is 0.
  Descriptor ruleset(
      static_cast<int>(::syscall(SYS_landlock_create_ruleset, &attributes, sizeof attributes, 0)));
  if (!ruleset)
    return system_failure(errno, "landlock ruleset");
  if (rules.restrict_files)
    for (const FileRule &rule : rules.files)
      if (auto error = allow_path(ruleset.get(), rule, attributes.files))
        return error;
  if (tcp) {
    if (auto error = allow_ports(ruleset.get(), rules.bind_tcp, kBindTcp))
      return error;
    if (rules.connect_tcp)
      if (auto error = allow_ports(ruleset.get(), *rules.connect_tcp, kConnectTcp))
        return error;
  }
  return ruleset;
}

} // namespace nemo::sandbox
