// Text to syntax tree. Never fails as a whole: what cannot be parsed is diagnosed and skipped up to
// the next line end or brace, so that several faults give several diagnostics.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "intent/syntax/ast.h"

namespace nemo::syntax {

struct Limits {
  uint32_t nesting = 256; ///< brackets, blocks, prefix operators, chains of not and -
  uint64_t file_bytes = 64ull << 20;
};

struct Parsed {
  File file;
  std::vector<Diagnostic> diagnostics;
};

/// \param path  what diagnostics call the file.
/// \param text  any bytes; not UTF-8, bidirectional controls outside comments, or too large are
/// diagnosed, not parsed.
Parsed parse(std::string path, std::string text, const Limits &limits = {});

/// The decoded text of a string literal (`"a\"b"`), given with its quotes. Escapes: \" \\ \n \t.
std::string unescape(llvm::StringRef literal);

} // namespace nemo::syntax
