#include "cli/review.h"

#include "orchestrator/review.h"

namespace nemo::cli {

Format format_of(llvm::StringRef name) {
  return name == "json" ? Format::json : name == "markdown" ? Format::markdown : Format::text;
}

int show(const Session &session, const plan::Question &question,
         const std::optional<plan::Difference> &difference, llvm::ArrayRef<Diagnostic> diagnostics,
         const SourceTexts &texts, Format format, bool detailed) {
  if (!difference) {
    if (format == Format::json)
      return session.report_json(diagnostics);
    if (format == Format::markdown)
      plan::print_markdown(session.out, diagnostics, question);
    session.report(diagnostics, texts);
    return fault;
  }
  session.report(diagnostics, texts);
  switch (format) {
  case Format::text:
    plan::print(session.out, *difference, question, session.style());
    break;
  case Format::json:
    plan::print_json(session.out, *difference, question);
    break;
  case Format::markdown:
    plan::print_markdown(session.out, *difference, question);
  }
  return detailed && !difference->empty() ? changes : ok;
}

int review(const Session &session, const orchestrator::PlanRequest &request,
           const std::string &range, Format format, bool detailed) {
  const orchestrator::Review found = orchestrator::review(request, range);
  const orchestrator::Merge &merge = found.merge;
  const plan::Sides sides{merge.into.name, merge.into.id,      merge.from.name,
                          merge.from.id,   merge.from.subject, merge.commits};
  return show(session, sides, found.difference, found.diagnostics, found.texts(), format, detailed);
}

} // namespace nemo::cli
