// What the plan says it was made from, against what it embeds: digests are computed again, and the
// files are checked again into an intent that must be the one embedded.
#include "compiler/plan/binding.h"

#include <fmt/format.h>

#include "base/clock.h"
#include "base/error.h"
#include "compiler/verify/case.h"
#include "intent/check/check.h"
#include "protocol/artifact/artifact.h"

namespace nemo::verify {

namespace {

void check_sources(const proto::Plan &plan, Faults &faults) {
  const proto::Intent &intent = plan.intent();
  for (const proto::Artifact &artifact : intent.artifacts()) {
    if (llvm::Error error = artifact::check(artifact))
      faults.add(diag::N0711, fmt::format("the files from '{}' are not acceptable: {}",
                                          artifact.source(), llvm::toString(std::move(error))));
    else if (std::string digest = artifact::digest(artifact); digest != artifact.digest())
      faults.differs(diag::N0710, "digest of the files from " + artifact.source(),
                     artifact.digest(), digest);
  }
  const std::string digest = check::intent_digest(intent);
  if (digest != intent.digest())
    faults.differs(diag::N0710, "intent.digest", intent.digest(), digest);
  if (digest != plan.intent_digest())
    faults.differs(diag::N0710, "intent_digest", plan.intent_digest(), digest);
  if (!faults.empty())
    return;
  const check::Checked checked =
      check::check_texts({intent.files().begin(), intent.files().end()},
                         {intent.artifacts().begin(), intent.artifacts().end()});
  for (const Diagnostic &diagnostic : checked.diagnostics)
    if (diagnostic.severity == Severity::error) {
      Diagnostic &fault =
          faults.add(diag::N0711, "the plan's files are in error: " + diagnostic.message);
      fault.file = diagnostic.file;
      fault.range = diagnostic.range;
    }
  if (faults.empty())
    faults.compare(diag::N0711, "intent", intent, checked.intent);
}

} // namespace

void check_bindings(const proto::Plan &plan, Faults &faults) {
  if (plan.version() != 1)
    faults.differs(diag::N0710, "version", std::to_string(plan.version()), "1");
  if (plan.GetReflection()->GetUnknownFields(plan).field_count() != 0)
    faults.add(diag::N0710, "the plan holds fields that this nemo does not know");
  if (std::string digest = plan::plan_digest(plan); digest != plan.digest())
    faults.differs(diag::N0710, "digest", plan.digest(), digest);
  if (std::string digest = plan::fleet_digest(plan.facts()); digest != plan.fleet_digest())
    faults.differs(diag::N0710, "fleet_digest", plan.fleet_digest(), digest);
  if (std::string digest = plan::facts_digest(plan.facts()); digest != plan.facts_digest())
    faults.differs(diag::N0710, "facts_digest", plan.facts_digest(), digest);
  if (plan.stack() != plan.intent().stack())
    faults.differs(diag::N0711, "stack", plan.stack(), plan.intent().stack());
  if (!plan.facts().at().empty() && !from_rfc3339(plan.facts().at()))
    faults.add(diag::N0712, fmt::format("facts.at is no time: '{}'", plan.facts().at()));
  check_sources(plan, faults);
}

} // namespace nemo::verify
