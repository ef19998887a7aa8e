// What a workload sees: a new root with the host's programs read-only, little of /etc, a /proc and
// /dev of its own, and what it declared. Runs in the child, inside the new namespaces.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "llvm/Support/Error.h"

#include "runtime-agent/sandbox/descriptor.h"
#include "runtime-agent/sandbox/landlock.h"
#include "runtime-agent/sandbox/sandbox.h"

namespace nemo::sandbox {

/// One declared mount; `tree` is already there when only the parent may open the source.
struct Mount {
  Bind bind;
  bool directory = true;
  Descriptor tree;
};

inline constexpr uint64_t kTmpBytes = 64 << 20; ///< of /tmp, where nobody says otherwise
inline constexpr uint64_t kRunBytes = 8 << 20;

/// Where a container's runtime finds things: its bundle, the image's file system, declared mounts.
inline constexpr char kBundle[] = "/run/container", kImage[] = "/image";
std::string mount_place(size_t number);

struct RootPlan {
  std::string hostname;
  bool own_network = false;
  uint64_t tmp_bytes = 0;
  Restrictions restrictions;
  Descriptor kvm;                    ///< becomes /dev/kvm
  std::string bundle;                ///< config.json at kBundle
  std::vector<std::string> readable; ///< instead of all of the host's programs; empty: all
  std::vector<Mount> mounts;         ///< by target: outer ones first
  std::vector<std::pair<std::string, std::string>> secrets; ///< name, contents
};

/// Clones one declared source: a mount that can still be put elsewhere.
llvm::Expected<Descriptor> clone_source(const Bind &bind, Restrictions restrictions);

/// Ends in the new root, in "/". Call as the user that the workload will be.
llvm::Error build_root(RootPlan &plan);

/// The file rules that say the same as the mounts.
std::vector<FileRule> file_rules(const RootPlan &plan);

} // namespace nemo::sandbox
