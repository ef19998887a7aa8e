#include "bench/machines/machines.h"

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <thread>
#include <unistd.h>

#include "llvm/Support/JSON.h"

#include "base/error.h"

namespace nemo::bench {

llvm::Expected<std::unique_ptr<Fleet>> Fleet::make(const Bench &bench) {
  char place[] = "/tmp/nemo-bench-XXXXXX";
  if (!::mkdtemp(place))
    return failure("no temporary directory");
  std::unique_ptr<Fleet> fleet(new Fleet(bench, place));
  fleet->port_ = 20'000 + static_cast<int>(::getpid() % 10'000);
  if (auto done = fleet->nemo("", {"fleet", "init", "bench.example", "--listen",
                                   fmt::format("127.0.0.1:{}", fleet->port_)});
      !done)
    return done.takeError();
  return fleet;
}

Fleet::~Fleet() {
  for (const std::string &node : nodes_) {
    for (const std::string &stack : stacks_)
      llvm::consumeError(
          nemo(node, {"destroy", "--stack", stack, "--yes", "--timeout", "20s"}).takeError());
    llvm::consumeError(nemo(node, {"agent", "stop"}).takeError());
  }
  llvm::consumeError(nemo("", {"fleet", "stop"}).takeError());
  std::error_code ignored;
  std::filesystem::remove_all(directory_, ignored);
}

std::vector<std::string> Fleet::environment(const std::string &machine) const {
  return {"XDG_STATE_HOME=" + state(machine), "XDG_RUNTIME_DIR=", "NO_COLOR=1",
          "HOME=" + directory_};
}

llvm::Expected<ChildRun> Fleet::nemo(const std::string &machine,
                                     std::vector<std::string> words) const {
  words.insert(words.begin(), program_);
  return run_well(words, {environment(machine), /*keep_stdout=*/true});
}

llvm::Error Fleet::add(const std::string &machine, const std::string &role,
                       const std::vector<std::string> &more) {
  std::vector<std::string> words{"fleet", "invite", machine, "--json", "--role", role};
  if (role == "node")
    words.insert(words.end(), {"--site", "site-" + machine});
  auto invited = nemo("", words);
  if (!invited)
    return invited.takeError();
  auto json = llvm::json::parse(invited->out);
  if (!json)
    return json.takeError();
  const llvm::json::Object &said = *json->getAsObject();
  const std::string token = directory_ + "/token";
  std::ofstream(token) << said.getString("token")->str();
  if (role == "node")
    nodes_.push_back(machine);
  words = {"fleet", "join", said.getString("authority")->str(), "--token-file", token};
  words.insert(words.end(), more.begin(), more.end());
  return nemo(machine, words).takeError();
}

llvm::Expected<std::vector<pid_t>> Fleet::processes(const std::string &node) const {
  auto status = nemo(node, {"agent", "status", "--json"});
  if (!status)
    return status.takeError();
  auto json = llvm::json::parse(status->out);
  if (!json)
    return json.takeError();
  const auto agent = static_cast<pid_t>(json->getAsObject()->getInteger("pid").value_or(0));
  std::vector<pid_t> all{agent};
  std::ifstream children(fmt::format("/proc/{0}/task/{0}/children", agent));
  for (pid_t child = 0; children >> child;)
    all.push_back(child);
  return all;
}

llvm::Expected<pid_t> Fleet::broker_pid() const {
  auto status = nemo("", {"fleet", "status", "--json"});
  if (!status)
    return status.takeError();
  auto json = llvm::json::parse(status->out);
  if (!json)
    return json.takeError();
  return static_cast<pid_t>(json->getAsObject()->getInteger("broker_pid").value_or(0));
}

llvm::Expected<std::string> Fleet::write_intent(int replicas) const {
  const std::string folder = directory_ + "/intent";
  std::filesystem::create_directories(folder);
  std::ofstream(folder + "/sleepers.nemo") << fmt::format(R"(nemo = 1
stack = "sleepers"
workload sleeper {{
  exec      = ["/bin/sleep", "infinity"]
  replicas  = {}
  resources {{ cpu = 0.01core; memory = 8MiB }}
  place     {{ spread = node }}
}}
)",
                                                          replicas);
  return folder;
}

bool eventually(std::chrono::seconds within, const std::function<bool()> &there) {
  const auto until = std::chrono::steady_clock::now() + within;
  while (!there()) {
    if (interrupted() || std::chrono::steady_clock::now() > until)
      return false;
    std::this_thread::sleep_for(std::chrono::milliseconds(2));
  }
  return true;
}

} // namespace nemo::bench
