// Text without stdio: a few bytes put one after the other into a buffer that cannot overflow.
#pragma once

#include <cstddef>
#include <cstdint>

#include <time.h>

namespace nemo::supervisor {

class Text {
public:
  Text &add(const char *text);
  Text &add(const char *bytes, size_t size);
  Text &number(int64_t value);
  /// Zero-padded.
  Text &digits(uint64_t value, int width);
  /// "2016-10-06T00:17:09.669794202Z"
  Text &time(const timespec &at);
  /// What errno means, in English.
  Text &error(int number);

  const char *data() const { return data_; }
  size_t size() const { return size_; }

private:
  char data_[512];
  size_t size_ = 0;
};

bool equal(const char *a, const char *b);
/// Decimal; 0 for anything else.
uint64_t parse_number(const char *text);

} // namespace nemo::supervisor
