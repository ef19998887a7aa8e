// Why a workload is where the plan puts it: a plan is made, and its placement asked.
#pragma once

#include "compiler/why/why.h"
#include "orchestrator/make_plan.h"

namespace nemo::orchestrator {

struct Explained {
  Planned planned;
  std::optional<why::Explanation> explanation; ///< absent when a diagnostic of `planned` says why
};

/// \param workload  by name; one that is not wanted has no explanation.
/// \param replica   only this one.
Explained explain(PlanRequest request, const std::string &workload,
                  std::optional<uint32_t> replica);

} // namespace nemo::orchestrator
