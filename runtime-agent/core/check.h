// Whether a delivered part is one that this agent can act on: names, paths, limits, and that
// everything it refers to is there. Nothing of a part is used before all of it is checked.
#pragma once

#include <string>

#include "llvm/ADT/StringRef.h"
#include "llvm/Support/Error.h"

#include "protocol/node.pb.h"

namespace nemo::agent {

/// \param node  this node's name. \param in_fleet  it may wait for what other nodes run.
llvm::Error check(const proto::Part &part, llvm::StringRef node, bool in_fleet = false);

/// RFC 1123 label.
bool is_label(llvm::StringRef text);
/// 1 to 64 lower-case hexadecimal digits.
bool is_hex(llvm::StringRef text);
/// Absolute, no empty, "." or ".." parts, no NUL, at most 4096 bytes.
bool is_normal_path(llvm::StringRef text);
/// "TERM" -> SIGTERM; 0 for names that no workload may be stopped with.
int signal_number(llvm::StringRef name);

} // namespace nemo::agent
