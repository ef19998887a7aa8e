#include "examples/unikernel/machine/interrupts.h"

#include "examples/unikernel/machine/console.h"
#include "examples/unikernel/machine/ports.h"

namespace unikernel {

namespace {

constexpr uint64_t kLocal = 0xfee00000, kController = 0xfec00000;
constexpr uint64_t kEnd = kLocal + 0xb0, kSpurious = kLocal + 0xf0, kTimer = kLocal + 0x320,
                   kTimerCount = kLocal + 0x380, kTimerDivide = kLocal + 0x3e0;
constexpr uint32_t kPeriodic = 1 << 17, kDivideByOne = 0xb, kLevel = 1 << 15, kEnable = 1 << 8;
constexpr uint32_t kNanosecondsPerTick = 1000000;
constexpr unsigned kExceptions = 32, kDeviceVector = 0x40, kClockVector = 0x41,
                   kSpuriousVector = 0xff;
constexpr uint64_t kInterruptStatus = 0x60, kInterruptAck = 0x64; // of virtio-mmio

struct Gate {
  uint16_t low, selector, flags, middle;
  uint32_t high, reserved;
};

Gate gates[256];
uint64_t device_registers;
volatile uint64_t ticks;

struct Frame {
  uint64_t ip, cs, flags, sp, ss;
};

__attribute__((interrupt)) void on_device(Frame *) {
  register_at(device_registers + kInterruptAck) = register_at(device_registers + kInterruptStatus);
  register_at(kEnd) = 0;
}

__attribute__((interrupt)) void on_clock(Frame *) {
  ticks = ticks + 1;
  register_at(kEnd) = 0;
}

__attribute__((interrupt)) void on_spurious(Frame *) {}

[[noreturn]] void on_fault(const Frame *frame) {
  print_line("echo: a fault at ", frame->ip);
  give_up("the processor raised an exception");
}
__attribute__((interrupt)) void on_exception(Frame *frame) { on_fault(frame); }
__attribute__((interrupt)) void on_exception_with_code(Frame *frame, uint64_t) { on_fault(frame); }

template <typename Handler> void set(unsigned vector, Handler *handler) {
  const auto address = reinterpret_cast<uint64_t>(handler);
  gates[vector] = {
      static_cast<uint16_t>(address),       8, 0x8e00, static_cast<uint16_t>(address >> 16),
      static_cast<uint32_t>(address >> 32), 0};
}

} // namespace

void set_up_interrupts() {
  // Those that push an error code.
  constexpr uint32_t with_code = 1u << 8 | 0x1fu << 10 | 1u << 17 | 1u << 21 | 3u << 29;
  for (unsigned vector = 0; vector < kExceptions; ++vector)
    if ((with_code >> vector & 1) != 0)
      set(vector, on_exception_with_code);
    else
      set(vector, on_exception);
  set(kDeviceVector, on_device);
  set(kClockVector, on_clock);
  set(kSpuriousVector, on_spurious);
  const struct __attribute__((packed)) {
    uint16_t limit;
    uint64_t base;
  } table = {sizeof gates - 1, reinterpret_cast<uint64_t>(gates)};
  __asm__ volatile("lidt %0" ::"m"(table));
  register_at(kSpurious) = kEnable | kSpuriousVector;
}

void listen_to_device(uint8_t line, uint64_t registers) {
  device_registers = registers;
  // The controller is two registers: which, and what. Each line has two words.
  register_at(kController) = 0x11u + 2 * line;
  register_at(kController + 0x10) = 0; // to the first processor
  register_at(kController) = 0x10u + 2 * line;
  register_at(kController + 0x10) = kLevel | kDeviceVector;
}

void start_clock() {
  register_at(kTimerDivide) = kDivideByOne;
  register_at(kTimer) = kPeriodic | kClockVector;
  register_at(kTimerCount) = kNanosecondsPerTick;
}

uint64_t clock_ticks() { return ticks; }

} // namespace unikernel
