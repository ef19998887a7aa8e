// What git knows about an intent: the repository that owns its stack, and the commit when the tree
// is exactly that commit. Only read; works without git.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "llvm/ADT/StringRef.h"

namespace nemo::orchestrator {

struct Origin {
  std::string source;                ///< origin's URL without credentials, else the top directory
  std::optional<std::string> commit; ///< absent on a dirty or new tree, and without git
};

/// \param path  a file or directory, need not be tracked.
Origin origin_of(const std::string &path);

/// What may stand for a commit in the repository that `path` is in: HEAD, branches, the remotes'
/// branches, tags. Nothing where it is in none.
std::vector<std::string> commit_names(const std::string &path);

/// "https://user:token@host/x.git" -> "https://host/x.git"; "git@host:x.git" -> "host:x.git".
std::string without_credentials(llvm::StringRef url);

} // namespace nemo::orchestrator
