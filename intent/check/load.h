// First phase: which files there are. Reads what was named and what that imports, and keeps inside
// the repository. The same rules hold for texts in memory, so a plan's intent can be checked again.
#pragma once

#include <string>
#include <vector>

#include "intent/check/context.h"
#include "llvm/ADT/STLFunctionalExtras.h"

namespace nemo::check {

struct Place {
  std::string directory;  ///< on disk: what paths in the intent are relative to
  std::string prefix;     ///< what diagnostics put before a path, "" or with '/' at its end
  std::string repository; ///< real path that imports and sources may not leave
};

/// Fills context.sources and intent.files.
Place load_path(Context &context, const std::string &path);
void load_texts(Context &context, const std::vector<proto::SourceFile> &files);

/// `path`, a directory part and a relative path, as one path without "." and inner "..".
std::string join(llvm::StringRef directory, llvm::StringRef path);

} // namespace nemo::check
