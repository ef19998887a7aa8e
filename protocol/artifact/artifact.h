// How the files that come with an intent are named: by what they hold. The compiler computes the
// digest when it reads them, the agent computes it again before it keeps them: both with this.
#pragma once

#include <string>

#include "llvm/Support/Error.h"

#include "protocol/intent.pb.h"

namespace nemo::artifact {

inline constexpr uint64_t max_bytes = 16ull << 20;
inline constexpr int max_files = 4096;

/// sha256 over each file in the order given: path, NUL, 'x' or '-', NUL, size in decimal, NUL,
/// content.
std::string digest(const proto::Artifact &artifact);

/// Limits; paths relative, sorted, each once, without empty, "." or ".." parts and NUL ("." alone
/// for a single file); no path that is also the directory of another. Does not look at `digest`.
llvm::Error check(const proto::Artifact &artifact);

} // namespace nemo::artifact
