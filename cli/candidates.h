// The values that a flag or an argument may take, where they can be known: words of a set, names
// from the intent files and from what runs, ids, files.
#pragma once

#include <string>
#include <vector>

#include "cli/tree.h"

namespace nemo::cli {

struct Candidate {
  std::string value;
  std::string text;
};

struct Candidates {
  std::vector<Candidate> words;
  bool paths = false;                ///< and what the shell finds on the disk,
  std::vector<std::string> suffixes; ///< with these ends; empty: any
};

/// \param begun  what is written of it; decides where looking is worth the time.
Candidates candidates(const CLI::Option &option, const Position &at, llvm::StringRef begun);

} // namespace nemo::cli
