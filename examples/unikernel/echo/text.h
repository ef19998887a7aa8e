// Numbers to text and back, without a C library.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

namespace unikernel {

/// Digits of the largest 64-bit number.
constexpr size_t kMostDigits = 20;

/// Writes `value` in decimal. \returns how many digits; 0 where they do not fit.
size_t write_decimal(uint64_t value, std::span<uint8_t> room);

/// The number that `text` begins with, decimal or 0x and hexadecimal, taken off it; nullopt where
/// there is none or it is over 64 bits.
std::optional<uint64_t> take_number(std::string_view &text);

/// Takes `start` off `text`, if that is how it begins.
bool take(std::string_view &text, std::string_view start);

} // namespace unikernel
