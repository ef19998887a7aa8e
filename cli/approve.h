// nemo approve, and what it has in common with the controller that it speaks to.
#pragma once

#include <string>

#include "orchestrator/loop/approvals.h"

namespace CLI {
class App;
}

namespace nemo::cli {

/// \param directory  is set to where they lie.
llvm::Expected<loop::Approvals> open_approvals(std::string &directory);

/// --lead: which of a fleet's leads; a label.
void add_lead(CLI::App &command, std::string &lead);

} // namespace nemo::cli
