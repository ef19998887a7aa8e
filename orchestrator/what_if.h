// What would become of the plan if something around it changed. Nothing is touched: the change is
// laid upon a copy of the fleet and of the checked intent.
#pragma once

#include "compiler/plan/diff/diff.h"
#include "orchestrator/make_plan.h"

namespace nemo::orchestrator {

/// As written on the command line; see Supposer.
struct Suppositions {
  std::vector<std::string> lose, carbon, price;
  std::vector<std::string>
      add; ///< fleet files with more nodes (.yaml, .yml), or more intent (.nemo)
};

struct WhatIf {
  check::Checked checked, with_more; ///< the second with the intent that is added
  fleet::FleetFile fleet_file;
  std::vector<fleet::FleetFile> added;
  std::vector<std::string> changes;           ///< as they were understood
  std::optional<plan::Difference> difference; ///< absent when a diagnostic says why
  std::vector<Diagnostic> diagnostics;
  SourceTexts texts() const; ///< valid as long as this object
};

/// The plan of today is taken to run, and from there it is planned again under the change: so the
/// actions are those that the change causes, and no others.
WhatIf what_if(const PlanRequest &request, const Suppositions &suppositions);

} // namespace nemo::orchestrator
