// Any bytes as a .nemo file: parsed, checked and its diagnostics rendered, for people and programs.
// Every diagnostic points into the text.
#include <cstdlib>

#include "base/diagnostics/diagnostics.h"
#include "intent/check/check.h"

namespace {

void expect(bool holds) {
  if (!holds)
    std::abort();
}

void expect_inside(const std::string &file, const nemo::SourceRange &range, size_t size) {
  if (file != "fuzz.nemo" || range.line == 0)
    return;
  expect(range.begin <= range.end && range.end <= size && range.column > 0);
  expect(range.end_line > range.line ||
         (range.end_line == range.line && range.end_column >= range.column));
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  using namespace nemo;
  proto::SourceFile file;
  file.set_path("fuzz.nemo");
  file.set_text(std::string(reinterpret_cast<const char *>(data), size));
  const check::Checked checked = check::check_texts({file}, {});
  for (const Diagnostic &diagnostic : checked.diagnostics) {
    expect(!diagnostic.id.empty() && !diagnostic.message.empty());
    expect_inside(diagnostic.file, diagnostic.range, size);
    for (const Note &note : diagnostic.notes)
      expect_inside(note.file, note.range, size);
  }
  render(llvm::nulls(), checked.diagnostics, checked.texts(), {true, 80});
  render_json(llvm::nulls(), checked.diagnostics);
  return 0;
}
