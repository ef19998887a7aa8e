// `nemo plan --ref A..B`: what merging B into A changes in the plan.
#pragma once

#include "cli/session.h"
#include "orchestrator/make_plan.h"

namespace nemo::cli {

enum class Format { text, json, markdown };

/// \returns `changes` when the plan differs and `detailed` is asked for.
int review(const Session &session, const orchestrator::PlanRequest &request,
           const std::string &range, Format format, bool detailed);

} // namespace nemo::cli
