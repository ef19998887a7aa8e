#include "cli/units.h"

#include <fmt/format.h>

#include "intent/units/units.h"

namespace nemo::cli {

std::optional<std::chrono::nanoseconds> parse_duration(llvm::StringRef text) {
  const units::Parsed parsed = units::parse(text);
  if (!parsed)
    return std::nullopt;
  const units::Whole whole = units::to_integer(*parsed.quantity, "ns");
  if (!whole || *whole.value < 0)
    return std::nullopt;
  return std::chrono::nanoseconds(*whole.value);
}

std::string check_duration(const std::string &text) {
  if (parse_duration(text))
    return {};
  const units::Parsed parsed = units::parse(text);
  const std::string cause = parsed ? "it is no time" : parsed.error.message;
  return fmt::format("'{}' is no duration: {}; write it like 90s, 5min or 2h", text, cause);
}

std::string show_measured(uint64_t bytes) {
  constexpr const char *all[] = {"B", "KiB", "MiB", "GiB", "TiB"};
  auto value = static_cast<double>(bytes);
  size_t unit = 0;
  for (; value >= 1024 && unit + 1 < std::size(all); ++unit)
    value /= 1024;
  return unit == 0 ? fmt::format("{}B", bytes) : fmt::format("{:.1f}{}", value, all[unit]);
}

std::string on_one_line(std::string text) {
  for (char &c : text)
    if (static_cast<unsigned char>(c) < ' ' || c == 0x7f)
      c = ' ';
  return text;
}

std::string show_duration(std::chrono::nanoseconds duration) {
  const int64_t s = std::chrono::floor<std::chrono::seconds>(duration).count();
  struct Unit {
    int64_t seconds;
    const char *name;
  };
  constexpr Unit all[] = {{86400, "d"}, {3600, "h"}, {60, "min"}, {1, "s"}};
  for (size_t i = 0; i < std::size(all); ++i) {
    const int64_t count = s / all[i].seconds;
    if (count == 0)
      continue;
    std::string text = fmt::format("{}{}", count, all[i].name);
    if (i + 1 < std::size(all))
      if (const int64_t rest = s % all[i].seconds / all[i + 1].seconds; rest != 0)
        text += fmt::format(" {}{}", rest, all[i + 1].name);
    return text;
  }
  return "0s";
}

} // namespace nemo::cli
