#include "examples/unikernel/machine/console.h"

#include <span>

#include "examples/unikernel/echo/text.h"
#include "examples/unikernel/machine/ports.h"

namespace unikernel {

namespace {

constexpr uint16_t kData = 0x3f8, kLineStatus = 0x3fd, kExit = 0x501;
constexpr uint8_t kRoomToSend = 0x20;

void put(char c) {
  // Where there is no serial port this reads 0xff.
  for (int tries = 0; tries < 100000 && (in8(kLineStatus) & kRoomToSend) == 0; ++tries) {
  }
  out8(kData, static_cast<uint8_t>(c));
}

} // namespace

void print(std::string_view text) {
  for (const char c : text)
    put(c);
}

void print(uint64_t number) {
  uint8_t digits[kMostDigits];
  const size_t count = write_decimal(number, digits);
  print(std::string_view(reinterpret_cast<const char *>(digits), count));
}

void print_hex(uint8_t byte) {
  static constexpr char digits[] = "0123456789abcdef";
  put(digits[byte >> 4]);
  put(digits[byte & 15]);
}

void give_up(std::string_view why, std::string_view what) {
  print_line("echo: gives up: ", why, what);
  out8(kExit, 0); // the exit code is twice this and one more
  for (;;)
    __asm__ volatile("cli; hlt");
}

} // namespace unikernel
