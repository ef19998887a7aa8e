// Control groups of one instance, nemo/ID in every hierarchy that limits or counts something:
// version 2, version 1, or some controllers in each.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include <sys/types.h>

#include "llvm/Support/Error.h"

#include "runtime-agent/sandbox/descriptor.h"
#include "runtime-agent/sandbox/sandbox.h"

namespace nemo::sandbox {

/// Finds, makes and tries the ".../nemo" directories; fills the host's cgroup fields and abilities.
void find_cgroups(Host &host);

struct Limits {
  uint64_t memory_bytes = 0;
  uint64_t cpu_millicores = 0;
  uint64_t pids = 0;
};

/// Makes nemo/ID with its limits; a stale empty one is replaced.
llvm::Error make_cgroups(const std::string &id, const Limits &limits, const Host &host);
/// The ways into nemo/ID, opened by who made it. Moving another process takes a lock that waits for
/// every processor (20 ms); being born inside (version 2) or moving oneself (version 1) does not.
struct Entrances {
  Descriptor unified;            ///< for CLONE_INTO_CGROUP
  std::vector<Descriptor> tasks; ///< for enter_cgroups
};
llvm::Expected<Entrances> open_cgroups(const std::string &id, const Host &host);
/// Moves the calling thread, the only one of its process. \returns 0 or the errno.
int enter_cgroups(const Entrances &entrances);
/// Ends what is inside, waits a moment for it, removes.
void remove_cgroups(const std::string &id, const Host &host);

/// The files that count kills for lack of memory, and refused forks; none without such a cgroup.
Descriptor open_memory_events(const std::string &id, const Host &host);
Descriptor open_process_events(const std::string &id, const Host &host);
std::optional<double> cgroup_cpu_seconds(const std::string &id, const Host &host);
std::optional<uint64_t> cgroup_memory_bytes(const std::string &id, const Host &host);

/// The nemo/... directories that process `of` is in.
std::vector<std::string> cgroups_of(pid_t of, const Host &host);
/// Moves the calling process, which has one thread, into what cgroups_of() found.
void join_cgroups(const std::vector<std::string> &directories);

} // namespace nemo::sandbox
