// Registers: of ports, and in memory.
#pragma once

#include <cstdint>

namespace unikernel {

inline void out8(uint16_t port, uint8_t value) {
  __asm__ volatile("outb %0, %1" ::"a"(value), "Nd"(port));
}

inline uint8_t in8(uint16_t port) {
  uint8_t value;
  __asm__ volatile("inb %1, %0" : "=a"(value) : "Nd"(port));
  return value;
}

inline volatile uint32_t &register_at(uint64_t address) {
  return *reinterpret_cast<volatile uint32_t *>(address);
}

} // namespace unikernel
