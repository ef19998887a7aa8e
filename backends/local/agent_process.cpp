#include "backends/local/agent_process.h"

#include <cerrno>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <thread>
#include <unistd.h>

#include "base/diagnostics/registry.h"
#include "base/error.h"
#include "llvm/ADT/SmallVector.h"
#include "llvm/Support/FileSystem.h"

namespace nemo::backends::local {

namespace {

constexpr const char *own_socket =
    "set NEMO_SOCKET to a socket of your own, or run nemo as that user";
constexpr uint64_t long_log = 1u << 20;
constexpr auto patience = std::chrono::seconds(15); // a cold start probes the host by really trying

/// A process that has ended but that nobody reaped counts as ended.
bool runs(pid_t pid) {
  std::ifstream file("/proc/" + std::to_string(pid) + "/stat");
  std::string line;
  if (!std::getline(file, line))
    return false;
  const size_t name_end = line.rfind(')');
  return name_end != std::string::npos && line.size() > name_end + 2 && line[name_end + 2] != 'Z';
}

bool trusted(uid_t owner) { return owner == ::geteuid() || owner == 0; }

llvm::Error foreign(const std::string &socket, uid_t owner) {
  Diagnostic fault =
      diag::make(diag::N0803, fmt::format("'{}' belongs to user {}, not to you ({}) or root",
                                          socket, owner, ::geteuid()));
  fault.fix = own_socket;
  return failure(std::move(fault));
}

} // namespace

std::string agent_program() {
  if (const char *named = std::getenv("NEMO_AGENT"); named != nullptr && *named != 0)
    return ::access(named, X_OK) == 0 ? named : std::string();
  std::error_code ignored;
  const auto self = std::filesystem::read_symlink("/proc/self/exe", ignored);
  if (!ignored)
    if (const auto beside = self.parent_path() / "nemo-agent"; ::access(beside.c_str(), X_OK) == 0)
      return beside.string();
  return find_program("nemo-agent");
}

llvm::Expected<AgentProcess> AgentProcess::locate() {
  auto paths = agent_paths();
  if (!paths)
    return failure(diag::make(diag::N0801, llvm::toString(paths.takeError())));
  // A state directory has one agent, whose lock says where it listens. That may be elsewhere than
  // this environment would have it: a login has an XDG_RUNTIME_DIR, what systemd starts has none.
  const char *named = std::getenv("NEMO_SOCKET");
  std::ifstream lock(paths->state + "/lock");
  std::string line;
  const std::string before = ", socket ";
  if ((named == nullptr || *named == 0) && std::getline(lock, line) &&
      line.find(before) != std::string::npos) {
    AgentProcess other({paths->state, line.substr(line.find(before) + before.size())});
    if (auto fd = other.try_connect(); !fd)
      llvm::consumeError(fd.takeError());
    else if (*fd >= 0) {
      ::close(*fd);
      return other;
    }
  }
  return AgentProcess(std::move(*paths));
}

std::string AgentProcess::log_tail(size_t lines, uint64_t after) const {
  std::ifstream file(log_path(), std::ios::binary);
  file.seekg(0, std::ios::end);
  const std::streamoff size = file.tellg(), skipped = static_cast<std::streamoff>(after);
  if (!file || size <= skipped)
    return {};
  const std::streamoff want = std::min<std::streamoff>(size - skipped, 8192);
  file.seekg(size - want);
  std::string text(static_cast<size_t>(want), '\0');
  file.read(text.data(), want);
  llvm::SmallVector<llvm::StringRef> all;
  llvm::StringRef(text).rtrim().split(all, '\n');
  const size_t skip = all.size() > lines ? all.size() - lines : 0;
  return llvm::join(llvm::ArrayRef(all).drop_front(skip), "\n");
}

llvm::Error AgentProcess::no_answer(std::string cause) const {
  Diagnostic fault = diag::make(diag::N0801, std::move(cause));
  fault.notes.push_back({"socket: " + paths_.socket});
  if (const std::string tail = log_tail(8); !tail.empty())
    fault.notes.push_back({"the end of " + log_path() + ":\n" + tail});
  fault.fix = "`nemo agent start` starts it; `nemo agent status` shows where it lives";
  return failure(std::move(fault));
}

llvm::Error AgentProcess::did_not_start(std::string cause, uint64_t log_before) const {
  Diagnostic fault = diag::make(diag::N0801, std::move(cause));
  std::error_code ignored;
  if (const std::string said = log_tail(8, log_before); !said.empty())
    fault.notes.push_back({"it said:\n" + said});
  else if (std::filesystem::space(paths_.state, ignored).available == 0)
    fault.notes.push_back({"the disk that holds " + paths_.state + " is full"});
  else
    fault.notes.push_back({"it said nothing in " + log_path()});
  fault.fix = "mend that, and run this again; what runs already is not touched by it";
  return failure(std::move(fault));
}

llvm::Expected<int> AgentProcess::try_connect() const {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  if (paths_.socket.size() >= sizeof address.sun_path)
    return no_answer(
        fmt::format("the socket's path is longer than the {} bytes that the kernel allows",
                    sizeof address.sun_path - 1));
  paths_.socket.copy(address.sun_path, paths_.socket.size());
  struct stat facts {};
  if (::lstat(paths_.socket.c_str(), &facts) != 0) {
    if (errno == ENOENT)
      return -1;
    if (errno != EACCES)
      return no_answer(llvm::toString(system_failure(errno, "'{}'", paths_.socket)));
    Diagnostic fault =
        diag::make(diag::N0803, fmt::format("'{}' is in a directory that is closed to you ({})",
                                            paths_.socket, ::geteuid()));
    fault.fix = own_socket;
    return failure(std::move(fault));
  }
  if (!S_ISSOCK(facts.st_mode))
    return no_answer("'" + paths_.socket + "' is there, and it is no socket");
  if (!trusted(facts.st_uid))
    return foreign(paths_.socket, facts.st_uid);
  const int fd = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (fd < 0)
    return no_answer(llvm::toString(system_failure(errno, "socket")));
  if (::connect(fd, reinterpret_cast<sockaddr *>(&address), sizeof address) != 0) {
    const int error = errno;
    ::close(fd);
    if (error == ECONNREFUSED || error == ENOENT) // left behind by an agent that was killed
      return -1;
    return no_answer(
        llvm::toString(system_failure(error, "cannot connect to '{}'", paths_.socket)));
  }
  // Whoever made the file need not be who listens.
  ucred peer{};
  socklen_t size = sizeof peer;
  if (::getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &size) != 0 || !trusted(peer.uid)) {
    ::close(fd);
    return foreign(paths_.socket, peer.uid);
  }
  return fd;
}

llvm::Expected<pid_t> AgentProcess::pid() const {
  auto fd = try_connect();
  if (!fd)
    return fd.takeError();
  if (*fd < 0)
    return 0;
  ucred peer{};
  socklen_t size = sizeof peer;
  ::getsockopt(*fd, SOL_SOCKET, SO_PEERCRED, &peer, &size);
  ::close(*fd);
  return peer.pid;
}

llvm::Expected<wire::Client> AgentProcess::start() const {
  const std::string program = agent_program();
  if (program.empty()) {
    Diagnostic fault = diag::make(diag::N0802, "nemo-agent is not there to be started");
    if (const char *named = std::getenv("NEMO_AGENT"); named != nullptr && *named != 0)
      fault.notes.push_back({"NEMO_AGENT names '" + std::string(named) + "', which cannot be run"});
    else
      fault.notes.push_back({"looked beside this nemo and on PATH"});
    fault.fix = "install it beside nemo, or name it in NEMO_AGENT";
    return failure(std::move(fault));
  }
  if (std::error_code error = llvm::sys::fs::create_directories(
          paths_.state, /*IgnoreExisting=*/true, llvm::sys::fs::owner_all))
    return no_answer(fmt::format("cannot make '{}': {}", paths_.state, error.message()));
  std::error_code none;
  uint64_t log_before = std::filesystem::file_size(log_path(), none);
  if (none)
    log_before = 0;
  if (log_before > long_log) {
    std::filesystem::rename(log_path(), log_path() + ".1", none);
    log_before = none ? log_before : 0;
  }
  auto pid = start_detached({program}, log_path());
  if (!pid)
    return no_answer("nemo-agent could not be started: " + llvm::toString(pid.takeError()));
  const auto deadline = std::chrono::steady_clock::now() + patience;
  for (bool alive = true;;) {
    auto fd = try_connect();
    if (!fd)
      return fd.takeError();
    if (*fd >= 0)
      return wire::Client(*fd, "the agent");
    // One more look after it is gone: another nemo may have started one at the same moment.
    if (!alive)
      return did_not_start(fmt::format("nemo-agent was started (pid {}) and ended at once", *pid),
                           log_before);
    if (std::chrono::steady_clock::now() > deadline)
      return did_not_start(
          fmt::format("nemo-agent was started (pid {}) and did not answer within {} s", *pid,
                      patience.count()),
          log_before);
    alive = runs(*pid);
    std::this_thread::sleep_for(std::chrono::milliseconds(alive ? 20 : 500));
  }
}

llvm::Expected<wire::Client> AgentProcess::connect(bool start_it) const {
  auto fd = try_connect();
  if (!fd)
    return fd.takeError();
  if (*fd >= 0)
    return wire::Client(*fd, "the agent");
  if (!start_it)
    return no_answer("the agent does not run");
  return start();
}

} // namespace nemo::backends::local
