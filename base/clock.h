// Time as text. Compiling never reads a clock: only the edges (agents, the CLI) do.
#pragma once

#include <chrono>
#include <optional>
#include <string>

#include "llvm/ADT/StringRef.h"

namespace nemo {

using UnixNanos = std::chrono::time_point<std::chrono::system_clock, std::chrono::nanoseconds>;

UnixNanos now();

/// RFC 3339 in UTC, "2026-11-24T08:00:00.123Z"; `digits` of a second, 0 to 9.
std::string to_rfc3339(UnixNanos time, int digits = 3);

/// Accepts what to_rfc3339 prints, and offsets ("+02:00"), in the years 1678 to 2261; nullopt for
/// anything else.
std::optional<UnixNanos> from_rfc3339(llvm::StringRef text);

} // namespace nemo
