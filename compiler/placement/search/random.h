// Pseudo-random numbers that are the same everywhere (std's distributions are not) and cost a
// nanosecond. Source: xoroshiro128++, Blackman and Vigna (2021); seeded by SplitMix64.
#pragma once

#include <cstdint>

namespace nemo::optimiser {

class Random {
public:
  explicit Random(uint64_t seed) : a_(mix(seed)), b_(mix(seed + 1) | 1) {}

  uint64_t next() {
    const uint64_t out = rotate(a_ + b_, 17) + a_, x = a_ ^ b_;
    a_ = rotate(a_, 49) ^ x ^ (x << 21);
    b_ = rotate(x, 28);
    return out;
  }
  /// Below `end`, which is not 0.
  uint32_t below(uint32_t end) {
    return static_cast<uint32_t>(((next() >> 32) * uint64_t{end}) >> 32);
  }
  /// In [0, 1).
  double unit() { return static_cast<double>(next() >> 11) * 0x1p-53; }

private:
  static uint64_t rotate(uint64_t x, int by) { return (x << by) | (x >> (64 - by)); }
  static uint64_t mix(uint64_t x) {
    x = (x + 0x9E3779B97F4A7C15u) * 0xBF58476D1CE4E5B9u;
    x = (x ^ (x >> 27)) * 0x94D049BB133111EBu;
    return x ^ (x >> 31);
  }

  uint64_t a_, b_;
};

template <class T> void shuffle(T &items, Random &random) {
  for (size_t i = items.size(); i > 1; --i)
    std::swap(items[i - 1], items[random.below(static_cast<uint32_t>(i))]);
}

} // namespace nemo::optimiser
