// A review: what merging one branch into another changes in the plan, on one and the same fleet.
#pragma once

#include "compiler/plan/diff/diff.h"
#include "orchestrator/make_plan.h"
#include "orchestrator/merge.h"

namespace nemo::orchestrator {

struct Review {
  Merge merge;
  fleet::FleetFile fleet_file;
  check::Checked base, merged;
  std::optional<plan::Difference> difference; ///< absent when a diagnostic says why
  std::vector<Diagnostic> diagnostics;
  SourceTexts texts() const; ///< valid as long as this object
};

/// The base is planned from nothing and then taken to run, and the merged intent is planned from
/// there: so what runs today does not matter, and the actions are those that merging causes.
Review review(const PlanRequest &request, llvm::StringRef range);

} // namespace nemo::orchestrator
