// Formatting for the supervisor: stdio would bring locales and hundreds of kilobytes.
#include "runtime-agent/supervisor/text.h"

#include <string.h>

namespace nemo::supervisor {

Text &Text::add(const char *bytes, size_t size) {
  if (size > sizeof data_ - size_)
    size = sizeof data_ - size_;
  memcpy(data_ + size_, bytes, size);
  size_ += size;
  return *this;
}

Text &Text::add(const char *text) { return add(text, strlen(text)); }

Text &Text::digits(uint64_t value, int width) {
  char reversed[20];
  int count = 0;
  do {
    reversed[count++] = static_cast<char>('0' + value % 10);
    value /= 10;
  } while (value != 0);
  for (int missing = width - count; missing > 0; --missing)
    add("0", 1);
  while (count > 0)
    add(&reversed[--count], 1);
  return *this;
}

Text &Text::number(int64_t value) {
  if (value < 0)
    add("-", 1);
  return digits(value < 0 ? 0 - static_cast<uint64_t>(value) : static_cast<uint64_t>(value), 1);
}

Text &Text::time(const timespec &at) {
  // Days to a date in the proleptic Gregorian calendar, counted from 1 March of year 0 so that the
  // leap day comes last in its year.
  const int64_t seconds = at.tv_sec;
  const int64_t day = seconds / 86400, second = seconds % 86400;
  const int64_t shifted = day + 719468;
  const int64_t era = shifted / 146097, day_of_era = shifted % 146097;
  const int64_t year_of_era =
      (day_of_era - day_of_era / 1460 + day_of_era / 36524 - day_of_era / 146096) / 365;
  const int64_t day_of_year =
      day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
  const int64_t shifted_month = (5 * day_of_year + 2) / 153;
  const int64_t month = shifted_month < 10 ? shifted_month + 3 : shifted_month - 9;
  digits(year_of_era + era * 400 + (month <= 2), 4).add("-").digits(month, 2).add("-");
  digits(day_of_year - (153 * shifted_month + 2) / 5 + 1, 2).add("T");
  digits(second / 3600, 2).add(":").digits(second / 60 % 60, 2).add(":").digits(second % 60, 2);
  return add(".").digits(at.tv_nsec, 9).add("Z");
}

Text &Text::error(int number_of_error) {
  const char *words = strerrordesc_np(number_of_error);
  return words != nullptr ? add(words) : add("error ").number(number_of_error);
}

bool equal(const char *a, const char *b) { return strcmp(a, b) == 0; }

uint64_t parse_number(const char *text) {
  uint64_t value = 0;
  for (; *text != '\0'; ++text) {
    if (*text < '0' || *text > '9' || value > UINT64_MAX / 10 - 1)
      return 0;
    value = value * 10 + (*text - '0');
  }
  return value;
}

} // namespace nemo::supervisor
