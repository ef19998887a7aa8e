// What may come next on a half-written command line. The shells' scripts (cli/shells) ask this at
// every Tab, as `nemo __complete WORD...`, and only quote and show the answer: so completion knows
// every command and flag that the program has, and no name from a file is ever read as code.
//
// The answer is lines: VALUE, a tab, a description. A line ":files .a .b" asks the shell for paths:
// to directories, and to files that end so (to any file when nothing is named).
#pragma once

#include <string>
#include <vector>

#include "llvm/Support/raw_ostream.h"

namespace CLI {
class App;
}

namespace nemo::cli {

/// \param words  those after `nemo`; the last one is being written. Silent about every fault.
int complete(const CLI::App &app, std::vector<std::string> words, llvm::raw_ostream &out);

} // namespace nemo::cli
