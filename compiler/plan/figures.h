// Figures as text: exact decimals, and the word for what no model gives.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "protocol/plan.pb.h"

namespace nemo::plan {

/// `value` x 10^-`digits` without trailing zeros: (9313, 6) is "0.009313".
std::string decimal(int64_t value, int digits);
/// "0.009313 EUR/h"; "unknown" for nullopt.
std::string euros_per_hour(std::optional<int64_t> micro_euros);
/// "6.80 EUR/month": 730 hours.
std::string euros_per_month(int64_t micro_euros_per_hour);
std::string watts(std::optional<int64_t> milliwatts);
std::string grams_per_hour(std::optional<int64_t> milligrams);
/// "81%"; whole percents, tenths below ten.
std::string percent(double share);
/// "850ms", "12.5s", "3min 35s", "2h 5min"
std::string duration(uint64_t milliseconds);
/// A quantity in the unit that it names; "unknown" when absent or malformed.
/// "12ms", "12..15ms" where the model gives bounds, "holds" or "does not hold" where there is no
/// figure to it, or "not predicted".
std::string predicted_text(const proto::Expectation &item);
std::string quantity_text(const proto::Quantity *quantity);
/// The same as a JSON number in that unit; nullopt when there is none.
std::optional<std::string> quantity_number(const proto::Quantity &quantity);

inline std::optional<int64_t> euros(const proto::Totals &totals) {
  return totals.has_ueur_per_hour() ? std::optional<int64_t>(totals.ueur_per_hour()) : std::nullopt;
}
inline std::optional<int64_t> power(const proto::Totals &totals) {
  return totals.has_milliwatts() ? std::optional<int64_t>(totals.milliwatts()) : std::nullopt;
}
inline std::optional<int64_t> carbon(const proto::Totals &totals) {
  return totals.has_mg_co2e_per_hour() ? std::optional<int64_t>(totals.mg_co2e_per_hour())
                                       : std::nullopt;
}

/// What scarce room is worth, for people: "memory", 0.0034, "GiB".
struct RoomPrice {
  const char *resource;
  double eur_per_hour;
  const char *unit;
};
RoomPrice price_of(const proto::ScarceRoom &room);

} // namespace nemo::plan
