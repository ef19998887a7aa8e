// What services notice of their agent's death: nothing. The agent is killed (SIGKILL) while twenty
// services answer a stream of requests, and is started again at once, as a service manager does;
// the time runs from the kill until the new agent answers that all of them run, with the pids they
// had. Services: this program itself, as `bench-adopt serve`, on $PORT.
#include <atomic>
#include <chrono>
#include <csignal>
#include <map>
#include <thread>

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/error.h"
#include "bench/support/bench.h"
#include "bench/support/statistics.h"
#include "bench/world/world.h"

using namespace nemo;
using namespace nemo::bench;
using Clock = std::chrono::steady_clock;

namespace {

constexpr int services = 20;
constexpr double most_ms = 100;
constexpr auto patience = std::chrono::seconds(20);

sockaddr_in loopback(uint16_t port) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  return address;
}

/// A web server that says "ok" to everybody, one at a time, for ever.
int serve() {
  const char *port = std::getenv("PORT");
  const sockaddr_in address = loopback(static_cast<uint16_t>(std::atoi(port ? port : "0")));
  const int listener = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  const int on = 1;
  ::setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  if (::bind(listener, reinterpret_cast<const sockaddr *>(&address), sizeof address) != 0 ||
      ::listen(listener, 128) != 0)
    return 1;
  for (;;) {
    const int client = ::accept4(listener, nullptr, nullptr, SOCK_CLOEXEC);
    if (client < 0)
      continue;
    std::string request;
    char chunk[1024];
    ssize_t n = 0;
    while (request.find("\r\n\r\n") == std::string::npos &&
           (n = ::read(client, chunk, sizeof chunk)) > 0)
      request.append(chunk, static_cast<size_t>(n));
    constexpr llvm::StringRef answer = "HTTP/1.1 200 OK\r\nContent-Length: 3\r\nConnection: "
                                       "close\r\n\r\nok\n";
    (void)!::write(client, answer.data(), answer.size());
    ::close(client);
  }
}

/// One request; whether the whole right answer came within a second.
bool fetch(uint16_t port) {
  const sockaddr_in address = loopback(port);
  const int fd = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  const timeval second = {1, 0};
  ::setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &second, sizeof second);
  ::setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &second, sizeof second);
  constexpr llvm::StringRef request = "GET / HTTP/1.1\r\nHost: localhost\r\n\r\n";
  std::string answer;
  if (::connect(fd, reinterpret_cast<const sockaddr *>(&address), sizeof address) == 0 &&
      ::write(fd, request.data(), request.size()) == static_cast<ssize_t>(request.size())) {
    char chunk[1024];
    for (ssize_t n = 0; (n = ::read(fd, chunk, sizeof chunk)) > 0;)
      answer.append(chunk, static_cast<size_t>(n));
  }
  ::close(fd);
  return llvm::StringRef(answer).startswith("HTTP/1.1 200 ") &&
         llvm::StringRef(answer).endswith("ok\n");
}

/// Asks all services in turn, some five hundred times a second, until it is destroyed.
class Load {
public:
  explicit Load(std::vector<uint16_t> ports)
      : ports_(std::move(ports)), thread_([this] { run(); }) {}
  ~Load() {
    stop_ = true;
    thread_.join();
  }
  uint64_t asked() const { return asked_; }
  uint64_t failed() const { return failed_; }

private:
  void run() {
    for (size_t i = 0; !stop_; ++i) {
      if (!fetch(ports_[i % ports_.size()]))
        ++failed_;
      ++asked_;
      std::this_thread::sleep_for(std::chrono::milliseconds(2));
    }
  }
  std::vector<uint16_t> ports_;
  std::atomic<bool> stop_ = false;
  std::atomic<uint64_t> asked_ = 0, failed_ = 0;
  std::thread thread_;
};

struct Service {
  int64_t pid = 0;
  uint32_t restarts = 0;
  uint16_t port = 0;
};

/// Those that run, by replica.
std::map<uint32_t, Service> running(const proto::Fleet &fleet) {
  std::map<uint32_t, Service> result;
  for (const proto::Running &one : fleet.running()) {
    Service service{one.pid(), one.restarts(), 0};
    for (const proto::Address &address : one.addresses())
      llvm::StringRef(address.address()).rsplit(':').second.getAsInteger(10, service.port);
    if (one.state() == proto::Running::RUNNING)
      result[one.replica()] = service;
  }
  return result;
}

/// Asks the agent until all services run. Nothing else is waited for in between: an agent that does
/// not listen yet refuses at once.
llvm::Expected<std::map<uint32_t, Service>> await_all(const World &world) {
  const auto deadline = Clock::now() + patience;
  std::string last = "the agent does not answer";
  while (Clock::now() < deadline && !interrupted()) {
    if (auto fleet = world.observe()) {
      auto found = running(*fleet);
      if (found.size() == services)
        return found;
      last = fmt::format("{} of {} services run", found.size(), services);
    } else {
      llvm::consumeError(fleet.takeError());
    }
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
  }
  return interrupted() ? interruption() : failure("after {} s {}", patience.count(), last);
}

llvm::Error apply_services(const Bench &bench, World &world) {
  const std::string programs = llvm::StringRef(bench.program("x")).rsplit('/').first.str();
  auto intent = world.write_intent("served", fmt::format(R"(workload web {{
  exec      = ["/bench/bench-adopt", "serve"]
  replicas  = {}
  resources {{ cpu = 0.05core; memory = 16MiB }}
  ports     {{ http = auto }}
  mount     {{ source = "{}"; target = "/bench" }}
  health    {{ http = "/"; every = 1s; timeout = 1s }}
}}
)",
                                                         services, programs));
  if (!intent)
    return intent.takeError();
  auto applied = world.nemo({"apply", *intent, "--yes"});
  return applied ? llvm::Error::success() : applied.takeError();
}

} // namespace

int main(int argc, char **argv) {
  if (argc == 2 && llvm::StringRef(argv[1]) == "serve")
    return serve();
  Bench bench("adopt", fmt::format("the agent dies under {} busy services, and the next one takes "
                                   "them over",
                                   services));
  bench.runs(20);
  return bench.run(argc, argv, [&](Report &report) -> llvm::Error {
    auto made = World::make(bench);
    if (!made)
      return made.takeError();
    World &world = **made;
    if (auto error = apply_services(bench, world))
      return error;
    auto before = await_all(world);
    if (!before)
      return before.takeError();
    std::vector<uint16_t> ports;
    for (const auto &[replica, service] : *before)
      ports.push_back(service.port);
    Load load(ports);
    std::vector<double> from_kill, from_exec;
    uint64_t changed = 0;
    for (int i = 0; i < bench.runs(); ++i) {
      std::this_thread::sleep_for(std::chrono::milliseconds(300));
      if (interrupted())
        return interruption();
      const auto killed = Clock::now();
      if (auto error = world.kill_agent())
        return error;
      const auto began = Clock::now();
      if (auto error = world.start_agent())
        return error;
      auto after = await_all(world);
      if (!after)
        return after.takeError();
      const auto adopted = Clock::now();
      from_kill.push_back(std::chrono::duration<double, std::milli>(adopted - killed).count());
      from_exec.push_back(std::chrono::duration<double, std::milli>(adopted - began).count());
      for (const auto &[replica, service] : *before)
        changed +=
            (*after)[replica].pid != service.pid || (*after)[replica].restarts != service.restarts;
    }
    std::this_thread::sleep_for(std::chrono::seconds(1)); // what would fail late
    const std::string all = fmt::format("all {} adopted", services);
    report.add({"kill to " + all + ", p50", median(from_kill), "ms"});
    report.add({"kill to " + all + ", worst", percentile(from_kill, 100), "ms", most_ms});
    report.add({"exec of the new agent to " + all + ", p50", median(from_exec), "ms"});
    report.add({"services restarted", static_cast<double>(changed), "", 0});
    report.add({fmt::format("requests failed, of {}", load.asked()),
                static_cast<double>(load.failed()), "", 0});
    return llvm::Error::success();
  });
}
