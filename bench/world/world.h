// An agent of the bench's own: a temporary home, state and socket, so that nothing of this machine
// is touched. It is named in this process's environment, where the programs that are run, and the
// library that speaks to the agent, find it.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "backends/local/backend.h"
#include "bench/support/bench.h"
#include "bench/support/child.h"

namespace nemo::bench {

class World {
public:
  /// With an agent that runs.
  static llvm::Expected<std::unique_ptr<World>> make(const Bench &bench);
  /// Removes every stack, stops the agent, removes the directory.
  ~World();

  const std::string &directory() const { return directory_; }

  /// Runs `nemo ARGUMENT...`. \returns an error when it fails.
  llvm::Expected<ChildRun> nemo(std::vector<std::string> arguments);
  /// Writes DIRECTORY/STACK.nemo. \returns its path.
  llvm::Expected<std::string> write_intent(const std::string &stack, const std::string &text);

  llvm::Expected<pid_t> agent_pid() const;
  /// SIGKILL, and waits until it is gone.
  llvm::Error kill_agent();
  /// Execs an agent; it need not answer yet when this returns.
  llvm::Error start_agent();
  /// What the agent says now, asked over its socket. An error when none answers.
  llvm::Expected<proto::Fleet> observe() const;

private:
  explicit World(const Bench &bench) : bench_(bench) {}
  const Bench &bench_;
  std::string directory_;
};

} // namespace nemo::bench
