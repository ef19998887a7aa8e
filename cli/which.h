// WORKLOAD or WORKLOAD/REPLICA, as people name on the command line what they want to see.
#pragma once

#include <optional>
#include <set>
#include <string>

#include "base/diagnostics/diagnostics.h"
#include "protocol/fleet.pb.h"

namespace nemo::cli {

struct Which {
  std::string workload; ///< empty: every one
  std::optional<uint32_t> replica;
  bool is(const proto::Running &instance) const;
};

/// "web", "web/0", "workload.web"; nullopt when it is none of these.
std::optional<Which> parse_which(llvm::StringRef text);

/// N0815: `text` is no such name, or names none of `there`.
Diagnostic no_such_workload(llvm::StringRef text, const std::set<std::string> &there,
                            llvm::StringRef command);

} // namespace nemo::cli
