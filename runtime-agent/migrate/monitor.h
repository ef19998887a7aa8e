// A machine's monitor: QEMU's QMP on a Unix socket, asked without waiting for it. What it says is
// hostile until checked: lines are bounded, waits too, and an answer is looked into field by field.
#pragma once

#include <deque>
#include <functional>
#include <memory>
#include <string>

#include "llvm/ADT/FunctionExtras.h"
#include "llvm/Support/Error.h"
#include "llvm/Support/JSON.h"

#include "runtime-agent/core/loop.h"

namespace nemo::migrate {

class Monitor {
public:
  /// What stands under "return"; an error holds what QEMU said.
  using Answer = llvm::unique_function<void(llvm::Expected<llvm::json::Object>)>;
  struct Handlers {
    std::function<void(llvm::StringRef name, const llvm::json::Object &data)> on_event =
        [](llvm::StringRef, const llvm::json::Object &) {};
    /// Nothing more comes, neither answers nor events. None of these destroys the monitor.
    std::function<void(std::string why)> on_end;
  };

  /// \param patience  for the greeting and for each answer.
  static llvm::Expected<std::unique_ptr<Monitor>>
  connect(agent::Loop &loop, const std::string &path, agent::Ticks patience, Handlers handlers);
  ~Monitor();

  /// Of QEMU, "7.2.22"; empty before its first answer.
  const std::string &version() const { return version_; }

  /// Answers come in order. \param fd  goes along (for getfd) and stays the caller's.
  void execute(llvm::StringRef command, llvm::json::Object arguments, Answer answer, int fd = -1);

private:
  Monitor(agent::Loop &loop, agent::Ticks patience, Handlers handlers)
      : loop_(loop), patience_(patience), handlers_(std::move(handlers)) {}
  void ready();
  void take_line(llvm::StringRef line);
  void wait_again();
  void end(std::string why);

  agent::Loop &loop_;
  agent::Ticks patience_;
  Handlers handlers_;
  agent::Fd socket_;
  bool greeted_ = false;
  std::string version_;
  int events_ = 0; ///< since the last answer
  std::string pending_;
  std::deque<Answer> waiting_;
  agent::Loop::TimerId deadline_ = 0;
};

} // namespace nemo::migrate
