// Makes a machine run that stands still, or may: after a move that came to nothing, or one that
// came here. Whoever calls this knows that it runs nowhere else.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "runtime-agent/migrate/monitor.h"

namespace nemo::migrate {

class Resuming {
public:
  /// \param done  once, never from within start(); it may destroy this. Success: it runs.
  static std::unique_ptr<Resuming> start(agent::Loop &loop, const std::string &control_path,
                                         std::function<void(llvm::Error)> done);
  ~Resuming();

private:
  Resuming(agent::Loop &loop, std::function<void(llvm::Error)> done)
      : loop_(loop), done_(std::move(done)) {}
  void look();
  void finish(std::string problem);

  agent::Loop &loop_;
  std::function<void(llvm::Error)> done_;
  std::unique_ptr<Monitor> monitor_;
  int looks_ = 0;
  bool over_ = false;
  agent::Loop::TimerId timer_ = 0;
};

} // namespace nemo::migrate
