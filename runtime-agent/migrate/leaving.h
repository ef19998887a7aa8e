// The half of a live move where the machine is: memory is copied while it runs (pre-copy), and it
// stands still only for what is left at the end.
//
// At most one of the two machines runs at every moment. The target is told to run after this one
// has stopped for good and after `give_away` has written down that it is the target's; from then on
// this one runs again only when the target has said that it will not.
//
// Under TCG the memory must be no multiple of 256 KiB: QEMU 7.2 then takes a shorter way through
// its list of written pages, on which it forgets to watch them again, and what is written
// afterwards stays behind (seen here: counters that went back, and memory that the guest found
// changed).
#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "runtime-agent/migrate/channel.h"
#include "runtime-agent/migrate/monitor.h"
#include "runtime-agent/migrate/resuming.h"

namespace nemo::migrate {

struct Terms {
  int64_t downtime_ms = 50; ///< it stops once the rest takes no longer
  uint64_t bytes_per_second = 1'000'000'000;
  agent::Ticks patience = 60'000; ///< for all of it; then it is given up
  agent::Ticks silence = 5'000;   ///< for one thing to come of it
};

struct Left {
  enum class How {
    gone,    ///< it runs at the target, and the one here is to be ended
    kept,    ///< it runs here, unless it has ended by itself
    unknown, ///< it stands still here; whether it runs at the target has to be asked there
  };
  How how = How::kept;
  std::string why;    ///< kept, unknown
  bool began = false; ///< the target was ready
  bool never = false; ///< kept: another attempt would be no better
  uint64_t bytes = 0;
  std::chrono::microseconds stood_still{0}; ///< gone: until this node heard that it runs there
};

class Leaving {
public:
  struct Handlers {
    std::function<llvm::Error()> give_away; ///< for good, before it returns; an error: it is kept
    std::function<void(Left)> done;         ///< once, never from within start(); may destroy this
  };
  /// \param stream  to an Arriving.
  static std::unique_ptr<Leaving> start(agent::Loop &loop, std::string control_path,
                                        agent::Fd stream, const Terms &terms, Handlers handlers);
  ~Leaving();
  /// Has no effect once it was given away.
  void call_off(std::string why) { give_up(std::move(why)); }

private:
  Leaving(agent::Loop &loop, std::string control_path, const Terms &terms, Handlers handlers);
  void begin();
  void on_frame(const Frame &frame);
  void on_event(llvm::StringRef name, const llvm::json::Object &data);
  void compare(std::string theirs);
  void send_memory();
  void tell(llvm::StringRef command, llvm::json::Object arguments,
            llvm::unique_function<void()> then, int fd = -1);
  void give_up(std::string why);
  void give_away();
  void finish(Left::How how, std::string why);
  void tell_done();
  void wait(agent::Ticks most, const char *what);

  agent::Loop &loop_;
  const std::string control_path_;
  const Terms terms_;
  Handlers handlers_;
  std::unique_ptr<Monitor> monitor_;
  std::unique_ptr<Channel> channel_;
  std::unique_ptr<Resuming> resuming_;
  agent::Fd memory_; ///< the agent's end, until the channel has it
  enum class Step { waits, compares, copies, given, over } step_ = Step::waits;
  bool stopped_ = false, taken_ = false; ///< this one for good; there as a whole
  std::optional<std::chrono::steady_clock::time_point> stopped_at_;
  Left left_;
  uint64_t seen_ = 0; ///< bytes, when it was looked at last
  agent::Loop::TimerId all_ = 0, step_timer_ = 0, last_ = 0;
};

} // namespace nemo::migrate
