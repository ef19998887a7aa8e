// A fleet with two controllers: the one that leads is killed as a commit comes, and the other has
// to notice, lead, plan and deliver. From the kill until the last node has confirmed.
#include <csignal>
#include <filesystem>
#include <fstream>
#include <poll.h>
#include <thread>
#include <unistd.h>

#include "llvm/Support/JSON.h"

#include "base/error.h"
#include "base/subprocess.h"
#include "bench/machines/machines.h"
#include "bench/support/statistics.h"

using namespace nemo;
using namespace nemo::bench;

namespace {

using namespace std::chrono_literals;
using Clock = std::chrono::steady_clock;

constexpr double most_ms = 3'000;
constexpr auto patience = 60s;

/// `nemo controller` on a machine, whose events are read a line at a time.
class Controller {
public:
  static llvm::Expected<Controller> start(const Fleet &fleet, const std::string &machine,
                                          const std::string &repository) {
    Subprocess::Options options;
    options.pipe_stdout = true;
    options.environment = fleet.environment(machine);
    auto process =
        Subprocess::start({fleet.program(), "controller", "--repo", repository, "--branch", "main",
                           "--policy", "auto", "--backend", "fleet", "--json"},
                          options);
    if (!process)
      return process.takeError();
    return Controller(std::move(*process));
  }

  void kill() const { ::kill(process_.pid(), SIGKILL); }

  /// Reads on until an event of that name with which `is` agrees.
  llvm::Error await(llvm::StringRef name, llvm::function_ref<bool(const llvm::json::Object &)> is) {
    const auto until = Clock::now() + patience;
    while (Clock::now() < until) {
      if (interrupted())
        return interruption();
      if (const size_t end = text_.find('\n'); end != std::string::npos) {
        auto json = llvm::json::parse(llvm::StringRef(text_).take_front(end));
        text_.erase(0, end + 1);
        if (!json)
          return json.takeError();
        const llvm::json::Object &event = *json->getAsObject();
        if (event.getString("event") == name && is(event))
          return llvm::Error::success();
        continue;
      }
      pollfd out{process_.stdout_fd(), POLLIN, 0};
      if (::poll(&out, 1, 100) <= 0)
        continue;
      char buffer[4096];
      const ssize_t count = ::read(process_.stdout_fd(), buffer, sizeof buffer);
      if (count <= 0)
        return failure("a controller has ended");
      text_.append(buffer, static_cast<size_t>(count));
    }
    return failure("a controller did not say '{}' within {} s", name.str(), patience.count());
  }

private:
  explicit Controller(Subprocess process) : process_(std::move(process)) {}
  Subprocess process_;
  std::string text_;
};

bool any(const llvm::json::Object &) { return true; }

llvm::Error git(const std::string &repository, std::vector<std::string> words) {
  std::vector<std::string> argv{"git",         "-C", repository,      "-c",
                                "user.name=b", "-c", "user.email=b@b"};
  argv.insert(argv.end(), words.begin(), words.end());
  return run_well(argv).takeError();
}

llvm::Error commit(const Fleet &fleet, const std::string &repository, int replicas) {
  auto folder = fleet.write_intent(replicas);
  if (!folder)
    return folder.takeError();
  if (auto error = git(repository, {"add", "-A"}))
    return error;
  return git(repository, {"commit", "-q", "-m", fmt::format("{} of them", replicas)});
}

llvm::Error measure(const Fleet &fleet, int nodes, int runs, Report &report) {
  auto folder = fleet.write_intent(nodes);
  if (!folder)
    return folder.takeError();
  if (auto error = git(*folder, {"init", "-q", "-b", "main"}))
    return error;
  if (auto error = commit(fleet, *folder, nodes))
    return error;
  const std::string machines[] = {"ann", "bob"};
  auto leader = Controller::start(fleet, machines[0], *folder);
  if (!leader)
    return leader.takeError();
  if (auto error = leader->await("settled", any))
    return error;
  std::vector<double> leading, delivered;
  for (int run = 0; run < runs; ++run) {
    auto other = Controller::start(fleet, machines[(run + 1) % 2], *folder);
    if (!other)
      return other.takeError();
    if (auto error = other->await("lead", [](const llvm::json::Object &event) {
          return event.getString("leader").has_value();
        }))
      return error;
    std::this_thread::sleep_for(std::chrono::milliseconds(1'000 + run * 83 % 500)); // any phase
    // One replica more or fewer: the commit is there before the kill, and the leader is not.
    const int replicas = nodes - 1 + run % 2;
    const auto killed = Clock::now();
    leader->kill();
    if (auto error = commit(fleet, *folder, replicas))
      return error;
    auto since = [&] {
      return std::chrono::duration<double, std::milli>(Clock::now() - killed).count();
    };
    if (auto error = other->await("lead", [](const llvm::json::Object &event) {
          return event.getBoolean("leading").value_or(false);
        }))
      return error;
    leading.push_back(since());
    if (auto error = other->await("delivered", any))
      return error;
    delivered.push_back(since());
    if (auto error = other->await("settled", any))
      return error;
    *leader = std::move(*other);
  }
  report.add({"controller killed, the other leads, p50", percentile(leading, 50), "ms"});
  report.add({"the same, p99", percentile(leading, 99), "ms"});
  report.add({"controller killed, the next plan delivered, p50", percentile(delivered, 50), "ms",
              most_ms});
  report.add({"the same, p99", percentile(delivered, 99), "ms", most_ms});
  return llvm::Error::success();
}

} // namespace

int main(int argc, char **argv) {
  int nodes = 3;
  Bench bench("lead", "how long a fleet is without a controller when the one that leads is killed");
  bench.runs(20).number("--nodes", nodes, "How many there are");
  return bench.run(argc, argv, [&](Report &report) -> llvm::Error {
    auto fleet = Fleet::make(bench);
    if (!fleet)
      return fleet.takeError();
    for (int node = 0; node < nodes; ++node)
      if (auto error = (*fleet)->add(fmt::format("n{}", node)))
        return error;
    for (const char *machine : {"ann", "bob"})
      if (auto error = (*fleet)->add(machine, "operator"))
        return error;
    auto measured = measure(**fleet, nodes, bench.runs(), report);
    llvm::consumeError(
        (*fleet)
            ->nemo("", {"destroy", "--stack", "sleepers", "--backend", "fleet", "--yes"})
            .takeError());
    return measured;
  });
}
