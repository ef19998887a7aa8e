// Text to tree: first whether the bytes are text at all, then tokens, statements, formulas.
#include "intent/syntax/parse.h"

#include <algorithm>

#include <fmt/format.h>

#include "intent/syntax/faults.h"
#include "intent/syntax/statements.h"
#include "intent/syntax/text.h"
#include "intent/syntax/tokens.h"

namespace nemo::syntax {

SourceRange File::range(Extent extent) const {
  SourceRange range;
  range.begin = extent.begin;
  range.end = std::max(extent.begin, extent.end);
  const auto place = [&](uint32_t offset, uint32_t &line, uint32_t &column) {
    const auto after = std::upper_bound(line_starts.begin(), line_starts.end(), offset);
    line = static_cast<uint32_t>(after - line_starts.begin());
    column = offset - *(after - 1) + 1;
  };
  place(range.begin, range.line, range.column);
  place(range.end, range.end_line, range.end_column);
  return range;
}

std::string unescape(llvm::StringRef literal) {
  std::string text;
  literal = literal.drop_front().drop_back();
  for (size_t i = 0; i != literal.size(); ++i) {
    if (literal[i] != '\\' || i + 1 == literal.size()) {
      text += literal[i];
      continue;
    }
    const char escaped = literal[++i];
    text += escaped == 'n' ? '\n' : escaped == 't' ? '\t' : escaped;
  }
  return text;
}

Parsed parse(std::string path, std::string text, const Limits &limits) {
  Parsed parsed;
  File &file = parsed.file;
  file.path = std::move(path);
  const uint64_t size = text.size();
  if (size > limits.file_bytes)
    text.clear();
  file.text = std::make_shared<const std::string>(std::move(text));
  file.line_starts = line_starts(*file.text);
  Faults faults(file);
  if (size > limits.file_bytes) {
    Diagnostic &fault = faults.add(
        diag::N0102, {},
        fmt::format("the file has {} bytes; at most {} are read", size, limits.file_bytes),
        "split it into several files of the same directory, or import them");
    fault.range = {};
  } else if (const std::optional<size_t> bad = first_bad_utf8(*file.text)) {
    const auto at = static_cast<uint32_t>(*bad);
    faults.add(diag::N0103, {at, at + 1},
               fmt::format("byte 0x{:02X} is not UTF-8",
                           static_cast<unsigned>(static_cast<unsigned char>((*file.text)[at]))),
               "save the file as UTF-8");
  } else {
    Tokens tokens = lex(*file.text);
    file.comments = std::move(tokens.comments);
    check_bidi(file, faults);
    StatementReader(file, tokens.list, limits, faults).read();
  }
  parsed.diagnostics = faults.take();
  std::stable_sort(
      parsed.diagnostics.begin(), parsed.diagnostics.end(),
      [](const Diagnostic &a, const Diagnostic &b) { return a.range.begin < b.range.begin; });
  return parsed;
}

} // namespace nemo::syntax
