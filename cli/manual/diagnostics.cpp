// nemo-diagnostics(7): every id with its long form, from the registry.
#include "base/diagnostics/registry.h"
#include "cli/manual/manual.h"

namespace nemo::cli::manual {

Page diagnostics_page() {
  Page page("nemo-diagnostics", 7, "what each message of nemo means");
  page.section("description");
  page.paragraph("Every error and warning of nemo ends in an id that never changes its meaning. "
                 "`nemo explain N0201` prints the text that stands here.");
  page.section("diagnostics");
  for (const diag::Entry &entry : diag::all()) {
    const std::string severity = entry.severity == Severity::warning ? " (warning)" : "";
    page.subsection(entry.id + severity + ": " + entry.title);
    page.paragraph(entry.explanation);
  }
  page.see_also({"nemo(1)", "nemo-explain(1)", "nemo-language(7)"});
  return page;
}

} // namespace nemo::cli::manual
