// Live pre-copy of a running machine into another that waits for it: memory is copied while it
// runs, and it stands still only for what is left at the end.
#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <string>

#include "llvm/Support/Error.h"

#include "runtime-agent/migrate/monitor.h"

namespace nemo::migrate {

struct Options {
  std::chrono::milliseconds downtime_limit{50}; ///< it stops once the rest takes no longer
  uint64_t bytes_per_second = 1'000'000'000;
  std::chrono::milliseconds patience{30'000}; ///< for all of it; then it is given up
  const std::atomic<bool> *cancel = nullptr;  ///< set by somebody: it is given up
};

struct Moved {
  std::chrono::milliseconds total{0}, downtime{0}; ///< as QEMU measured them
  uint64_t bytes = 0;
};

/// Moves the machine of `source` into that of `target`, which was started alike with
/// `-incoming defer -S`, so that it runs when it is told to and not before.
///
/// Under TCG the memory must be no multiple of 256 KiB: QEMU 7.2 then takes a shorter way through
/// its list of written pages, on which it forgets to watch them again, and what is written
/// afterwards stays behind (seen here: counters that went back, and memory that the guest found
/// changed).
///
/// At most one of the two runs at every moment: the target is told to run after the source has said
/// that it stopped for good, and the source is let go on only while the target has not been told.
/// After an error the source runs, unless the error says that nobody knows.
///
/// \param channel  a Unix socket that the two talk through; nobody else may reach it.
llvm::Expected<Moved> move(Monitor &source, Monitor &target, const std::string &channel,
                           const Options &options);

} // namespace nemo::migrate
