// Hourly carbon intensity of zones, and what could have been said about a day before it began.
#pragma once

#include <array>
#include <string>
#include <vector>

#include "llvm/ADT/ArrayRef.h"
#include "llvm/Support/Error.h"

namespace nemo::bench::continuum {

constexpr uint32_t hours_of_day = 24, days_looked_back = 7;
using Day = std::array<double, hours_of_day>; ///< gCO2e/kWh by hour, UTC

/// The day after `before`: each hour as the mean of the same hour of the seven days before. It is
/// given what was known and nothing else. \pre before.size() is a multiple of 24, seven days or
/// more.
Day day_ahead(llvm::ArrayRef<double> before);

class Intensity {
public:
  /// \pre all of one length, in whole days.
  Intensity(std::vector<std::string> zones, std::vector<std::vector<double>> hours)
      : zones_(std::move(zones)), hours_(std::move(hours)) {}

  const std::vector<std::string> &zones() const { return zones_; }
  uint32_t days() const { return static_cast<uint32_t>(hours_.front().size() / hours_of_day); }

  /// What decisions may see. \pre day >= days_looked_back
  Day forecast(uint32_t zone, uint32_t day) const {
    return day_ahead(llvm::ArrayRef<double>(hours_[zone]).take_front(day * hours_of_day));
  }
  /// What the account is made up with.
  Day realised(uint32_t zone, uint32_t day) const;

private:
  std::vector<std::string> zones_;
  std::vector<std::vector<double>> hours_; ///< by zone
};

double mean(llvm::ArrayRef<double> values); ///< 0 of none

/// Life cycle, the year 2020.
llvm::Expected<Intensity> read_intensity();

} // namespace nemo::bench::continuum
