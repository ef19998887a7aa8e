// The half of a live move where the machine goes to: a machine that was started alike with
// `-incoming defer -S` takes in what comes, and runs when it is told to and not before.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "runtime-agent/migrate/channel.h"
#include "runtime-agent/migrate/leaving.h"

namespace nemo::migrate {

struct Arrived {
  enum class How {
    runs,
    dropped, ///< never told to run: it is to be ended, and nothing was lost with it
    lost,    ///< it was this node's, and ended before it ran; its memory is nowhere else any more
  };
  How how = How::dropped;
  std::string why;
  uint64_t bytes = 0;
};

class Arriving {
public:
  struct Handlers {
    std::function<llvm::Error()> take; ///< for good, before it returns: it is this node's
    std::function<void(Arrived)> done; ///< once, never from within start(); may destroy this
  };
  /// \param stream  to a Leaving.
  static std::unique_ptr<Arriving> start(agent::Loop &loop, const std::string &control_path,
                                         agent::Fd stream, const Terms &terms, Handlers handlers);
  ~Arriving();
  /// After this it is never told to run. \returns false when it has been already.
  bool call_off(std::string why);

private:
  Arriving(agent::Loop &loop, const Terms &terms, Handlers handlers)
      : loop_(loop), terms_(terms), handlers_(std::move(handlers)) {}
  void begin(const std::string &control_path);
  void on_frame(const Frame &frame);
  void on_event(llvm::StringRef name, const llvm::json::Object &data);
  void tell(llvm::StringRef command, llvm::json::Object arguments,
            llvm::unique_function<void(const llvm::json::Object &)> then, int fd = -1);
  void look();
  void run();
  void give_up(std::string why);
  void machine_failed(std::string why);
  void finish(Arrived::How how, std::string why);
  void wait();

  agent::Loop &loop_;
  const Terms terms_;
  Handlers handlers_;
  std::unique_ptr<Monitor> monitor_;
  std::unique_ptr<Channel> channel_;
  enum class Step { prepares, copies, taken, over } step_ = Step::prepares;
  bool ended_ = false, complete_ = false; ///< the stream of memory; QEMU with it
  bool told_ = false, ours_ = false;      ///< to run; written down
  uint64_t seen_ = 0;
  agent::Loop::TimerId all_ = 0, silence_ = 0, last_ = 0;
};

} // namespace nemo::migrate
