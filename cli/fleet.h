// nemo fleet: its commands in files of their own: what makes a fleet, who is in it, which nodes
// plans may use, and what looks at it.
#pragma once

#include <CLI/CLI.hpp>

#include "base/diagnostics/diagnostics.h"
#include "cli/session.h"

namespace nemo::cli {

/// A command below `nemo fleet`. \param example  of it, without `nemo fleet`; several by lines.
CLI::App *fleet_command(CLI::App &fleet, const char *name, const char *text, const char *example);

/// Plain words become N0843.
int fleet_fault(const Session &session, llvm::Error error);

/// Warnings about the nats-server that is here, as N0845.
std::vector<Diagnostic> broker_warnings();

void add_fleet_members(CLI::App &fleet, Session &session);
void add_fleet_cordon(CLI::App &fleet, Session &session);
void add_fleet_looks(CLI::App &fleet, Session &session);

} // namespace nemo::cli
