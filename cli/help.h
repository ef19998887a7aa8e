// How the command line explains itself: the layout of the help, and what is said of a command line
// that cannot be understood.
#pragma once

#include <memory>

#include <CLI/CLI.hpp>

#include "base/diagnostics/diagnostics.h"

namespace nemo::cli {

std::shared_ptr<CLI::FormatterBase> help_layout();

/// N0829, with what was probably meant.
Diagnostic usage_fault(const CLI::App &app, const std::vector<std::string> &words,
                       const CLI::ParseError &error);

} // namespace nemo::cli
