#include "bench/placement/continuum/forecast.h"

#include <algorithm>
#include <numeric>

#include "bench/placement/input/text.h"
#include "llvm/ADT/StringExtras.h"

namespace nemo::bench::continuum {

Day day_ahead(llvm::ArrayRef<double> before) {
  Day day{};
  for (uint32_t hour = 0; hour < hours_of_day; ++hour)
    for (uint32_t ago = 1; ago <= days_looked_back; ++ago)
      day[hour] += before[before.size() - ago * hours_of_day + hour] / days_looked_back;
  return day;
}

Day Intensity::realised(uint32_t zone, uint32_t day) const {
  Day out;
  std::copy_n(hours_[zone].begin() + day * hours_of_day, hours_of_day, out.begin());
  return out;
}

double mean(llvm::ArrayRef<double> values) {
  return values.empty() ? 0
                        : std::accumulate(values.begin(), values.end(), 0.0) /
                              static_cast<double>(values.size());
}

llvm::Expected<Intensity> read_intensity() {
  const std::string path = data_file("carbon/hourly_lifecycle_gco2_per_kwh_2020.csv.gz");
  const auto wrong = [&](const char *what) {
    return llvm::createStringError(llvm::inconvertibleErrorCode(), path + ": " + what);
  };
  auto table = read_table(path);
  if (!table)
    return table.takeError();
  if (table->columns.size() < 2 || table->columns.front() != "utc" ||
      table->rows.size() % hours_of_day != 0 ||
      table->rows.size() / hours_of_day <= days_looked_back)
    return wrong("is no table of hours by zone, in whole days");
  std::vector<std::vector<double>> hours(table->columns.size() - 1);
  for (const auto &row : table->rows)
    for (size_t zone = 0; zone < hours.size(); ++zone) {
      double value = 0;
      if (!llvm::to_float(row[zone + 1], value) || !(value >= 0 && value < 10'000))
        return wrong("an intensity is no number or not possible");
      hours[zone].push_back(value);
    }
  return Intensity({table->columns.begin() + 1, table->columns.end()}, std::move(hours));
}

} // namespace nemo::bench::continuum
