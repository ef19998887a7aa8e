// Files written whole or not at all.
#pragma once

#include <string>

#include "llvm/ADT/StringRef.h"
#include "llvm/Support/Error.h"

namespace nemo::cli {

/// Replaces `path` by rename: a reader sees the old bytes or the new ones. Keeps the mode of what
/// was there and follows links. N0816 when it cannot.
llvm::Error write_file(const std::string &path, llvm::StringRef bytes);

} // namespace nemo::cli
