// Any .nemo file that parses: formatting is idempotent, what was formatted parses, and when the
// file checks it means the same afterwards.
#include <cstdio>
#include <cstdlib>

#include "intent/check/check.h"
#include "intent/model/model.h"
#include "intent/syntax/format.h"
#include "intent/syntax/parse.h"

namespace {

using namespace nemo;

check::Checked checked(const std::string &text) {
  proto::SourceFile file;
  file.set_path("fuzz.nemo");
  file.set_text(text);
  return check::check_texts({file}, {});
}

void expect(bool holds, const char *what, const std::string &text) {
  if (holds)
    return;
  std::fprintf(stderr, "%s; formatted once:\n%s\n", what, text.c_str());
  std::abort();
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  const std::string text(reinterpret_cast<const char *>(data), size);
  const syntax::Parsed parsed = syntax::parse("fuzz.nemo", text);
  if (has_errors(parsed.diagnostics))
    return 0;
  const std::string once = syntax::format(parsed.file);
  const syntax::Parsed again = syntax::parse("fuzz.nemo", once);
  expect(!has_errors(again.diagnostics), "formatting broke the file", once);
  expect(syntax::format(again.file) == once, "formatting twice differs from once", once);
  const check::Checked before = checked(text);
  const check::Checked after = checked(once);
  expect(has_errors(before.diagnostics) == has_errors(after.diagnostics),
         "formatting changed whether the file is right", once);
  if (!has_errors(before.diagnostics))
    expect(model::same_meaning(before.intent, after.intent), "formatting changed the meaning",
           once);
  return 0;
}
