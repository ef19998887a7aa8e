// The same of a fleet's controllers (approvals.h), wherever they run: what waits and what was said
// of it lies in the broker, signed, so that whoever leads next finds it. The plan stays with the
// controller: what is shown of it are its actions and its digest.
#pragma once

#include <optional>
#include <set>
#include <string>

#include "orchestrator/lead/control.h"
#include "orchestrator/lead/line.h"

namespace nemo::loop {

/// What an operator types for it. \param digest  of the plan, or how it begins; empty: whichever
/// waits.
std::string approve_command(llvm::StringRef digest, llvm::StringRef lead);

class FleetApprovals {
public:
  /// \param line  outlives this. \param lead  whose plan it is about.
  FleetApprovals(lead::Line &line, std::string lead) : line_(&line), lead_(std::move(lead)) {}

  /// The plan that waits; nothing: none does. An error for one that nobody who may has signed.
  llvm::Expected<std::optional<lead::Asked>> pending() const;
  llvm::Error ask(const lead::Asked &asked) const;
  llvm::Error withdraw() const;

  /// Digests of plans: the last that an operator approved. Empty when the broker does not say.
  std::set<std::string> approved() const;
  llvm::Error approve(const std::string &digest) const;

private:
  lead::Line *line_;
  std::string lead_;
};

} // namespace nemo::loop
