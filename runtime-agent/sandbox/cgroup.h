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
llvm::Error join_cgroups(const std::string &id, pid_t pid, const Host &host);
/// Ends what is inside, waits a moment for it, removes.
void remove_cgroups(const std::string &id, const Host &host);

/// The file that counts kills for lack of memory, open for reading; none without a memory cgroup.
Descriptor open_memory_events(const std::string &id, const Host &host);
std::optional<double> cgroup_cpu_seconds(const std::string &id, const Host &host);
std::optional<uint64_t> cgroup_memory_bytes(const std::string &id, const Host &host);

/// The nemo/... directories that process `of` is in: for another process to join it.
std::vector<std::string> cgroups_of(pid_t of, const Host &host);

} // namespace nemo::sandbox
