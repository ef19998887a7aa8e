#include "cli/review.h"

#include "compiler/plan/diff/print.h"
#include "orchestrator/review.h"

namespace nemo::cli {

int review(const Session &session, const orchestrator::PlanRequest &request,
           const std::string &range, Format format, bool detailed) {
  const orchestrator::Review found = orchestrator::review(request, range);
  const orchestrator::Merge &merge = found.merge;
  const plan::Sides sides{merge.into.name, merge.into.id,      merge.from.name,
                          merge.from.id,   merge.from.subject, merge.commits};
  if (!found.difference) {
    if (format == Format::json)
      return session.report_json(found.diagnostics);
    if (format == Format::markdown)
      plan::print_markdown(session.out, found.diagnostics, sides);
    session.report(found.diagnostics, found.texts());
    return fault;
  }
  session.report(found.diagnostics, found.texts());
  switch (format) {
  case Format::text:
    plan::print(session.out, *found.difference, sides, session.style());
    break;
  case Format::json:
    plan::print_json(session.out, *found.difference, sides);
    break;
  case Format::markdown:
    plan::print_markdown(session.out, *found.difference, sides);
  }
  return detailed && !found.difference->empty() ? changes : ok;
}

} // namespace nemo::cli
