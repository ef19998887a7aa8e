// Command-line values in the language's units, and figures for people.
#pragma once

#include <chrono>
#include <optional>
#include <string>

#include "llvm/ADT/StringRef.h"

namespace nemo::cli {

/// "5min", "90s", "1.5h"; nullopt for what is no time or is negative.
std::optional<std::chrono::nanoseconds> parse_duration(llvm::StringRef text);
/// For CLI11: empty when `text` is a duration, else what is wrong with it.
std::string check_duration(const std::string &text);
/// What was measured, to a tenth and always in the same family of units: "3.4MiB".
std::string show_measured(uint64_t bytes);
/// An agent's words may come from a workload: without what would steer a terminal.
std::string on_one_line(std::string text);
/// The two largest units: "3d 4h", "2min 5s".
std::string show_duration(std::chrono::nanoseconds duration);

} // namespace nemo::cli
