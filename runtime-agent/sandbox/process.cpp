// Living and ended sandboxes, seen from outside.
#include "runtime-agent/sandbox/process.h"

#include <cerrno>
#include <csignal>
#include <map>
#include <vector>

#include <dirent.h>
#include <fcntl.h>
#include <poll.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "llvm/ADT/SmallVector.h"
#include "llvm/ADT/StringRef.h"

#include "base/error.h"
#include "runtime-agent/sandbox/cgroup.h"
#include "runtime-agent/sandbox/descriptor.h"
#include "runtime-agent/sandbox/files.h"
#include "runtime-agent/sandbox/network.h"
#include "runtime-agent/sandbox/sandbox.h"

namespace nemo::sandbox {

namespace {

struct Stat {
  char state = 'X';
  pid_t parent = 0;
  uint64_t ticks = 0; ///< of CPU, own and of reaped children
  uint64_t start_time = 0;
};

std::optional<Stat> stat_of(pid_t pid) {
  const auto text = read_file("/proc/" + std::to_string(pid) + "/stat");
  if (!text)
    return std::nullopt;
  // The name may hold spaces and brackets: fields count from the last ')'.
  const size_t end = text->rfind(')');
  if (end == std::string::npos)
    return std::nullopt;
  llvm::SmallVector<llvm::StringRef, 52> fields; // [0] is field 3
  llvm::StringRef(*text).substr(end + 1).trim().split(fields, ' ', -1, false);
  if (fields.size() < 20 || fields[0].size() != 1)
    return std::nullopt;
  Stat stat;
  stat.state = fields[0][0];
  bool bad =
      fields[1].getAsInteger(10, stat.parent) || fields[19].getAsInteger(10, stat.start_time);
  for (int i = 11; i <= 14; ++i) { // utime, stime, cutime, cstime
    uint64_t ticks = 0;
    bad = bad || fields[i].getAsInteger(10, ticks);
    stat.ticks += ticks;
  }
  return bad ? std::nullopt : std::optional(stat);
}

/// Its proportional share; the counters in statm lag behind by megabytes on machines with many
/// processors.
uint64_t memory_of(pid_t pid) {
  const auto text = read_file("/proc/" + std::to_string(pid) + "/smaps_rollup");
  const size_t at = text ? text->find("\nPss:") : std::string::npos;
  uint64_t kilobytes = 0;
  if (at == std::string::npos)
    return 0;
  llvm::StringRef(*text).substr(at + 5).ltrim().consumeInteger(10, kilobytes);
  return kilobytes * 1024;
}

std::vector<pid_t> all_pids() {
  std::vector<pid_t> pids;
  DIR *directory = ::opendir("/proc");
  if (directory == nullptr)
    return pids;
  while (const dirent *entry = ::readdir(directory)) {
    pid_t pid = 0;
    if (!llvm::StringRef(entry->d_name).getAsInteger(10, pid) && pid > 0)
      pids.push_back(pid);
  }
  ::closedir(directory);
  return pids;
}

} // namespace

std::optional<uint64_t> start_time_of(pid_t pid) {
  const auto stat = stat_of(pid);
  if (!stat || stat->state == 'Z' || stat->state == 'X')
    return std::nullopt;
  return stat->start_time;
}

TreeUse tree_use(pid_t root) {
  std::multimap<pid_t, pid_t> children;
  std::map<pid_t, Stat> stats;
  for (const pid_t pid : all_pids())
    if (auto stat = stat_of(pid)) {
      children.emplace(stat->parent, pid);
      stats.emplace(pid, *stat);
    }
  TreeUse use;
  uint64_t ticks = 0;
  std::vector<pid_t> open = {root};
  while (!open.empty()) {
    const pid_t pid = open.back();
    open.pop_back();
    const auto found = stats.find(pid);
    if (found == stats.end())
      continue;
    ticks += found->second.ticks;
    use.memory_bytes += memory_of(pid);
    stats.erase(found); // once each, whatever /proc claimed
    for (auto [child, end] = children.equal_range(pid); child != end; ++child)
      open.push_back(child->second);
  }
  use.cpu_seconds = static_cast<double>(ticks) / static_cast<double>(::sysconf(_SC_CLK_TCK));
  return use;
}

std::optional<int> adopt(pid_t pid, uint64_t start_time) {
  if (pid <= 0)
    return std::nullopt;
  Descriptor pidfd(static_cast<int>(::syscall(SYS_pidfd_open, pid, 0)));
  // Read after the pidfd is open: from here on the number cannot become another process's unseen.
  if (!pidfd || start_time_of(pid) != start_time)
    return std::nullopt;
  return pidfd.release();
}

bool finished(int pidfd, int timeout_ms) {
  pollfd one = {pidfd, POLLIN, 0};
  int ready;
  do
    ready = ::poll(&one, 1, timeout_ms);
  while (ready < 0 && errno == EINTR);
  if (ready <= 0)
    return false;
  siginfo_t info;
  ::waitid(P_PIDFD, static_cast<id_t>(pidfd), &info, WEXITED | WNOHANG); // ECHILD: adopted
  return true;
}

std::optional<Ended> ended(const std::string &exit_path) {
  // The directory is the sandbox user's: neither follow links nor wait for a FIFO nor read much.
  Descriptor fd(::open(exit_path.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK));
  struct stat info;
  if (!fd || ::fstat(fd.get(), &info) != 0 || !S_ISREG(info.st_mode))
    return std::nullopt;
  char text[256];
  const ssize_t size = ::read(fd.get(), text, sizeof text);
  if (size <= 0)
    return std::nullopt;
  llvm::SmallVector<llvm::StringRef, 8> words;
  llvm::StringRef(text, static_cast<size_t>(size)).trim().split(words, ' ', -1, false);
  Ended result;
  int out_of_memory = 0;
  result.deadline = words.size() == 8 && words[6] == "deadline" && words[7] == "1";
  if ((words.size() != 6 && !result.deadline) || words[0] != "exit" || words[2] != "oom" ||
      words[4] != "at" || words[1].getAsInteger(10, result.exit_code) ||
      words[3].getAsInteger(10, out_of_memory) || words[5].getAsInteger(10, result.unix_ns) ||
      result.exit_code < 0 || result.exit_code > 255)
    return std::nullopt;
  result.out_of_memory = out_of_memory != 0;
  return result;
}

llvm::Error signal(int pidfd, int signal_number) {
  if (::syscall(SYS_pidfd_send_signal, pidfd, signal_number, nullptr, 0) != 0)
    return system_failure(errno, "signal {}", signal_number);
  return llvm::Error::success();
}

Usage usage(const std::string &id, pid_t pid, const Host &host) {
  Usage result;
  result.cpu_seconds = cgroup_cpu_seconds(id, host);
  result.memory_bytes = cgroup_memory_bytes(id, host);
  if (result.cpu_seconds && result.memory_bytes)
    return result;
  if (!start_time_of(pid))
    return result;
  const TreeUse use = tree_use(pid);
  if (!result.cpu_seconds)
    result.cpu_seconds = use.cpu_seconds;
  if (!result.memory_bytes)
    result.memory_bytes = use.memory_bytes;
  return result;
}

void clean(const std::string &id, const Host &host) {
  remove_cgroups(id, host);
  if (host.root)
    remove_network(id);
}

} // namespace nemo::sandbox
