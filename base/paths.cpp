#include "base/paths.h"

#include <cstdlib>
#include <pwd.h>
#include <unistd.h>

#include "base/error.h"

namespace nemo {

llvm::Expected<AgentPaths> agent_paths(llvm::function_ref<std::string(llvm::StringRef)> variable,
                                       bool root, llvm::StringRef home) {
  auto directory = [&](llvm::StringRef name) {
    std::string value = variable(name);
    return llvm::StringRef(value).startswith("/") ? value : std::string();
  };
  const std::string xdg_state = directory("XDG_STATE_HOME");
  const std::string xdg_runtime = directory("XDG_RUNTIME_DIR");
  AgentPaths paths;
  if (!xdg_state.empty())
    paths.state = xdg_state + "/nemo";
  else if (root)
    paths.state = "/var/lib/nemo";
  else if (home.startswith("/"))
    paths.state = home.rtrim('/').str() + "/.local/state/nemo";
  else
    return failure("There is no place for the agent's state: this user has no home directory. Set "
                   "XDG_STATE_HOME to a "
                   "directory that this user may write.");
  paths.socket = variable("NEMO_SOCKET");
  if (!paths.socket.empty())
    return paths;
  if (!xdg_runtime.empty())
    paths.socket = xdg_runtime + "/nemo/agent.sock";
  else if (root && xdg_state.empty())
    paths.socket = "/run/nemo/agent.sock";
  else
    paths.socket = paths.state + "/agent.sock";
  return paths;
}

llvm::Expected<AgentPaths> agent_paths() {
  auto variable = [](llvm::StringRef name) {
    const char *value = std::getenv(name.str().c_str());
    return std::string(value ? value : "");
  };
  std::string home = variable("HOME");
  if (home.empty()) {
    char buffer[4096];
    passwd entry{}, *found = nullptr;
    if (::getpwuid_r(::geteuid(), &entry, buffer, sizeof buffer, &found) == 0 && found)
      home = found->pw_dir;
  }
  return agent_paths(variable, ::geteuid() == 0, home);
}

} // namespace nemo
