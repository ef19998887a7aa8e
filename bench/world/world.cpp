#include "bench/world/world.h"

#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <set>

#include <poll.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/error.h"
#include "base/subprocess.h"
#include "llvm/Support/raw_ostream.h"

namespace nemo::bench {

namespace fs = std::filesystem;

namespace {

/// Holds on to an agent until it is gone: nobody here is its parent.
class Ending {
public:
  explicit Ending(pid_t pid)
      : pidfd_(pid > 0 ? static_cast<int>(::syscall(SYS_pidfd_open, pid, 0)) : -1) {}
  ~Ending() {
    pollfd gone = {pidfd_, POLLIN, 0};
    if (pidfd_ >= 0)
      ::poll(&gone, 1, 10'000);
    ::close(pidfd_);
  }
  Ending(const Ending &) = delete;
  Ending &operator=(const Ending &) = delete;
  llvm::Error kill() const {
    if (::syscall(SYS_pidfd_send_signal, pidfd_, SIGKILL, nullptr, 0) != 0)
      return system_failure(errno, "cannot kill the agent");
    return llvm::Error::success();
  }

private:
  int pidfd_;
};

} // namespace

llvm::Expected<std::unique_ptr<World>> World::make(const Bench &bench) {
  std::unique_ptr<World> world(new World(bench));
  // Short: the kernel allows a socket's path 107 bytes.
  char name[] = "/tmp/nemo-bench-XXXXXX";
  if (::mkdtemp(name) == nullptr)
    return system_failure(errno, "cannot make a directory in /tmp");
  world->directory_ = name;
  for (const char *variable : {"NEMO_SOCKET", "NEMO_AGENT", "NEMO_NODE", "NEMO_SUPERVISOR"})
    ::unsetenv(variable);
  for (const auto &[variable, below] :
       {std::pair("HOME", "home"), {"XDG_RUNTIME_DIR", "run"}, {"XDG_STATE_HOME", "state"}}) {
    const std::string path = world->directory_ + "/" + below;
    fs::create_directory(path);
    fs::permissions(path, fs::perms::owner_all);
    ::setenv(variable, path.c_str(), 1);
  }
  if (auto started = world->nemo({"agent", "start"}); !started)
    return started.takeError();
  return world;
}

World::~World() {
  std::set<std::string> stacks;
  if (auto fleet = observe()) {
    for (const proto::Running &running : fleet->running())
      stacks.insert(running.stack());
  } else {
    llvm::consumeError(fleet.takeError());
  }
  std::vector<std::vector<std::string>> commands;
  for (const std::string &stack : stacks)
    commands.push_back({"destroy", "--stack", stack, "--yes", "--timeout", "60s"});
  commands.push_back({"agent", "stop"});
  auto pid = agent_pid();
  {
    const Ending ending(pid ? *pid : 0); // it writes until its end
    for (const auto &command : commands)
      if (auto ended = nemo(command); !ended)
        llvm::errs() << "cannot clean up: " << llvm::toString(ended.takeError()) << '\n';
  }
  if (!pid)
    llvm::consumeError(pid.takeError());
  std::error_code ignored;
  fs::remove_all(directory_, ignored);
}

llvm::Expected<ChildRun> World::nemo(std::vector<std::string> arguments) {
  arguments.insert(arguments.begin(), bench_.program("nemo"));
  return run_well(arguments, {.keep_stdout = true});
}

llvm::Expected<std::string> World::write_intent(const std::string &stack, const std::string &text) {
  const std::string path = directory_ + "/" + stack + ".nemo";
  std::ofstream file(path);
  file << "nemo = 1\nstack = \"" << stack << "\"\n" << text;
  if (!file.flush())
    return failure("cannot write {}", path);
  return path;
}

llvm::Expected<pid_t> World::agent_pid() const {
  auto where = backends::local::AgentProcess::locate();
  if (!where)
    return where.takeError();
  auto pid = where->pid();
  if (pid && *pid == 0)
    return failure("the agent does not run");
  return pid;
}

llvm::Error World::kill_agent() {
  auto pid = agent_pid();
  if (!pid)
    return pid.takeError();
  const Ending ending(*pid);
  return ending.kill();
}

llvm::Error World::start_agent() {
  auto started = start_detached({bench_.program("nemo-agent")}, directory_ + "/agent.log");
  return started ? llvm::Error::success() : started.takeError();
}

llvm::Expected<proto::Fleet> World::observe() const {
  auto agent = backends::local::Backend::open(/*start=*/false);
  if (!agent)
    return agent.takeError();
  return agent->observe();
}

} // namespace nemo::bench
