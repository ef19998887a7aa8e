// Where the agent on this machine keeps its state and answers: one lookup for the agent and for
// whoever wants to reach it. The environment is an argument, so that the rule can be tested as a
// function.
#pragma once

#include <string>

#include "llvm/ADT/STLFunctionalExtras.h"
#include "llvm/ADT/StringRef.h"
#include "llvm/Support/Error.h"

namespace nemo {

struct AgentPaths {
  std::string state;  ///< directory
  std::string socket; ///< Unix socket
};

/// Socket: $NEMO_SOCKET, else $XDG_RUNTIME_DIR/nemo/agent.sock, else /run/nemo/agent.sock as root
/// and agent.sock in the state directory otherwise. State: $XDG_STATE_HOME/nemo, else /var/lib/nemo
/// as root and ~/.local/state/nemo otherwise. Where only $XDG_STATE_HOME is set the socket lies in
/// that directory too, so that two states never share a socket. Empty and relative XDG values count
/// as not set (XDG Base Directory Specification 0.8).
///
/// \param variable  the value of an environment variable; empty if not set.
/// \param home      the user's home directory; empty if there is none.
llvm::Expected<AgentPaths> agent_paths(llvm::function_ref<std::string(llvm::StringRef)> variable,
                                       bool root, llvm::StringRef home);

/// The same for this process.
llvm::Expected<AgentPaths> agent_paths();

} // namespace nemo
