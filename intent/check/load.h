// First phase: which files there are. Reads what was named and what that imports, and keeps inside
// the repository. The same rules hold for texts in memory, so a plan's intent can be checked again.
#pragma once

#include <string>
#include <vector>

#include "intent/check/context.h"
#include "intent/check/files.h"
#include "llvm/ADT/STLFunctionalExtras.h"

namespace nemo::check {

struct Place {
  const Files &files;
  std::string directory;  ///< what paths in the intent are relative to
  std::string prefix;     ///< what diagnostics put before a path, "" or with '/' at its end
  std::string repository; ///< real path that imports and sources may not leave
};

/// Fills context.sources and intent.files.
/// \param shown_before  what diagnostics put before every path, such as "main:".
Place load_path(Context &context, const std::string &path, const Files &files,
                const std::string &shown_before);
void load_texts(Context &context, const std::vector<proto::SourceFile> &files);

/// `path`, a directory part and a relative path, as one path without "." and inner "..".
std::string join(llvm::StringRef directory, llvm::StringRef path);

} // namespace nemo::check
