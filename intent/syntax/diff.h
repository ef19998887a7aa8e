// Two texts compared line by line, printed the way patch(1) reads.
#pragma once

#include <string>

#include "llvm/ADT/StringRef.h"

namespace nemo::syntax {

/// A unified diff with three lines of context; empty if the texts are equal.
std::string unified_diff(llvm::StringRef old_name, llvm::StringRef old_text,
                         llvm::StringRef new_name, llvm::StringRef new_text);

} // namespace nemo::syntax
