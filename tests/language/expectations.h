// What must be said about a file stands in the file, in a comment on the line where it must be
// said:
//
//     memory = 2Mbit   # expect N0207: memory is data in bytes
//
// The text after the id is how the message begins; it may be empty. Several may stand on one line.
// `# expect@-1 N0106` speaks of the line before (where a comment cannot stand on the line itself),
// `# expect@file N0102` of the file as a whole. A diagnostic that nobody expects is a failure.
#pragma once

#include <string>
#include <vector>

#include "llvm/ADT/ArrayRef.h"

#include "base/diagnostics/diagnostics.h"

namespace nemo::language_test {

struct Expectation {
  std::string file;
  uint32_t line = 0; ///< 0: the file as a whole
  std::string id;
  std::string begins; ///< of the message
};

std::vector<Expectation> expectations(llvm::StringRef file, llvm::StringRef text);

/// One line for each expectation that was not met and each diagnostic that was not expected.
std::vector<std::string> differences(const std::vector<Expectation> &expected,
                                     llvm::ArrayRef<Diagnostic> diagnostics);

} // namespace nemo::language_test
