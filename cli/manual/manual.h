// The manual: one page a command, one for the language, one for the diagnostics, made from the
// tables that the help, the checker and `nemo explain` read, so that they cannot say different
// things. The build writes the pages with `nemo __manual DIRECTORY`.
#pragma once

#include <string>
#include <vector>

#include "cli/manual/page.h"
#include "llvm/Support/Error.h"

namespace CLI {
class App;
}

namespace nemo::cli::manual {

/// nemo(1), and nemo-COMMAND(1) for every command.
std::vector<Page> command_pages(const CLI::App &app);
Page language_page();    ///< nemo-language(7)
Page diagnostics_page(); ///< nemo-diagnostics(7)

llvm::Error write_manual(const CLI::App &app, const std::string &directory);

} // namespace nemo::cli::manual
