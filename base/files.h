// Files that somebody else wrote, read with a bound and without ever waiting for what is no file.
#pragma once

#include <cstdint>
#include <string>

#include "llvm/Support/Error.h"

namespace nemo {

/// What a path may lead to: a regular file, or also a pipe or device, as in `--fleet <(command)`.
enum class Input : uint8_t { file, stream };

/// \returns the bytes, at most `limit` + 1: one more than may be is for the caller to refuse. An
/// error
///          says in plain words why the path cannot be read ("it is a directory").
llvm::Expected<std::string> read_file(const std::string &path, uint64_t limit,
                                      Input input = Input::file);

/// The same from an open descriptor, to its end.
llvm::Expected<std::string> read_descriptor(int descriptor, uint64_t limit);

} // namespace nemo
