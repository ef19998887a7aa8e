// A node dies that runs a stateless service, and `nemo controller` sees to it that it answers
// elsewhere: from the SIGKILL of everything on the node until somebody gets an answer again.
// Nothing is told to the broker by who dies: each node's link goes with its processes.
#include <csignal>
#include <filesystem>
#include <fstream>
#include <netinet/in.h>
#include <set>
#include <sys/socket.h>
#include <thread>
#include <unistd.h>

#include "llvm/Support/JSON.h"

#include "base/error.h"
#include "base/files.h"
#include "base/subprocess.h"
#include "bench/machines/machines.h"
#include "bench/support/statistics.h"

using namespace nemo;
using namespace nemo::bench;
using namespace std::chrono_literals;

namespace {

constexpr double most_p50_ms = 1'500, most_p99_ms = 3'000;
constexpr auto to_settle = 60s;

/// The service listens on one port wherever it runs, as all nodes share this machine's network.
bool answers(int port) {
  const int fd = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in at{};
  at.sin_family = AF_INET;
  at.sin_port = htons(static_cast<uint16_t>(port));
  at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  const timeval patience{1, 0};
  ::setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
  constexpr char question[] = "GET / HTTP/1.0\r\n\r\n";
  char answer[64];
  const bool good = ::connect(fd, reinterpret_cast<const sockaddr *>(&at), sizeof at) == 0 &&
                    ::send(fd, question, sizeof question - 1, MSG_NOSIGNAL) > 0 &&
                    ::recv(fd, answer, sizeof answer, 0) > 12 &&
                    llvm::StringRef(answer, 7) == "HTTP/1.";
  ::close(fd);
  return good;
}

llvm::Expected<std::string> write_repository(const Fleet &fleet, int port) {
  const std::string folder = fleet.directory() + "/repository";
  std::filesystem::create_directories(folder);
  std::ofstream(folder + "/web.nemo") << fmt::format(R"(nemo = 1
stack = "web"
workload web {{
  exec      = ["/bin/sh", "-c", "exec /bin/busybox httpd -f -p 127.0.0.1:$PORT -h /etc"]
  resources {{ cpu = 0.05core; memory = 32MiB }}
  ports     {{ http = {} }}
}}
)",
                                                     port);
  for (const std::vector<std::string> &words :
       {std::vector<std::string>{"init", "-q", "-b", "main"},
        {"add", "-A"},
        {"-c", "user.name=bench", "-c", "user.email=bench@example", "commit", "-q", "-m", "web"}}) {
    std::vector<std::string> argv{"git", "-C", folder};
    argv.insert(argv.end(), words.begin(), words.end());
    if (auto run = run_well(argv); !run)
      return run.takeError();
  }
  return folder;
}

/// What the controller has said so far.
struct Story {
  std::set<std::string> alive;
  bool settled = false;
};

Story read(const std::string &path) {
  Story story;
  std::ifstream file(path);
  for (std::string line; std::getline(file, line);) {
    auto json = llvm::json::parse(line);
    const llvm::json::Object *one = json ? json->getAsObject() : nullptr;
    if (!json)
      llvm::consumeError(json.takeError());
    if (one == nullptr)
      continue;
    const auto event = one->getString("event").value_or("");
    story.settled |= event == "settled";
    if (event == "node" && one->getString("state").value_or("") == "alive")
      story.alive.insert(one->getString("node").value_or("").str());
  }
  return story;
}

std::string story_of(const std::string &path) {
  std::string text;
  for (const std::string &one : {path, path + ".err"})
    if (auto part = read_file(one, 1u << 20))
      text += *part;
    else
      llvm::consumeError(part.takeError());
  return text;
}

/// Everything of the node: its agent, what speaks for it, and what it runs, with the supervisors.
llvm::Expected<bool> kill_if_it_runs(const Fleet &fleet, const std::string &node) {
  auto status = fleet.nemo(node, {"status", "--json"});
  if (!status)
    return status.takeError();
  auto json = llvm::json::parse(status->out);
  if (!json)
    return json.takeError();
  std::set<pid_t> victims;
  if (const llvm::json::Array *workloads = json->getAsObject()->getArray("workloads"))
    for (const llvm::json::Value &one : *workloads)
      if (const pid_t pid = static_cast<pid_t>(one.getAsObject()->getInteger("pid").value_or(0))) {
        victims.insert(pid);
        // Its supervisor, whose child it is.
        std::ifstream stat(fmt::format("/proc/{}/stat", pid));
        std::string text;
        std::getline(stat, text);
        pid_t parent = 0;
        if (std::sscanf(text.c_str() + std::min(text.rfind(')'), text.size() - 1), ") %*c %d",
                        &parent) == 1 &&
            parent > 1)
          victims.insert(parent);
      }
  if (victims.empty())
    return false;
  auto own = fleet.processes(node);
  if (!own)
    return own.takeError();
  victims.insert(own->begin(), own->end());
  for (const pid_t pid : victims)
    ::kill(pid, SIGKILL);
  return true;
}

/// One death under a controller that knows of none yet. \returns ms until it answers again.
llvm::Expected<double> measure(const Fleet &fleet, const std::string &repository, int port,
                               int run) {
  const std::string said = fmt::format("{}/controller-{}", fleet.directory(), run);
  std::vector<std::string> argv{"/bin/sh",
                                "-c",
                                "exec \"$0\" controller --repo \"$1\" --branch main --policy auto "
                                "--backend fleet --json >\"$2\" 2>\"$2.err\"",
                                fleet.program(),
                                repository,
                                said};
  auto controller = Subprocess::start(argv, {false, false, fleet.environment("")});
  if (!controller)
    return controller.takeError();
  if (!eventually(to_settle, [&] {
        std::this_thread::sleep_for(100ms);
        const Story story = read(said);
        return story.settled && story.alive.size() == fleet.nodes().size() && answers(port);
      }))
    return failure("the controller did not settle:\n{}", story_of(said));
  std::this_thread::sleep_for(3s); // heartbeats have shown how regular they are
  std::string lost;
  for (const std::string &node : fleet.nodes()) {
    auto killed = kill_if_it_runs(fleet, node);
    if (!killed)
      return killed.takeError();
    if (*killed) {
      lost = node;
      break;
    }
  }
  const auto begin = std::chrono::steady_clock::now();
  if (lost.empty())
    return failure("the service runs nowhere");
  // What a supervisor's end takes with it goes a moment later.
  if (!eventually(1s, [&] { return !answers(port); }))
    return failure("{} was killed, and what it ran answers still", lost);
  if (!eventually(60s, [&] { return answers(port); }))
    return failure("after {} died nobody answers:\n{}", lost, story_of(said));
  const double took =
      std::chrono::duration<double, std::milli>(std::chrono::steady_clock::now() - begin).count();
  // For the next one: what it ran before cannot listen while the other does, and is taken away.
  if (auto back = fleet.nemo(lost, {"agent", "start"}); !back)
    return back.takeError();
  return took;
}

} // namespace

int main(int argc, char **argv) {
  int nodes = 3;
  Bench bench("failover", "a node dies, and what it ran answers elsewhere");
  bench.runs(20).number("--nodes", nodes, "How many there are");
  return bench.run(argc, argv, [&](Report &report) -> llvm::Error {
    if (::access("/bin/busybox", X_OK) != 0)
      return failure("the service is busybox's httpd, and /bin/busybox is not installed");
    auto fleet = Fleet::make(bench);
    if (!fleet)
      return fleet.takeError();
    for (int node = 0; node < nodes; ++node)
      if (auto error = (*fleet)->add(fmt::format("n{}", node)))
        return error;
    (*fleet)->runs("web");
    const int port = 30'000 + static_cast<int>(::getpid() % 2'000);
    auto repository = write_repository(**fleet, port);
    if (!repository)
      return repository.takeError();
    std::vector<double> milliseconds;
    for (int run = 0; run < bench.runs(); ++run) {
      if (interrupted())
        return interruption();
      auto took = measure(**fleet, *repository, port, run);
      if (!took)
        return took.takeError();
      milliseconds.push_back(*took);
    }
    const std::string what =
        fmt::format("node killed, of {}, until its service answers elsewhere", nodes);
    report.add({what + ", p50", percentile(milliseconds, 50), "ms", most_p50_ms});
    report.add({what + ", p99", percentile(milliseconds, 99), "ms", most_p99_ms});
    report.add({"the longest of " + std::to_string(milliseconds.size()),
                percentile(milliseconds, 100), "ms"});
    report.note("One controller, one broker, which is on none of the nodes that die.");
    return llvm::Error::success();
  });
}
