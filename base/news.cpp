#include "base/news.h"

#include "llvm/ADT/StringExtras.h"

namespace nemo {

namespace {

/// How much of a text that begins with a digit is a time, or a number that ends there.
size_t figure(llvm::StringRef text) {
  const size_t digits = text.take_while(llvm::isDigit).size();
  const llvm::StringRef rest = text.drop_front(digits);
  // 2026-11-24T08:00:00.123Z
  if (digits == 4 && rest.startswith("-"))
    if (const size_t time = text.take_while([](char c) {
                                  return llvm::isDigit(c) || llvm::StringRef("-T:.").contains(c);
                                })
                                .size();
        time >= 19 && text.drop_front(time).startswith("Z"))
      return time + 1;
  return rest.empty() || llvm::StringRef(" ,;:)").contains(rest.front()) ? digits : 0;
}

} // namespace

std::string without_numbers(llvm::StringRef text) {
  std::string plain;
  char before = ' ';
  while (!text.empty()) {
    const bool may_begin = before == ' ' || before == '(';
    const size_t size = may_begin && llvm::isDigit(text.front()) ? figure(text) : 0;
    before = text[size == 0 ? 0 : size - 1];
    plain += size == 0 ? before : '#';
    text = text.drop_front(size == 0 ? 1 : size);
  }
  return plain;
}

bool News::is_new(const std::string &matter, llvm::StringRef text) {
  std::string plain = without_numbers(text);
  const auto [known, fresh] = last_.try_emplace(matter, plain);
  if (!fresh && known->second == plain)
    return false;
  known->second = std::move(plain);
  return true;
}

} // namespace nemo
