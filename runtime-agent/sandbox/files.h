// Small files of the kernel: read whole, written in one piece.
#pragma once

#include <optional>
#include <string>

#include "llvm/ADT/StringRef.h"
#include "llvm/Support/Error.h"

namespace nemo::sandbox {

/// At most `limit` bytes; nullopt when it cannot be read (errno says why).
std::optional<std::string> read_file(const std::string &path, size_t limit = 1 << 20);

/// One write(2) to an existing file. \returns 0 or the errno.
int write_file(const std::string &path, llvm::StringRef text);

} // namespace nemo::sandbox
