#include "base/clock.h"

#include <ctime>

#include <fmt/format.h>

namespace nemo {

using namespace std::chrono;

UnixNanos now() { return time_point_cast<nanoseconds>(system_clock::now()); }

std::string to_rfc3339(UnixNanos time, int digits) {
  const auto second = floor<seconds>(time);
  const std::time_t raw = second.time_since_epoch().count();
  std::tm parts{};
  gmtime_r(&raw, &parts);
  std::string text =
      fmt::format("{:04}-{:02}-{:02}T{:02}:{:02}:{:02}", parts.tm_year + 1900, parts.tm_mon + 1,
                  parts.tm_mday, parts.tm_hour, parts.tm_min, parts.tm_sec);
  if (digits > 0)
    text += "." + fmt::format("{:09}", (time - second).count())
                      .substr(0, static_cast<size_t>(std::min(digits, 9)));
  return text + "Z";
}

std::optional<UnixNanos> from_rfc3339(llvm::StringRef text) {
  auto number = [&](size_t count, char until) -> std::optional<int> {
    int value = 0;
    if (text.size() < count || text.take_front(count).getAsInteger(10, value))
      return std::nullopt;
    for (char c : text.take_front(count))
      if (c < '0' || c > '9')
        return std::nullopt;
    text = text.drop_front(count);
    if (until != 0 && !text.consume_front(llvm::StringRef(&until, 1)))
      return std::nullopt;
    return value;
  };
  const auto y = number(4, '-'), mo = number(2, '-'), d = number(2, 'T'), h = number(2, ':'),
             mi = number(2, ':'), s = number(2, 0);
  if (!y || !mo || !d || !h || !mi || !s)
    return std::nullopt;
  const year_month_day date{year{*y}, month{static_cast<unsigned>(*mo)},
                            day{static_cast<unsigned>(*d)}};
  // In nanoseconds of 64 bits no other year is whole.
  if (!date.ok() || *y < 1678 || *y > 2261 || *h > 23 || *mi > 59 || *s > 60)
    return std::nullopt;
  nanoseconds fraction{0};
  if (text.consume_front(".")) {
    const llvm::StringRef digits = text.take_while([](char c) { return c >= '0' && c <= '9'; });
    if (digits.empty() || digits.size() > 9)
      return std::nullopt;
    int64_t value = 0;
    if (digits.getAsInteger(10, value))
      return std::nullopt;
    for (size_t i = digits.size(); i < 9; ++i)
      value *= 10;
    fraction = nanoseconds{value};
    text = text.drop_front(digits.size());
  }
  minutes offset{0};
  if (text != "Z") {
    const bool east = text.consume_front("+");
    if (!east && !text.consume_front("-"))
      return std::nullopt;
    const auto oh = number(2, ':'), om = number(2, 0);
    if (!oh || !om || *oh > 23 || *om > 59 || !text.empty())
      return std::nullopt;
    offset = hours{*oh} + minutes{*om};
    if (!east)
      offset = -offset;
  }
  return UnixNanos{sys_days{date}.time_since_epoch() + hours{*h} + minutes{*mi} + seconds{*s} +
                   fraction - offset};
}

} // namespace nemo
