// What git knows about an intent: the repository that owns its stack, and the commit when the tree
// is exactly that commit. Only read; works without git.
#pragma once

#include <optional>
#include <string>

#include "llvm/ADT/StringRef.h"

namespace nemo::orchestrator {

struct Origin {
  std::string source;                ///< origin's URL without credentials, else the top directory
  std::optional<std::string> commit; ///< absent on a dirty or new tree, and without git
};

/// \param path  a file or directory, need not be tracked.
Origin origin_of(const std::string &path);

/// "https://user:token@host/x.git" -> "https://host/x.git"; "git@host:x.git" -> "host:x.git".
std::string without_credentials(llvm::StringRef url);

} // namespace nemo::orchestrator
