// The process sandbox: one replica, started in namespaces of its own on a read-only view of /usr,
// with nothing it did not declare. Pid 1 of the namespaces is nemo-supervisor, which owns the logs
// and the exit status, so both survive the agent. The caller has one thread (start() continues in a
// copy of it) and reaps what it started.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include <sys/types.h>

#include "llvm/ADT/STLFunctionalExtras.h"
#include "llvm/Support/Error.h"

#include "runtime-agent/sandbox/restrictions.h"

namespace nemo::sandbox {

/// One thing this host can or cannot enforce: "sandbox.process", "namespace.user", "network.own",
/// "limit.memory", "limit.cpu", "limit.pids", "limit.volume", "seccomp", "landlock.files",
/// "landlock.tcp", "usage.cgroup", "sandbox.microvm", "sandbox.unikernel", "sandbox.container",
/// "refusals" (whether refused system calls and ports are seen).
struct Ability {
  std::string name;
  bool available = false;
  std::string reason; ///< why not
};

enum class CgroupMode { none, v1, v2 };

/// As root, a sandbox's user is kFirstHostUser + user_slot on the host (uid and gid), and
/// kInsideUser inside. An ordinary user stays who he is on the host.
constexpr uint32_t kFirstHostUser = 720000;
constexpr uint32_t kUserSlots = 65000;
constexpr uint32_t kInsideUser = 1000;

/// What was probed at start, by really doing it in a child, never by looking at version numbers.
struct Host {
  std::vector<Ability> abilities;
  CgroupMode cgroup_memory = CgroupMode::none;
  CgroupMode cgroup_cpu = CgroupMode::none;
  CgroupMode cgroup_pids = CgroupMode::none;
  bool root = false;
  bool can(const std::string &name) const;
  /// Why not; empty when it can.
  std::string reason(const std::string &name) const;

  int landlock_abi = 0;
  std::string memory_directory, cpu_directory, pids_directory; ///< of cgroups: ".../nemo" or empty
  std::string cpuacct_directory;                               ///< v1 only
  std::string supervisor;                                      ///< path of nemo-supervisor
  std::string qemu;        ///< the program that runs machines; empty: none
  std::string accelerator; ///< "tcg" or "kvm", the faster one; empty: no machines here (machine.h)
  std::string filters;     ///< seccomp programs, as the supervisor reads them
  std::string
      container_runtime; ///< the program that runs containers; empty: none here (container.h)
};
/// \param runs  a sandbox that was started here since the machine was: proof enough that they can
/// be.
Host probe(const std::string &state_directory, bool runs = false);

struct Bind {
  std::string source; ///< absolute, on the host
  std::string target; ///< absolute, in the sandbox
  bool read_only = true;
  /// A volume: as root its files are given to the sandbox's user (once, when the directory is not
  /// his yet). Without it owners and modes stay, and as root the sandbox is "other" to them.
  bool owned = false;
  /// As root: what root owns there seems to be the sandbox user's, and is nobody else's (an
  /// idmapped mount).
  bool mapped = false;
};

struct Secret {
  std::string name; ///< becomes /run/secrets/NAME, mode 0400, on a tmpfs
  std::string file; ///< absolute, on the host; read at start
};

/// What a program gets that runs a machine (machine.h) or a container (container.h).
struct Monitor {
  bool tap = false; ///< a network device as descriptor supervisor::kTap, bridged with eth0
  int control = -1; ///< becomes supervisor::kControl; the caller keeps his
  std::string kvm;  ///< a device node on the host that becomes /dev/kvm; empty: none
  std::vector<std::string> readable; ///< all that it may read of the host's programs
  std::string bundle; ///< config.json: it finds a bundle at kBundle, whose root is over kImage
};

/// Everything about one start. Strings are checked: no NUL, absolute paths normal (no "..").
struct Spec {
  std::string id; ///< unique among live instances; names the cgroup: [a-z0-9.-]+, at most 200
  std::vector<std::string> argv;
  std::vector<std::string> environment; ///< "NAME=value", the whole of it
  std::string working_directory = "/";
  std::vector<Bind> binds;
  std::vector<Secret> secrets;
  bool own_network = false;
  std::vector<uint16_t> bind_tcp; ///< ports it may bind (Landlock, where the host can); empty: none
  std::optional<std::vector<uint16_t>> connect_tcp; ///< ports it may connect to; nullopt: any
  uint64_t memory_bytes = 0;                        ///< 0: no limit
  uint64_t cpu_millicores = 0;                      ///< 0: no limit
  uint64_t pids = 0;                                ///< 0: no limit
  uint64_t tmp_bytes = 0;                           ///< of /tmp; 0: 64 MiB
  uint32_t user_slot = 0; ///< as root: which unprivileged host uid/gid it becomes
  /// CRI log format; rotated to .1. The directories of log_path and exit_path are this instance's
  /// alone (they may be the same one): start() creates them and, as root, gives them to the
  /// sandbox's user, so it refuses one that holds other things. Read what is in them as hostile.
  std::string log_path;
  uint64_t log_bytes = 0; ///< rotate above this; 0: 10 MiB
  std::string exit_path;  ///< the supervisor writes how it ended here, atomically
  std::optional<Monitor> monitor;
  /// Milliseconds of CLOCK_BOOTTIME: it is ended when that comes, unless extend() has said a later
  /// one. nullopt: it runs as long as it likes.
  std::optional<int64_t> deadline;
  Restrictions restrictions; ///< for tests only
};

struct Started {
  pid_t pid = -1; ///< of the supervisor, in the agent's pid namespace
  int pidfd = -1; ///< owned by the caller
  uint64_t start_time =
      0; ///< field 22 of /proc/PID/stat: with the pid and the boot id, the identity of a process
  std::optional<std::string> address; ///< its own network's IPv4 address
};

/// Starts; returns once the workload's own execve has happened or failed (the error then names the
/// cause: a missing executable, a mount that does not exist, a secret that cannot be read). Nothing
/// is left behind on failure. A limit that is asked for and that the host cannot enforce is a
/// failure: leave it 0 where that was accepted.
///
/// \param announce  called when the process exists and before anything of it runs (it has no pidfd
/// to give yet): what is written down there, a crash of the caller cannot lose. An error ends it.
using Announce = llvm::function_ref<llvm::Error(const Started &)>;
llvm::Expected<Started> start(const Spec &spec, const Host &host, Announce announce = nullptr);

/// The same process as before? Opens a pidfd if it lives and its start time agrees.
std::optional<int> adopt(pid_t pid, uint64_t start_time);

/// Has it ended? Waits at most `timeout_ms` (0: not at all) and reaps it if it is a child of this
/// process. The pidfd of an ended sandbox polls readable.
bool finished(int pidfd, int timeout_ms = 0);

/// How it ended, as the supervisor wrote it; nullopt while it runs or when nothing was written.
struct Ended {
  int exit_code = 0; ///< 128 + signal when a signal ended it
  bool out_of_memory = false;
  bool deadline = false; ///< it was ended because that had come
  int64_t unix_ns = 0;
};
std::optional<Ended> ended(const std::string &exit_path);

/// What the workload was refused since its start, as far as anybody can know (README.md). The
/// supervisor keeps it whether or not an agent is there, and after the end.
struct Refused {
  std::string subject; ///< the ability that refused: "seccomp", "landlock.tcp", "limit.memory"; or
                       ///< "limit.tmp", which every host has
  std::string what;    ///< "system call mount", "connect to TCP 10.0.0.1:443"
  uint64_t count = 0;
};
std::vector<Refused> refused(const std::string &exit_path);

/// SIGNAL to the workload (the supervisor passes it on); SIGKILL ends the whole namespace, and then
/// nothing is written to exit_path.
llvm::Error signal(int pidfd, int signal_number);

/// A later deadline for what runs with one. \param pidfd  of its supervisor, also of one that
/// another agent has started. An error: it is not known to have got it.
llvm::Error extend(int pidfd, int64_t deadline);
/// Which it has; nullopt: none.
std::optional<int64_t> deadline_of(int pidfd);

struct Usage {
  std::optional<double> cpu_seconds; ///< since start
  std::optional<uint64_t> memory_bytes;
};
Usage usage(const std::string &id, pid_t pid, const Host &host);

/// Runs a command inside a running sandbox (health checks, `exec`), bounded in time. \returns its
/// exit code. The child is the caller's: poll `pidfd`, then reap it.
struct Inside {
  pid_t pid = -1;
  int pidfd = -1;
};
llvm::Expected<Inside> run_inside(pid_t supervisor, const std::vector<std::string> &argv,
                                  const std::vector<std::string> &environment, const Host &host);

/// Ends what is left in an instance's cgroups and removes them and its network. Idempotent; also
/// sweeps after a crash.
void clean(const std::string &id, const Host &host);

} // namespace nemo::sandbox
