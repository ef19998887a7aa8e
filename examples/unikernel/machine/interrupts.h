// Interrupts of the network device and of a clock, so that the processor can sleep between packets.
#pragma once

#include <cstdint>

namespace unikernel {

/// Every exception gives up, saying which and where.
void set_up_interrupts();

/// Lets the device on `line` of the interrupt controller wake us; `registers` are its own.
void listen_to_device(uint8_t line, uint64_t registers);

/// Wakes us every millisecond (the local APIC's timer counts at 1 GHz under QEMU and KVM).
void start_clock();
/// Milliseconds since start_clock().
uint64_t clock_ticks();

/// Sleeps until the next interrupt, but not when `busy` says that there is work: it is asked while
/// no interrupt can come, so none is missed.
template <typename Busy> void sleep_unless(Busy busy) {
  __asm__ volatile("cli" ::: "memory");
  if (busy())
    __asm__ volatile("sti" ::: "memory");
  else
    __asm__ volatile("sti; hlt" ::: "memory"); // nothing can come between the two
}

} // namespace unikernel
