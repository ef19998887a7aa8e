// Differences between two plans as commands show them: `nemo plan --ref A..B` (what merging B into
// A changes), and `nemo what-if`.
#pragma once

#include "cli/session.h"
#include "compiler/plan/diff/print.h"
#include "orchestrator/make_plan.h"

namespace nemo::cli {

enum class Format { text, json, markdown };
Format format_of(llvm::StringRef name); ///< "text", "json", "markdown"

/// Prints the difference, or the diagnostics that say why there is none.
/// \returns `changes` when the plan differs and `detailed` is asked for.
int show(const Session &session, const plan::Question &question,
         const std::optional<plan::Difference> &difference, llvm::ArrayRef<Diagnostic> diagnostics,
         const SourceTexts &texts, Format format, bool detailed);

int review(const Session &session, const orchestrator::PlanRequest &request,
           const std::string &range, Format format, bool detailed);

} // namespace nemo::cli
