// What a new process does to itself between clone and exec.
#pragma once

#include <string>
#include <vector>

#include "llvm/Support/Error.h"

#include "runtime-agent/sandbox/cgroup.h"
#include "runtime-agent/sandbox/descriptor.h"
#include "runtime-agent/sandbox/landlock.h"
#include "runtime-agent/sandbox/root.h"

namespace nemo::sandbox {

/// Everything the child needs, made while it was still the agent.
struct Launch {
  std::vector<std::string> argv; ///< the workload's
  std::vector<std::string> environment;
  std::string working_directory;
  std::string log_name, exit_name;
  uint64_t log_bytes = 0;
  std::string hostname;
  std::string address; ///< of eth0; empty: loopback only
  bool own_network = false;
  bool tapped = false; ///< the address is for who is behind the tap device
  bool root = false;   ///< take the inside ids on; an ordinary user has them already
  uint32_t user = kInsideUser;
  Restrictions restrictions;
  int landlock_abi = 0;
  RootPlan root_plan;
  LandlockRules rules;
  Entrances cgroups;
  Descriptor supervisor, log_directory, exit_directory, filters, memory_events, process_events;
  Descriptor tap, control, deadline;
};

/// Runs in the clone: waits for a byte on `go`, builds the sandbox, becomes nemo-supervisor.
/// Writes what failed to `report`, named by its step.
[[noreturn]] void become_supervisor(Launch &launch, Descriptor go, Descriptor report);

/// Inside a user namespace, as its owner: the workload's user and no supplementary groups.
llvm::Error take_inside_user(bool root, uint32_t user = kInsideUser);
/// All capability sets empty, the bounding set too, and no way to get any back.
llvm::Error drop_privileges(Restrictions restrictions = {});
/// Descriptors 0 to 2 on /dev/null.
llvm::Error silence();
/// Puts each descriptor at its number (-1: none there) and closes all others from `first` on when
/// the next program starts.
llvm::Error arrange(int first, const std::vector<int> &descriptors);
/// Pointers for execve.
std::vector<char *> pointers(const std::vector<std::string> &texts);

} // namespace nemo::sandbox
