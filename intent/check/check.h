// Syntax to meaning: reads imports, expands templates, resolves names, checks types and dimensions,
// and returns the checked intent. Everything the language has is checked here, also what no backend
// delivers.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "llvm/ADT/STLFunctionalExtras.h"

#include "base/diagnostics/diagnostics.h"
#include "intent/check/files.h"
#include "protocol/intent.pb.h"

namespace nemo::check {

struct Checked {
  proto::Intent intent; ///< meaningful only without errors
  std::vector<Diagnostic> diagnostics;
  std::vector<std::string> displays; ///< what diagnostics call each of intent.files
  SourceTexts texts() const; ///< of every file read, for rendering; valid as long as this object
};

/// Reads a .nemo file, or every .nemo file of a directory (sorted by name, not recursive), and what
/// they import. Relative mount sources are read too and become artifacts. Imports and sources may
/// not leave the repository.
/// \param shown_before  what diagnostics put before every path, such as "main:".
Checked check_path(const std::string &path, const Files &files = disk(),
                   const std::string &shown_before = {});

/// The same from texts already in memory (path -> text), e.g. those that a plan embeds. Artifacts
/// are taken from `artifacts`, by source.
Checked check_texts(const std::vector<proto::SourceFile> &files,
                    const std::vector<proto::Artifact> &artifacts);

/// sha256 over files and artifacts: what Intent.digest holds.
std::string intent_digest(const proto::Intent &intent);

} // namespace nemo::check
