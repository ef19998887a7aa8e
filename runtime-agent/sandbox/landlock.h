// Landlock: file and TCP rights as a second fence behind the mount namespace. Written against the
// kernel's numbers, not its headers, so that a binary built on an old system uses what a new kernel
// has.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "llvm/Support/Error.h"

#include "runtime-agent/sandbox/descriptor.h"

namespace nemo::sandbox {

/// 0: this kernel has no Landlock, or it is switched off.
int landlock_abi();

enum class Access { list, read, read_write, write_files };

struct FileRule {
  std::string path; ///< skipped when it does not exist
  Access access = Access::read;
};

struct LandlockRules {
  bool restrict_files = true, restrict_tcp = true, restrict_scope = true;
  std::vector<FileRule> files;
  std::vector<uint16_t> bind_tcp;
  std::optional<std::vector<uint16_t>> connect_tcp; ///< nullopt: any
};

/// The ruleset's descriptor, to be given to landlock_restrict_self.
llvm::Expected<Descriptor> make_ruleset(const LandlockRules &rules, int abi);

} // namespace nemo::sandbox
