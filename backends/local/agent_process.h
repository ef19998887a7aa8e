// The agent as a process: where its socket is, whether it may be trusted, and how it is started
// when nothing answers. Bounded in time, and when it fails the agent's own last words are shown.
#pragma once

#include <string>

#include "backends/wire/client.h"
#include "base/paths.h"

namespace nemo::backends::local {

class AgentProcess {
public:
  /// From the environment; N0801 when there is no place for a socket.
  static llvm::Expected<AgentProcess> locate();
  explicit AgentProcess(AgentPaths paths) : paths_(std::move(paths)) {}

  /// A connection to the agent. N0801 nothing answers, N0802 its program is not there, N0803 the
  /// socket is another user's.
  llvm::Expected<wire::Client> connect(bool start) const;

  /// Of whoever listens on the socket; 0: nobody.
  llvm::Expected<pid_t> pid() const;

  const std::string &socket_path() const { return paths_.socket; }
  std::string log_path() const { return paths_.state + "/agent.log"; }
  /// The last lines of the agent's log, of what it holds after so many bytes; empty if there is
  /// none.
  std::string log_tail(size_t lines, uint64_t after = 0) const;

private:
  llvm::Expected<int> try_connect() const; ///< -1: nothing answers
  llvm::Expected<wire::Client> start() const;
  llvm::Error no_answer(std::string cause) const;
  llvm::Error did_not_start(std::string cause, uint64_t log_before) const;
  AgentPaths paths_;
};

/// nemo-agent: $NEMO_AGENT, else beside this executable, else on PATH; empty if nowhere.
std::string agent_program();

} // namespace nemo::backends::local
