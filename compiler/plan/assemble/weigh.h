// One expectation: a condition over figures against what is predicted of them.
#pragma once

#include <optional>
#include <string>

#include "base/diagnostics/diagnostics.h"
#include "compiler/plan/assemble/prediction.h"
#include "compiler/resolve/names.h"

namespace nemo::compiler {

struct Weighed {
  std::optional<proto::Expectation> expectation; ///< absent for a formula without a value
  std::optional<Diagnostic> fault;               ///< a require or deny that is not met for certain
};

/// \param part     the rule's formula, or one of those that it joins by `and`
/// \param object   whose expectation it is: "workload.web"
/// \param subject  what names that are no figures are asked about
Weighed weigh(const proto::Rule &rule, const proto::Expr &part, const std::string &object,
              const Predictions &figures, const Subject &subject);

} // namespace nemo::compiler
