#include "expectations.h"

#include <fmt/format.h>

namespace nemo::language_test {

std::vector<Expectation> expectations(llvm::StringRef file, llvm::StringRef text) {
  constexpr llvm::StringLiteral mark = "# expect";
  std::vector<Expectation> all;
  for (uint32_t number = 1; !text.empty(); ++number) {
    llvm::StringRef line;
    std::tie(line, text) = text.split('\n');
    line = line.rtrim("\r ");
    for (size_t at = line.find(mark); at != llvm::StringRef::npos;) {
      const size_t next = line.find(mark, at + 1);
      llvm::StringRef words = line.slice(at + mark.size(), next).trim();
      at = next;
      Expectation expectation{file.str(), number, {}, {}};
      if (words.consume_front("@file")) {
        expectation.line = 0;
      } else if (words.consume_front("@")) {
        words.consume_front("+");
        int offset = 0;
        words.consumeInteger(10, offset);
        expectation.line = static_cast<uint32_t>(static_cast<int>(number) + offset);
      }
      const auto [id, message] = words.split(':');
      expectation.id = id.trim().str();
      expectation.begins = message.trim().str();
      all.push_back(std::move(expectation));
    }
  }
  return all;
}

std::vector<std::string> differences(const std::vector<Expectation> &expected,
                                     llvm::ArrayRef<Diagnostic> diagnostics) {
  std::vector<std::string> wrong;
  std::vector<bool> met(expected.size(), false);
  for (const Diagnostic &diagnostic : diagnostics) {
    bool found = false;
    for (size_t i = 0; i != expected.size() && !found; ++i) {
      const Expectation &one = expected[i];
      found = !met[i] && one.file == diagnostic.file && one.line == diagnostic.range.line &&
              one.id == diagnostic.id && llvm::StringRef(diagnostic.message).startswith(one.begins);
      met[i] = met[i] || found;
    }
    if (!found)
      wrong.push_back(fmt::format("{}:{}: said but not expected: {}: {}", diagnostic.file,
                                  diagnostic.range.line, diagnostic.id, diagnostic.message));
  }
  for (size_t i = 0; i != expected.size(); ++i)
    if (!met[i])
      wrong.push_back(fmt::format("{}:{}: expected but not said: {}: {}", expected[i].file,
                                  expected[i].line, expected[i].id, expected[i].begins));
  return wrong;
}

} // namespace nemo::language_test
