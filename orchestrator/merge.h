// What merging one commit into another would give, found out in memory: the repository may be bare
// or its work tree dirty, and nothing in it is written, not even an object.
#pragma once

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/diagnostics/diagnostics.h"
#include "intent/check/files.h"

namespace nemo::orchestrator {

struct Commit {
  std::string name; ///< as given, "HEAD" when left out
  std::string id;
  std::string subject;
};

struct Merge {
  Commit into, from;
  size_t commits = 0;                        ///< of `from` that `into` does not have
  std::string path;                          ///< of the intent, from the top of the repository
  std::string source;                        ///< who owns what is applied from here
  std::optional<check::Files> before, after; ///< absent when a diagnostic says why
  std::vector<Diagnostic> diagnostics;
  std::vector<std::pair<std::string, std::string>> texts; ///< path and text that these point into
};

/// \param path   of the intent: on the disk as everywhere else, else from the top of the
/// repository. \param range  "A..B": what merging B into A gives. An empty side is HEAD.
Merge merge_in_memory(const std::string &path, llvm::StringRef range);

} // namespace nemo::orchestrator
