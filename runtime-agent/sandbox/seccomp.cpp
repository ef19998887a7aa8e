// Two filters, because two questions have two answers. "Is this call known?": a call younger than
// this program's libseccomp gets ENOSYS, so that a C library falls back to what is known. "Is this
// call for administrators?": it gets EPERM. The kernel obeys the stricter one. The second is there
// twice: one whose refusals the supervisor answers, and so knows, and one that refuses by itself.
#include "runtime-agent/sandbox/seccomp.h"

#include <algorithm>
#include <cerrno>
#include <cstddef>
#include <cstdlib>
#include <cstring>
#include <memory>

#include <fcntl.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <netinet/in.h>
#include <sched.h>
#include <seccomp.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "llvm/Support/MathExtras.h"

#include "base/error.h"
#include "runtime-agent/sandbox/descriptor.h"
#include "runtime-agent/sandbox/files.h"
#include "runtime-agent/sandbox/sandbox.h"
#include "runtime-agent/supervisor/filters.h"

namespace nemo::sandbox {

namespace {

// What changes the host's or the sandbox's shape, reads other processes, or has a record of kernel
// faults and no use for a service. Names this libseccomp does not know are unknown calls: ENOSYS.
constexpr const char *kForbidden[] = {
    // mounts and roots
    "mount", "umount", "umount2", "pivot_root", "chroot", "move_mount", "open_tree", "fsopen",
    "fsconfig", "fsmount", "fspick", "mount_setattr", "swapon", "swapoff", "quotactl",
    "quotactl_fd",
    // file handles lead around every path check
    "open_by_handle_at", "name_to_handle_at", "fanotify_init",
    // other processes
    "ptrace", "process_vm_readv", "process_vm_writev", "process_madvise", "pidfd_getfd", "kcmp",
    "setns",
    // the kernel itself
    "bpf", "perf_event_open", "kexec_load", "kexec_file_load", "init_module", "finit_module",
    "delete_module", "create_module", "get_kernel_syms", "query_module", "reboot", "syslog", "acct",
    "lookup_dcookie", "nfsservctl", "uselib", "ustat", "sysfs", "_sysctl", "vhangup", "vm86",
    "vm86old", "modify_ldt", "iopl", "ioperm",
    // key rings are not namespaced
    "keyctl", "add_key", "request_key",
    // paths into the kernel that were weak again and again
    "userfaultfd", "io_uring_setup", "io_uring_enter", "io_uring_register",
    // clocks and names of the machine
    "settimeofday", "stime", "clock_settime", "clock_settime64", "clock_adjtime", "clock_adjtime64",
    "adjtimex", "sethostname", "setdomainname",
    // memory of other nodes and processes
    "move_pages", "migrate_pages"};

constexpr uint64_t kNamespaceFlags[] = {CLONE_NEWNS,  CLONE_NEWCGROUP, CLONE_NEWUTS,
                                        CLONE_NEWIPC, CLONE_NEWUSER,   CLONE_NEWPID,
                                        CLONE_NEWNET, 0x00000080 /* CLONE_NEWTIME */};

scmp_arg_cmp argument(unsigned number, scmp_compare compare, uint64_t a, uint64_t b = 0) {
  return {number, compare, a, b};
}

using Filter = std::unique_ptr<void, void (*)(scmp_filter_ctx)>;

/// Collects the first failure of many calls.
class Rules {
public:
  explicit Rules(scmp_filter_ctx filter) : filter_(filter) {}
  void add(uint32_t action, int call, std::initializer_list<scmp_arg_cmp> arguments = {}) {
    const int result = seccomp_rule_add_array(
        filter_, action, call, static_cast<unsigned>(arguments.size()), arguments.begin());
    if (result != 0 && error_ == 0)
      error_ = -result;
  }
  int error() const { return error_; }

private:
  scmp_filter_ctx filter_;
  int error_ = 0;
};

Filter new_filter(uint32_t otherwise) {
  Filter filter(seccomp_init(otherwise), seccomp_release);
  if (filter) {
    // A search tree instead of a chain of 300 comparisons.
    seccomp_attr_set(filter.get(), SCMP_FLTATR_CTL_OPTIMIZE, 2);
    // Calls of another architecture's table (x32, i386) end the process: nothing honest makes them.
    seccomp_attr_set(filter.get(), SCMP_FLTATR_ACT_BADARCH, SCMP_ACT_KILL_PROCESS);
  }
  return filter;
}

void forbid_sockets(Rules &rules, uint32_t refuse) {
  const int call = SCMP_SYS(socket);
  const auto allowed = {AF_UNIX, AF_INET, AF_INET6, AF_NETLINK};
  for (int family = 0; family <= AF_NETLINK; ++family)
    if (std::find(allowed.begin(), allowed.end(), family) == allowed.end())
      rules.add(refuse, call, {argument(0, SCMP_CMP_EQ, static_cast<uint64_t>(family))});
  rules.add(refuse, call, {argument(0, SCMP_CMP_GT, AF_NETLINK)});
  for (const int family : {AF_INET, AF_INET6})
    for (const int type : {SOCK_RAW, SOCK_RDM, SOCK_DCCP, SOCK_PACKET})
      rules.add(refuse, call,
                {argument(0, SCMP_CMP_EQ, static_cast<uint64_t>(family)),
                 argument(1, SCMP_CMP_MASKED_EQ, 0xf, static_cast<uint64_t>(type))});
  // Landlock's rules for TCP know only what is TCP itself: Multipath TCP (262), which speaks plain
  // TCP to whoever does not know it, SMC and SCTP would pass them by.
  for (const int family : {AF_INET, AF_INET6})
    rules.add(refuse, call,
              {argument(0, SCMP_CMP_EQ, static_cast<uint64_t>(family)),
               argument(1, SCMP_CMP_MASKED_EQ, 0xf, SOCK_STREAM),
               argument(2, SCMP_CMP_GT, IPPROTO_TCP)});
  // getaddrinfo asks NETLINK_ROUTE (0) for the addresses; nothing else is needed.
  rules.add(refuse, call, {argument(0, SCMP_CMP_EQ, AF_NETLINK), argument(2, SCMP_CMP_NE, 0)});
}

/// Padded, so that the next section is aligned.
std::string section(supervisor::SectionKind kind, llvm::StringRef bytes) {
  const supervisor::Section head = {kind, static_cast<uint32_t>(bytes.size())};
  std::string framed(reinterpret_cast<const char *>(&head), sizeof head);
  framed += bytes;
  framed.resize(llvm::alignTo(framed.size(), 8));
  return framed;
}

llvm::Expected<std::string> export_filter(scmp_filter_ctx filter, supervisor::SectionKind kind) {
  Descriptor memory(::memfd_create("filter", MFD_CLOEXEC));
  if (!memory)
    return system_failure(errno, "memory for the system call filter");
  if (const int result = seccomp_export_bpf(filter, memory.get()); result != 0)
    return system_failure(-result, "system call filter");
  const off_t size = ::lseek(memory.get(), 0, SEEK_END);
  std::string program(static_cast<size_t>(size), '\0');
  if (::pread(memory.get(), program.data(), program.size(), 0) != size)
    return system_failure(errno, "system call filter");
  const size_t count = program.size() / sizeof(sock_filter);
  if (count == 0 || count > supervisor::kMaxInstructions)
    return failure("system call filter: {} instructions", count);
  return section(kind, program);
}

/// Nobody becomes another user in here: only one is mapped, so the kernel would refuse it too, but
/// tell nobody.
void forbid_other_users(Rules &rules, uint32_t refuse) {
  for (const int call : {SCMP_SYS(setuid), SCMP_SYS(setgid)})
    rules.add(refuse, call, {argument(0, SCMP_CMP_NE, kInsideUser)});
}

/// TCP Fast Open connects by sending, which Landlock does not look at.
void forbid_fast_open(Rules &rules, uint32_t refuse) {
  const std::pair<int, unsigned> flags_at[] = {
      {SCMP_SYS(sendto), 3}, {SCMP_SYS(sendmsg), 2}, {SCMP_SYS(sendmmsg), 3}};
  for (const auto &[call, at] : flags_at)
    rules.add(refuse, call, {argument(at, SCMP_CMP_MASKED_EQ, MSG_FASTOPEN, MSG_FASTOPEN)});
}

/// \param asking  of the workload itself: its refusals are answered by the supervisor, and it is
///                asked about ports (`tcp`) so that it sees what Landlock will refuse.
llvm::Expected<std::string> forbidden_filter(bool asking, bool tcp) {
  Filter filter = new_filter(SCMP_ACT_ALLOW);
  if (!filter)
    return failure("system call filter: out of memory");
  Rules rules(filter.get());
  const uint32_t refuse = asking ? SCMP_ACT_NOTIFY : SCMP_ACT_ERRNO(EPERM);
  for (const char *name : kForbidden) {
    const int call = seccomp_syscall_resolve_name(name);
    if (call >= 0) // negative: not on this architecture
      rules.add(refuse, call);
  }
  for (const uint64_t flag : kNamespaceFlags) {
    rules.add(refuse, SCMP_SYS(unshare), {argument(0, SCMP_CMP_MASKED_EQ, flag, flag)});
    // In clone the low byte is the exit signal: CLONE_NEWTIME exists in unshare and clone3 only.
    if (flag > 0xff)
      rules.add(refuse, SCMP_SYS(clone), {argument(0, SCMP_CMP_MASKED_EQ, flag, flag)});
  }
  // The filter cannot see into clone3's structure; without it the C library uses clone.
  rules.add(SCMP_ACT_ERRNO(ENOSYS), SCMP_SYS(clone3));
  forbid_sockets(rules, refuse);
  forbid_other_users(rules, refuse);
  if (tcp)
    forbid_fast_open(rules, refuse);
  if (asking && tcp)
    for (const int call : {SCMP_SYS(bind), SCMP_SYS(connect)})
      rules.add(SCMP_ACT_NOTIFY, call);
  for (const uint64_t request : {uint64_t{TIOCSTI}, uint64_t{TIOCLINUX}})
    rules.add(refuse, SCMP_SYS(ioctl), {argument(1, SCMP_CMP_MASKED_EQ, 0xffffffff, request)});
  if (rules.error() != 0)
    return system_failure(rules.error(), "system call filter");
  return export_filter(filter.get(), asking ? supervisor::kAsking : supervisor::kQuiet);
}

/// Written by hand: the known calls are a few ranges of numbers, and every start compiles this. The
/// library makes a search tree of 470 instructions of them.
std::string known_filter() {
  const uint32_t native = seccomp_arch_native();
  std::vector<sock_filter> program;
  const auto load = [&program](size_t offset) {
    program.push_back(BPF_STMT(BPF_LD | BPF_W | BPF_ABS, static_cast<uint32_t>(offset)));
  };
  const auto jump = [&program](unsigned short test, uint32_t value, uint8_t yes, uint8_t no) {
    program.push_back(
        BPF_JUMP(static_cast<unsigned short>(BPF_JMP | test | BPF_K), value, yes, no));
  };
  const auto give = [&program](uint32_t action) {
    program.push_back(BPF_STMT(BPF_RET | BPF_K, action));
  };
  // Calls of another architecture's table (x32, i386) end the process: nothing honest makes them.
  load(offsetof(seccomp_data, arch));
  jump(BPF_JEQ, native, 1, 0);
  give(SECCOMP_RET_KILL_PROCESS);
  load(offsetof(seccomp_data, nr));
  if (native == SCMP_ARCH_X86_64) {
    jump(BPF_JGE, 0x40000000, 0, 1);
    give(SECCOMP_RET_KILL_PROCESS);
  }
  const auto known = [native](int call) {
    std::unique_ptr<char, void (*)(void *)> name(seccomp_syscall_resolve_num_arch(native, call),
                                                 std::free);
    return name != nullptr && call != SCMP_SYS(personality);
  };
  for (int call = 0; call < 1024; ++call) {
    if (!known(call))
      continue;
    const int first = call;
    while (known(call + 1))
      ++call;
    jump(BPF_JGE, static_cast<uint32_t>(first), 0, 2);
    jump(BPF_JGT, static_cast<uint32_t>(call), 1, 0);
    give(SECCOMP_RET_ALLOW);
  }
  // Asking (0xffffffff) and the plain Linux personality; others switch protections off. The kernel
  // looks at 32 bits of it.
  jump(BPF_JEQ, static_cast<uint32_t>(SCMP_SYS(personality)), 0, 4);
  load(offsetof(seccomp_data, args[0]) + (__BYTE_ORDER == __BIG_ENDIAN ? 4 : 0));
  jump(BPF_JEQ, 0, 1, 0);
  jump(BPF_JEQ, 0xffffffff, 0, 1);
  give(SECCOMP_RET_ALLOW);
  give(SECCOMP_RET_ERRNO | ENOSYS);
  return section(supervisor::kProgram,
                 llvm::StringRef(reinterpret_cast<const char *>(program.data()),
                                 program.size() * sizeof(sock_filter)));
}

} // namespace

llvm::ArrayRef<const char *> forbidden_calls() { return kForbidden; }

llvm::Expected<std::string> make_filters(bool asking, bool tcp) {
  auto quiet = forbidden_filter(false, tcp);
  if (!quiet)
    return quiet.takeError();
  std::string all = known_filter() + *quiet;
  if (!asking)
    return all;
  auto asks = forbidden_filter(true, tcp);
  if (!asks)
    return asks.takeError();
  std::string names;
  const auto add_name = [&names](const char *name) {
    if (const int call = seccomp_syscall_resolve_name(name); call >= 0)
      names += fmt::format("{} {}\n", call, name);
  };
  for (const char *name : kForbidden)
    add_name(name);
  for (const char *name :
       {"clone", "ioctl", "sendmmsg", "sendmsg", "sendto", "setgid", "setuid", "socket", "unshare"})
    add_name(name);
  return all + *asks + section(supervisor::kCallNames, names);
}

std::string port_sections(const std::vector<uint16_t> &bind,
                          const std::optional<std::vector<uint16_t>> &connect) {
  const auto bytes = [](const std::vector<uint16_t> &ports) {
    return llvm::StringRef(reinterpret_cast<const char *>(ports.data()),
                           ports.size() * sizeof(uint16_t));
  };
  std::string sections = section(supervisor::kBindPorts, bytes(bind));
  if (connect)
    sections += section(supervisor::kConnectPorts, bytes(*connect));
  return sections;
}

std::string try_listener() {
  const pid_t child = ::fork();
  if (child == 0) {
    sock_filter allow = {BPF_RET | BPF_K, 0, 0, SECCOMP_RET_ALLOW};
    const sock_fprog program = {1, &allow};
    ::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
    const long listener =
        ::syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, SECCOMP_FILTER_FLAG_NEW_LISTENER, &program);
    ::_exit(listener >= 0 ? 0 : errno);
  }
  int status = 0;
  if (child < 0 || ::waitpid(child, &status, 0) != child)
    return "trying it failed";
  if (WIFEXITED(status) && WEXITSTATUS(status) == 0)
    return "";
  return "the kernel lets nobody listen to refused system calls here: " +
         std::generic_category().message(WIFEXITED(status) ? WEXITSTATUS(status) : EIO);
}

} // namespace nemo::sandbox
