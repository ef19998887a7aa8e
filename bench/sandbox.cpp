// From asking for a sandbox to the end of the `true` in it, beside its peers in the same run: a
// bare clone3 with the same namespaces that executes `true`, and bubblewrap told to do the same.
// Each round runs all three, so a busy machine is busy for all of them.
#include <chrono>
#include <filesystem>

#include <fcntl.h>
#include <linux/sched.h>
#include <sched.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/error.h"
#include "base/subprocess.h"
#include "bench/support/bench.h"
#include "bench/support/child.h"
#include "bench/support/statistics.h"
#include "runtime-agent/sandbox/files.h"
#include "runtime-agent/sandbox/sandbox.h"

using namespace nemo;
using namespace nemo::bench;

namespace {

constexpr char kTrue[] = "/usr/bin/true";

double milliseconds_since(std::chrono::steady_clock::time_point start) {
  return std::chrono::duration<double, std::milli>(std::chrono::steady_clock::now() - start)
      .count();
}

/// Processor time of this process and of all that it has reaped.
double cpu_milliseconds() {
  double total = 0;
  for (const int who : {RUSAGE_SELF, RUSAGE_CHILDREN}) {
    rusage use = {};
    ::getrusage(who, &use);
    for (const timeval &part : {use.ru_utime, use.ru_stime})
      total += static_cast<double>(part.tv_sec) * 1e3 + static_cast<double>(part.tv_usec) / 1e3;
  }
  return total;
}

struct Cost {
  double wall = 0, cpu = 0; ///< ms
};

/// The same namespaces, a mapped user, execve, the end. Nothing that restricts anything.
llvm::Expected<Cost> bare_clone() {
  const double cpu = cpu_milliseconds();
  const auto start = std::chrono::steady_clock::now();
  int go[2];
  if (::pipe2(go, O_CLOEXEC) != 0)
    return system_failure(errno, "pipe");
  clone_args arguments = {};
  arguments.flags = CLONE_NEWUSER | CLONE_NEWNS | CLONE_NEWPID | CLONE_NEWIPC | CLONE_NEWUTS;
  arguments.exit_signal = SIGCHLD;
  const uid_t user = ::geteuid();
  const gid_t group = ::getegid();
  const long pid = ::syscall(SYS_clone3, &arguments, sizeof arguments);
  if (pid == 0) {
    char byte;
    char *argv[] = {const_cast<char *>("true"), nullptr}, *environment[] = {nullptr};
    if (::read(go[0], &byte, 1) == 1 && ::unshare(CLONE_NEWCGROUP) == 0)
      ::execve(kTrue, argv, environment);
    ::_exit(127);
  }
  if (pid < 0)
    return system_failure(errno, "clone3");
  const std::string process = "/proc/" + std::to_string(pid);
  if (user != 0)
    sandbox::write_file(process + "/setgroups", "deny");
  sandbox::write_file(process + "/uid_map", fmt::format("1000 {} 1", user));
  sandbox::write_file(process + "/gid_map", fmt::format("1000 {} 1", group));
  const bool told = ::write(go[1], "g", 1) == 1;
  int status = 0;
  ::waitpid(static_cast<pid_t>(pid), &status, 0);
  ::close(go[0]);
  ::close(go[1]);
  if (!told || status != 0)
    return failure("a bare clone3 of {} failed: {}", kTrue, status);
  return Cost{milliseconds_since(start), cpu_milliseconds() - cpu};
}

std::vector<std::string> bubblewrap() {
  const std::string program = find_program("bwrap");
  if (program.empty())
    return {};
  std::vector<std::string> words = {program};
  for (const char *word : {"--unshare-user",
                           "--unshare-pid",
                           "--unshare-ipc",
                           "--unshare-uts",
                           "--unshare-cgroup",
                           "--uid",
                           "1000",
                           "--gid",
                           "1000",
                           "--hostname",
                           "bench",
                           "--new-session",
                           "--clearenv",
                           "--cap-drop",
                           "ALL",
                           "--ro-bind",
                           "/usr",
                           "/usr",
                           "--symlink",
                           "usr/bin",
                           "/bin",
                           "--symlink",
                           "usr/sbin",
                           "/sbin",
                           "--symlink",
                           "usr/lib",
                           "/lib",
                           "--symlink",
                           "usr/lib64",
                           "/lib64",
                           "--ro-bind-try",
                           "/etc/resolv.conf",
                           "/etc/resolv.conf",
                           "--ro-bind-try",
                           "/etc/ssl",
                           "/etc/ssl",
                           "--ro-bind-try",
                           "/etc/alternatives",
                           "/etc/alternatives",
                           "--ro-bind-try",
                           "/etc/ld.so.cache",
                           "/etc/ld.so.cache",
                           "--ro-bind-try",
                           "/etc/localtime",
                           "/etc/localtime",
                           "--proc",
                           "/proc",
                           "--dev",
                           "/dev",
                           "--tmpfs",
                           "/tmp",
                           "--tmpfs",
                           "/run",
                           "--tmpfs",
                           "/dev/shm",
                           kTrue})
    words.push_back(word);
  return words;
}

class Sandboxes {
public:
  static llvm::Expected<Sandboxes> open() {
    char name[] = "/tmp/nemo-bench-sandbox-XXXXXX";
    if (::mkdtemp(name) == nullptr)
      return system_failure(errno, "make a directory");
    Sandboxes all(name);
    if (!all.host_.can("sandbox.process"))
      return failure("this host has no process sandbox: {}", all.host_.reason("sandbox.process"));
    return all;
  }
  Sandboxes(Sandboxes &&) = default;
  ~Sandboxes() {
    std::error_code ignored;
    if (!directory_.empty())
      std::filesystem::remove_all(directory_, ignored);
  }

  const sandbox::Host &host() const { return host_; }

  /// As an agent starts it, with every limit that this host has. What an agent removes after the
  /// end (control groups, the log) is not measured.
  llvm::Expected<Cost> run() {
    sandbox::Spec spec;
    spec.id = "bench-" + std::to_string(::getpid());
    spec.argv = {kTrue};
    spec.environment = {"PATH=/usr/bin"};
    spec.memory_bytes = host_.can("limit.memory") ? 64 << 20 : 0;
    spec.cpu_millicores = host_.can("limit.cpu") ? 1000 : 0;
    spec.pids = host_.can("limit.pids") ? 512 : 0;
    spec.log_path = directory_ + "/run/log";
    spec.exit_path = directory_ + "/run/exit";
    const double cpu = cpu_milliseconds();
    const auto begin = std::chrono::steady_clock::now();
    auto started = sandbox::start(spec, host_);
    if (!started)
      return started.takeError();
    const bool over = sandbox::finished(started->pidfd, 10000);
    const Cost cost = {milliseconds_since(begin), cpu_milliseconds() - cpu};
    ::close(started->pidfd);
    const auto how = sandbox::ended(spec.exit_path);
    sandbox::clean(spec.id, host_);
    std::filesystem::remove_all(directory_ + "/run");
    if (!over || !how || how->exit_code != 0)
      return failure("a sandboxed {} failed", kTrue);
    return cost;
  }

private:
  explicit Sandboxes(std::string directory)
      : directory_(std::move(directory)), host_(sandbox::probe(directory_)) {}
  std::string directory_;
  sandbox::Host host_;
};

struct Series {
  std::vector<double> wall, cpu;
  void add(const Cost &cost) {
    wall.push_back(cost.wall);
    cpu.push_back(cost.cpu);
  }
};

struct Samples {
  Series bare, ours;
  std::vector<double> bubblewrap; ///< ms
};

llvm::Expected<Samples> measure(Sandboxes &sandboxes, int runs) {
  Samples samples;
  const std::vector<std::string> peer = bubblewrap();
  for (int i = 0; i < runs; ++i) {
    if (interrupted())
      return interruption();
    auto bare = bare_clone();
    if (!bare)
      return bare.takeError();
    auto ours = sandboxes.run();
    if (!ours)
      return ours.takeError();
    samples.bare.add(*bare);
    samples.ours.add(*ours);
    if (peer.empty())
      continue;
    auto other = run_well(peer);
    if (!other)
      return other.takeError();
    samples.bubblewrap.push_back(other->wall_seconds * 1000);
  }
  return samples;
}

} // namespace

int main(int argc, char **argv) {
  Bench bench("sandbox", "start and exit of `true` in a process sandbox, beside a bare clone3 with "
                         "the same namespaces and bubblewrap");
  bench.runs(200);
  return bench.run(argc, argv, [&](Report &report) -> llvm::Error {
    auto sandboxes = Sandboxes::open();
    if (!sandboxes)
      return sandboxes.takeError();
    auto samples = measure(*sandboxes, bench.runs());
    if (!samples)
      return samples.takeError();
    const double bare = median(samples->bare.wall), ours = median(samples->ours.wall);
    report.add({"bare clone3, p50", bare, "ms"});
    report.add({"process sandbox, p50", ours, "ms", 4 * bare, "4 times the bare clone3"});
    report.add({"process sandbox, p99", percentile(samples->ours.wall, 99), "ms"});
    if (samples->bubblewrap.empty()) {
      report.note("bubblewrap is not installed (package bubblewrap): not compared");
    } else {
      const double other = median(samples->bubblewrap);
      report.add({"bubblewrap, p50", other, "ms"});
      report.add({"process sandbox beside bubblewrap, p50", ours, "ms", other, "bubblewrap"});
    }
    // Not of bubblewrap: it does not wait for all that it starts.
    report.add({"bare clone3, processor time, p50", median(samples->bare.cpu), "ms"});
    report.add({"process sandbox, processor time, p50", median(samples->ours.cpu), "ms"});
    for (const sandbox::Ability &ability : sandboxes->host().abilities)
      if (!ability.available)
        report.note(fmt::format("without {}: {}", ability.name, ability.reason));
    return llvm::Error::success();
  });
}
