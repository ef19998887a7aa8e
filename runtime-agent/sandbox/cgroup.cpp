// Making, joining, reading and removing nemo/ID.
#include "runtime-agent/sandbox/cgroup.h"

#include <cerrno>
#include <csignal>

#include <fcntl.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/SmallVector.h"
#include "llvm/ADT/StringRef.h"

#include "base/error.h"
#include "runtime-agent/sandbox/check.h"
#include "runtime-agent/sandbox/files.h"

namespace nemo::sandbox {

namespace {

constexpr uint64_t kPeriodUs = 100000;

/// Every distinct directory: one for version 2, one per controller for version 1.
std::vector<std::string> directories(const Host &host) {
  std::vector<std::string> all;
  for (const std::string *one :
       {&host.memory_directory, &host.cpu_directory, &host.pids_directory, &host.cpuacct_directory})
    if (!one->empty() && !llvm::is_contained(all, *one))
      all.push_back(*one);
  return all;
}

uint64_t key_of(const std::string &text, llvm::StringRef key) {
  llvm::SmallVector<llvm::StringRef, 16> lines;
  llvm::StringRef(text).split(lines, '\n');
  uint64_t value = 0;
  for (llvm::StringRef line : lines)
    if (line.consume_front(key) && line.consume_front(" ") && !line.trim().getAsInteger(10, value))
      return value;
  return 0;
}

llvm::Error set(const std::string &path, const std::string &value) {
  if (const int error = write_file(path, value); error != 0)
    return system_failure(error, "{} = {}", path, value);
  return llvm::Error::success();
}

llvm::Error limit_memory(const std::string &directory, uint64_t bytes, CgroupMode mode) {
  const std::string text = std::to_string(bytes);
  if (mode == CgroupMode::v2) {
    if (auto error = set(directory + "/memory.max", text))
      return error;
    write_file(directory + "/memory.swap.max", "0"); // not there without swap
    return llvm::Error::success();
  }
  if (auto error = set(directory + "/memory.limit_in_bytes", text))
    return error;
  write_file(directory + "/memory.memsw.limit_in_bytes", text); // not there without swap accounting
  write_file(directory + "/memory.swappiness", "0");
  return llvm::Error::success();
}

llvm::Error limit_cpu(const std::string &directory, uint64_t millicores, CgroupMode mode) {
  const uint64_t quota = std::max<uint64_t>(1000, millicores * kPeriodUs / 1000);
  if (mode == CgroupMode::v2)
    return set(directory + "/cpu.max", fmt::format("{} {}", quota, kPeriodUs));
  if (auto error = set(directory + "/cpu.cfs_period_us", std::to_string(kPeriodUs)))
    return error;
  return set(directory + "/cpu.cfs_quota_us", std::to_string(quota));
}

std::vector<pid_t> members(const std::string &directory) {
  std::vector<pid_t> pids;
  const std::string text = read_file(directory + "/cgroup.procs").value_or("");
  llvm::SmallVector<llvm::StringRef, 16> lines;
  llvm::StringRef(text).split(lines, '\n', -1, false);
  for (llvm::StringRef line : lines) {
    pid_t pid = 0;
    if (!line.getAsInteger(10, pid) && pid > 0)
      pids.push_back(pid);
  }
  return pids;
}

void pause_ms(long ms) {
  const timespec wait = {0, ms * 1000000};
  ::nanosleep(&wait, nullptr);
}

void remove_directory(const std::string &directory) {
  // rmdir says EBUSY until the last member is gone, which takes the kernel a moment after a kill.
  for (int attempt = 0; attempt < 200; ++attempt) {
    if (::rmdir(directory.c_str()) == 0 || errno != EBUSY)
      return;
    for (const pid_t pid : members(directory))
      ::kill(pid, SIGKILL);
    pause_ms(attempt < 20 ? 1 : 10);
  }
}

// The first attempt succeeds nearly always; what else may be is looked at when it does not.
llvm::Error make_group(const std::string &base, const std::string &id) {
  const std::string directory = base + "/" + id;
  if (::mkdir(directory.c_str(), 0755) == 0)
    return llvm::Error::success();
  if (errno == ENOENT)
    ::mkdir(base.c_str(), 0755);
  else if (errno == EEXIST && ::rmdir(directory.c_str()) != 0 && errno == EBUSY)
    return failure("'{}' runs already: {} is not empty", id, directory);
  if (::mkdir(directory.c_str(), 0755) != 0)
    return system_failure(errno, "make {}", directory);
  return llvm::Error::success();
}

} // namespace

llvm::Error make_cgroups(const std::string &id, const Limits &limits, const Host &host) {
  for (const std::string &base : directories(host))
    if (auto error = make_group(base, id))
      return error;
  if (limits.memory_bytes != 0)
    if (auto error =
            limit_memory(host.memory_directory + "/" + id, limits.memory_bytes, host.cgroup_memory))
      return error;
  if (limits.cpu_millicores != 0)
    if (auto error =
            limit_cpu(host.cpu_directory + "/" + id, limits.cpu_millicores, host.cgroup_cpu))
      return error;
  if (limits.pids != 0) // one more: the supervisor
    return set(host.pids_directory + "/" + id + "/pids.max", std::to_string(limits.pids + 1));
  return llvm::Error::success();
}

llvm::Expected<Entrances> open_cgroups(const std::string &id, const Host &host) {
  Entrances entrances;
  for (const std::string &base : directories(host)) {
    const std::string path = base + "/" + id;
    Descriptor entrance(::open((path + "/tasks").c_str(), O_WRONLY | O_CLOEXEC));
    const bool unified = !entrance && errno == ENOENT; // version 2 has no such file
    if (unified)
      entrance = Descriptor(::open(path.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC));
    if (!entrance)
      return system_failure(errno, "open {}", path);
    if (unified)
      entrances.unified = std::move(entrance);
    else
      entrances.tasks.push_back(std::move(entrance));
  }
  return entrances;
}

int enter_cgroups(const Entrances &entrances) {
  for (const Descriptor &tasks : entrances.tasks)
    if (::write(tasks.get(), "0", 1) != 1)
      return errno;
  return 0;
}

void join_cgroups(const std::vector<std::string> &directories) {
  for (const std::string &directory : directories)
    if (write_file(directory + "/tasks", "0") == ENOENT)
      write_file(directory + "/cgroup.procs", "0");
}

void remove_cgroups(const std::string &id, const Host &host) {
  if (valid_id(id))
    for (const std::string &base : directories(host))
      remove_directory(base + "/" + id);
}

Descriptor open_memory_events(const std::string &id, const Host &host) {
  if (host.memory_directory.empty())
    return Descriptor();
  const char *name =
      host.cgroup_memory == CgroupMode::v2 ? "/memory.events" : "/memory.oom_control";
  return Descriptor(
      ::open((host.memory_directory + "/" + id + name).c_str(), O_RDONLY | O_CLOEXEC));
}

Descriptor open_process_events(const std::string &id, const Host &host) {
  if (host.pids_directory.empty())
    return Descriptor();
  return Descriptor(
      ::open((host.pids_directory + "/" + id + "/pids.events").c_str(), O_RDONLY | O_CLOEXEC));
}

std::optional<double> cgroup_cpu_seconds(const std::string &id, const Host &host) {
  if (!host.cpuacct_directory.empty()) {
    uint64_t ns = 0;
    const auto text = read_file(host.cpuacct_directory + "/" + id + "/cpuacct.usage");
    if (text && !llvm::StringRef(*text).trim().getAsInteger(10, ns))
      return static_cast<double>(ns) / 1e9;
    return std::nullopt;
  }
  if (host.cgroup_cpu != CgroupMode::v2)
    return std::nullopt;
  const auto text = read_file(host.cpu_directory + "/" + id + "/cpu.stat");
  if (!text)
    return std::nullopt;
  return static_cast<double>(key_of(*text, "usage_usec")) / 1e6;
}

std::optional<uint64_t> cgroup_memory_bytes(const std::string &id, const Host &host) {
  if (host.memory_directory.empty())
    return std::nullopt;
  const std::string directory = host.memory_directory + "/" + id;
  const bool v2 = host.cgroup_memory == CgroupMode::v2;
  const auto total = read_file(directory + (v2 ? "/memory.current" : "/memory.usage_in_bytes"));
  const auto parts = read_file(directory + "/memory.stat");
  uint64_t bytes = 0;
  if (!total || !parts || llvm::StringRef(*total).trim().getAsInteger(10, bytes))
    return std::nullopt;
  // Page cache that can be dropped at once is not what the workload needs.
  const uint64_t idle = key_of(*parts, v2 ? "inactive_file" : "total_inactive_file");
  return bytes > idle ? bytes - idle : 0;
}

std::vector<std::string> cgroups_of(pid_t of, const Host &host) {
  std::vector<std::string> found;
  for (const std::string &base : directories(host)) {
    // The last part of the path is the id; which hierarchy a line is about does not matter, because
    // an instance has the same name in all of them.
    const std::string text = read_file("/proc/" + std::to_string(of) + "/cgroup").value_or("");
    llvm::SmallVector<llvm::StringRef, 16> lines;
    llvm::StringRef(text).split(lines, '\n', -1, false);
    for (llvm::StringRef line : lines) {
      const auto [parent, id] = line.rsplit('/');
      const std::string directory = base + "/" + id.str();
      if (parent.endswith("/nemo") && valid_id(id.str()) &&
          llvm::is_contained(members(directory), of)) {
        found.push_back(directory);
        break;
      }
    }
  }
  return found;
}

} // namespace nemo::sandbox
