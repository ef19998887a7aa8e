#include "examples/unikernel/echo/text.h"

namespace unikernel {

namespace {

std::optional<unsigned> digit_of(char c, unsigned base) {
  unsigned digit = base;
  if (c >= '0' && c <= '9')
    digit = static_cast<unsigned>(c - '0');
  else if (c >= 'a' && c <= 'f')
    digit = static_cast<unsigned>(c - 'a') + 10;
  else if (c >= 'A' && c <= 'F')
    digit = static_cast<unsigned>(c - 'A') + 10;
  return digit < base ? std::optional(digit) : std::nullopt;
}

} // namespace

size_t write_decimal(uint64_t value, std::span<uint8_t> room) {
  size_t digits = 1;
  for (uint64_t rest = value; rest >= 10; rest /= 10)
    ++digits;
  if (digits > room.size())
    return 0;
  for (size_t at = digits; at-- > 0; value /= 10)
    room[at] = static_cast<uint8_t>('0' + value % 10);
  return digits;
}

bool take(std::string_view &text, std::string_view start) {
  if (!text.starts_with(start))
    return false;
  text.remove_prefix(start.size());
  return true;
}

std::optional<uint64_t> take_number(std::string_view &text) {
  const unsigned base = take(text, "0x") ? 16 : 10;
  uint64_t value = 0;
  bool any = false;
  while (!text.empty()) {
    const auto digit = digit_of(text.front(), base);
    if (!digit)
      break;
    if (value > (UINT64_MAX - *digit) / base)
      return std::nullopt;
    value = value * base + *digit;
    any = true;
    text.remove_prefix(1);
  }
  return any ? std::optional(value) : std::nullopt;
}

} // namespace unikernel
