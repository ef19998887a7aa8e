#include "compiler/plan/figures.h"

#include <cmath>

#include <fmt/format.h>

#include "protocol/formula/unit.h"

namespace nemo::plan {

std::string decimal(int64_t value, int digits) {
  const bool negative = value < 0;
  uint64_t rest = negative ? 0 - static_cast<uint64_t>(value) : static_cast<uint64_t>(value);
  std::string text = std::to_string(rest);
  if (text.size() <= static_cast<size_t>(digits))
    text.insert(0, static_cast<size_t>(digits) + 1 - text.size(), '0');
  text.insert(text.size() - static_cast<size_t>(digits), ".");
  text.erase(text.find_last_not_of('0') + 1);
  if (text.back() == '.')
    text.pop_back();
  return (negative ? "-" : "") + text;
}

std::string euros_per_hour(std::optional<int64_t> micro_euros) {
  return micro_euros ? decimal(*micro_euros, 6) + " EUR/h" : "unknown";
}

std::string euros_per_month(int64_t micro_euros_per_hour) {
  return fmt::format("{:.2f} EUR/month", static_cast<double>(micro_euros_per_hour) * 730 / 1e6);
}

std::string watts(std::optional<int64_t> milliwatts) {
  return milliwatts ? decimal(*milliwatts, 3) + " W" : "unknown";
}

std::string grams_per_hour(std::optional<int64_t> milligrams) {
  return milligrams ? decimal(*milligrams, 3) + " gCO2e/h" : "unknown";
}

std::string percent(double share) {
  const double hundred = share * 100;
  const double tenth = std::round(hundred * 10) / 10;
  const double whole = std::round(hundred);
  // 99.8% is not 100%: what is nearly all keeps its tenth.
  const bool nearly = whole == 100 && tenth != 100;
  if (!nearly && (std::abs(tenth) >= 10 || tenth == std::round(tenth)))
    return fmt::format("{:.0f}%", whole == 0 ? 0.0 : whole);
  return fmt::format("{:.1f}%", tenth);
}

std::string duration(uint64_t milliseconds) {
  if (milliseconds < 1000)
    return fmt::format("{}ms", milliseconds);
  if (milliseconds < 60'000)
    return fmt::format("{:.3g}s", static_cast<double>(milliseconds) / 1000);
  const uint64_t seconds = (milliseconds + 500) / 1000, minutes = seconds / 60;
  const auto with = [](uint64_t number, const char *unit) {
    return number == 0 ? std::string() : fmt::format(" {}{}", number, unit);
  };
  if (minutes < 60)
    return fmt::format("{}min", minutes) + with(seconds % 60, "s");
  if (minutes < 48 * 60)
    return fmt::format("{}h", minutes / 60) + with(minutes % 60, "min");
  return fmt::format("{}d", minutes / (24 * 60)) + with(minutes / 60 % 24, "h");
}

std::string quantity_text(const proto::Quantity *quantity) {
  if (!quantity)
    return "unknown";
  const auto read = formula::from_proto(*quantity);
  return read ? formula::to_string(*read) : "unknown";
}

std::string predicted_text(const proto::Expectation &item) {
  if (!item.has_predicted())
    return !item.has_met() ? "not predicted" : item.met() ? "holds" : "does not hold";
  std::string low = quantity_text(&item.predicted_low());
  const std::string high = quantity_text(&item.predicted_high());
  if (!item.has_predicted_low() || low == high)
    return quantity_text(&item.predicted());
  const std::string &unit = item.predicted_low().unit(); // said once
  if (unit == item.predicted_high().unit() && llvm::StringRef(low).endswith(unit))
    low.resize(low.size() - unit.size());
  return low + ".." + high;
}

std::optional<std::string> quantity_number(const proto::Quantity &quantity) {
  const auto read = formula::from_proto(quantity);
  if (!read)
    return std::nullopt;
  const auto number = formula::number_in(*read, quantity.unit());
  if (!number)
    return std::nullopt;
  std::string text = number->to_string();
  if (text.find('/') != std::string::npos) // no finite decimal
    text = fmt::format("{:.15g}", number->to_double());
  return text;
}

RoomPrice price_of(const proto::ScarceRoom &room) {
  struct Unit {
    const char *resource;
    double size;
    const char *name;
  };
  static constexpr Unit units[] = {{"cpu", 1000, "core"},
                                   {"memory", 1 << 30, "GiB"},
                                   {"disk", 1 << 30, "GiB"},
                                   {"gpu", 1000, "gpu"},
                                   {"pids", 1, "pid"}};
  const uint32_t kind = room.resource() < 5 ? room.resource() : (room.resource() - 5) % 2;
  const Unit &unit = units[kind];
  return {unit.resource, std::ldexp(static_cast<double>(room.price()), -40) / 1e6 * unit.size,
          unit.name};
}

} // namespace nemo::plan
