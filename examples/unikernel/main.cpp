// A unikernel that echoes: one address, one counter, one loop.
#include "examples/unikernel/echo/answer.h"
#include "examples/unikernel/echo/options.h"
#include "examples/unikernel/echo/working_set.h"
#include "examples/unikernel/machine/console.h"
#include "examples/unikernel/machine/interrupts.h"
#include "examples/unikernel/machine/network.h"
#include "examples/unikernel/machine/start_info.h"

namespace unikernel {

namespace {

constexpr size_t kPagesAtOnce = 64; // between two looks at the network

/// Writes memory at the rate that was asked for.
class Writer {
public:
  Writer(const Options &options, const Boot &boot) : rate_(options.rate) {
    if (options.write > boot.memory.size_bytes())
      give_up("write= is more than the machine's memory");
    set_ = WorkingSet(boot.memory.first(options.write / WorkingSet::kPage *
                                        (WorkingSet::kPage / sizeof(uint64_t))));
    if (set_.pages() > 0 && rate_ != 0)
      start_clock();
  }

  bool busy() const { return set_.pages() > 0 && (rate_ == 0 || due() > written_); }

  void work() {
    if (!busy())
      return;
    size_t count = kPagesAtOnce;
    if (rate_ != 0 && due() - written_ < count)
      count = due() - written_;
    if (!set_.write(count))
      give_up("memory does not hold what was written to it");
    written_ += count;
  }

private:
  uint64_t due() const { return clock_ticks() * (rate_ / WorkingSet::kPage) / 1000; }

  WorkingSet set_;
  uint64_t rate_;
  uint64_t written_ = 0; ///< pages
};

void print_station(const Station &station) {
  print("echo: at ");
  for (int shift = 24; shift >= 0; shift -= 8) {
    print(uint64_t{station.address >> shift & 255});
    print(shift > 0 ? "." : "/");
  }
  print(uint64_t{station.prefix});
  print(", ");
  for (size_t i = 0; i < station.mac.size(); ++i) {
    print_hex(station.mac[i]);
    print(i + 1 < station.mac.size() ? ":" : ", ");
  }
  print_line("UDP port ", uint64_t{station.port});
}

[[noreturn]] void run(uint32_t start_info) {
  set_up_interrupts();
  const Boot boot = read_start_info(start_info);
  const Options options = read_options(boot.command_line);
  if (!options.bad.empty())
    give_up("it does not understand ", options.bad);
  if (!options.address)
    give_up("it has no address: say ip=10.0.0.2/24 on its command line");
  static Network network(options); // large: not on the stack
  Station station = {network.mac(), *options.address, options.prefix, options.port};
  Writer writer(options, boot);
  print_station(station);
  for (;;) {
    network.serve(station);
    writer.work();
    sleep_unless([&] { return network.pending() || writer.busy(); });
  }
}

} // namespace

} // namespace unikernel

extern "C" [[noreturn]] void kernel_main(uint32_t start_info) { unikernel::run(start_info); }
