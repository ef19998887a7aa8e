// Words on the first serial port, and the end of the machine.
#pragma once

#include <cstdint>
#include <string_view>

namespace unikernel {

void print(std::string_view text);
void print(uint64_t number);
void print_hex(uint8_t byte);

template <typename... Parts> void print_line(Parts... parts) {
  (print(parts), ...);
  print("\n");
}

/// Says why, and ends the machine with exit code 1, where it has a device for that
/// (isa-debug-exit); otherwise it stays halted.
[[noreturn]] void give_up(std::string_view why, std::string_view what = "");

} // namespace unikernel
