// Spans to ranges, and the small change of messages.
#include "compiler/resolve/report.h"

#include <fmt/format.h>

namespace nemo::compiler {

SourceRange range_of(const proto::Span &span) {
  return {span.begin(), span.end(), span.line(), span.column(), span.end_line(), span.end_column()};
}

bool is_known(const proto::Span &span) { return span.line() != 0; }

std::string file_of(const proto::Intent &intent, const proto::Span &span) {
  if (!is_known(span) || span.file() >= static_cast<uint32_t>(intent.files_size()))
    return {};
  return intent.files(static_cast<int>(span.file())).path();
}

Diagnostic report(const diag::Entry &entry, std::string message, const proto::Intent &intent,
                  const proto::Span &span) {
  return diag::make(entry, std::move(message), file_of(intent, span), range_of(span));
}

Note note(std::string text, const proto::Intent &intent, const proto::Span &span) {
  return {std::move(text), file_of(intent, span), range_of(span)};
}

Note note(std::string text) { return {std::move(text), {}, {}}; }

std::string else_text(const proto::Rule &rule) {
  if (rule.has_otherwise() && rule.otherwise().has_literal())
    return rule.otherwise().literal().text();
  return {};
}

std::string counted(size_t number, llvm::StringRef what) {
  return fmt::format("{} {}{}", number, what.str(), number == 1 ? "" : "s");
}

std::string enumerate(llvm::ArrayRef<std::string> names, size_t most) {
  std::string text;
  size_t shown = names.size() > most + 1 ? most : names.size();
  for (size_t i = 0; i < shown; ++i)
    text += (i == 0 ? "" : i + 1 == names.size() ? " and " : ", ") + names[i];
  if (shown < names.size())
    text += fmt::format(" and {} more", names.size() - shown);
  return text;
}

} // namespace nemo::compiler
