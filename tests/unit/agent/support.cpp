#include "support.h"

#include <algorithm>
#include <chrono>
#include <csignal>
#include <cstdlib>
#include <fcntl.h>
#include <filesystem>
#include <stdexcept>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <thread>
#include <unistd.h>

#include "protocol/framing/framing.h"

namespace nemo::test {

using namespace std::chrono_literals;

TempDir::TempDir() {
  std::string name = (std::filesystem::temp_directory_path() / "nemo-agent-test-XXXXXX").string();
  if (!::mkdtemp(name.data()))
    throw std::runtime_error("mkdtemp");
  path_ = name;
}

TempDir::~TempDir() {
  std::error_code ignored;
  std::filesystem::remove_all(path_, ignored);
}

bool eventually(const std::function<bool()> &done) {
  const auto deadline = std::chrono::steady_clock::now() + 20s;
  while (!done()) {
    if (std::chrono::steady_clock::now() > deadline)
      return false;
    std::this_thread::sleep_for(10ms);
  }
  return true;
}

Connection::Connection(const std::string &socket) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  socket.copy(address.sun_path, sizeof address.sun_path - 1);
  const bool connected = eventually([&] {
    fd_ = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (::connect(fd_, reinterpret_cast<sockaddr *>(&address), sizeof address) == 0)
      return true;
    ::close(fd_);
    fd_ = -1;
    return false;
  });
  if (!connected)
    throw std::runtime_error("nobody answers on " + socket);
}

Connection::~Connection() {
  if (fd_ >= 0)
    ::close(fd_);
}

void Connection::send(const proto::BackendRequest &request) {
  if (auto error = framing::write_frame(fd_, request))
    throw std::runtime_error(llvm::toString(std::move(error)));
}

void Connection::send_bytes(const std::string &bytes) {
  size_t done = 0;
  while (done < bytes.size()) {
    const ssize_t count = ::send(fd_, bytes.data() + done, bytes.size() - done, MSG_NOSIGNAL);
    if (count <= 0)
      return; // the other side has hung up: the test looks at what it said
    done += static_cast<size_t>(count);
  }
}

std::optional<proto::BackendResponse> Connection::receive() {
  proto::BackendResponse response;
  auto got = framing::read_frame(fd_, pending_, response);
  if (!got) {
    llvm::consumeError(got.takeError());
    return std::nullopt;
  }
  return *got ? std::optional(response) : std::nullopt;
}

proto::BackendResponse Connection::ask(const proto::BackendRequest &request) {
  send(request);
  auto response = receive();
  if (!response)
    throw std::runtime_error("the agent hung up");
  return *response;
}

AgentProcess::AgentProcess(const std::string &state) : state_(state) { start(); }

AgentProcess::~AgentProcess() {
  if (pid_ < 0)
    start();
  const proto::Fleet fleet = observe(); // named: the loop would not keep it
  for (const proto::PartState &there : fleet.parts()) {
    proto::BackendRequest lift;
    proto::DeliverCall &call = *lift.mutable_deliver();
    *call.mutable_part() = there.part();
    call.set_expected_generation(there.generation());
    for (proto::Instance &instance : *call.mutable_part()->mutable_instances())
      if (instance.protect()) {
        instance.set_protect(false);
        call.add_unprotect(instance.workload());
      }
    if (!call.unprotect().empty())
      connect().ask(lift);
    proto::Part empty;
    empty.set_stack(there.part().stack());
    empty.set_source(there.part().source());
    deliver(empty);
  }
  eventually([&] { return observe().running().empty(); });
  terminate();
}

void AgentProcess::start() {
  const char *binaries = std::getenv("NEMO_BINARY_DIR");
  const std::string program = std::string(binaries ? binaries : NEMO_BUILD_DIR) + "/bin/nemo-agent";
  pid_ = ::fork();
  if (pid_ == 0) {
    const int out = ::open((state_ + ".out").c_str(), O_WRONLY | O_CREAT | O_APPEND, 0600);
    ::dup2(out, 1);
    ::dup2(out, 2);
    ::execl(program.c_str(), program.c_str(), "--state", state_.c_str(), "--socket",
            socket().c_str(), nullptr);
    ::_exit(127);
  }
}

int AgentProcess::wait() {
  int status = 0;
  ::waitpid(std::exchange(pid_, -1), &status, 0);
  return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

void AgentProcess::kill9() {
  ::kill(pid_, SIGKILL);
  wait();
}

int AgentProcess::terminate() {
  ::kill(pid_, SIGTERM);
  return wait();
}

proto::Fleet AgentProcess::observe() const {
  proto::BackendRequest request;
  request.set_version(1);
  request.mutable_observe();
  return connect().ask(request).fleet();
}

proto::BackendResponse AgentProcess::deliver(const proto::Part &part, bool take_over,
                                             std::optional<uint64_t> expected) const {
  uint64_t generation = 0;
  const proto::Fleet fleet = observe();
  for (const proto::PartState &there : fleet.parts())
    if (there.part().stack() == part.stack())
      generation = there.generation();
  proto::BackendRequest request;
  request.set_version(1);
  *request.mutable_deliver()->mutable_part() = part;
  request.mutable_deliver()->set_expected_generation(expected.value_or(generation));
  request.mutable_deliver()->set_take_over(take_over);
  request.mutable_deliver()->set_holder("test, pid " + std::to_string(::getpid()));
  return connect().ask(request);
}

proto::Running AgentProcess::until(const std::string &workload,
                                   const std::function<bool(const proto::Running &)> &done) const {
  std::optional<proto::Running> last;
  const bool came = eventually([&] {
    last = find(observe(), workload);
    return last && done(*last);
  });
  if (!came)
    throw std::runtime_error(
        workload + " did not come to what was waited for; last: " +
        (last ? std::to_string(last->state()) + " " + last->reason() : "not there"));
  return *last;
}

proto::Running AgentProcess::until(const std::string &workload, proto::Running::State state) const {
  return until(workload, [&](const proto::Running &running) { return running.state() == state; });
}

std::vector<std::string> AgentProcess::log(const std::string &stack,
                                           const std::string &workload) const {
  proto::BackendRequest request;
  request.set_version(1);
  request.mutable_logs()->set_stack(stack);
  request.mutable_logs()->set_workload(workload);
  Connection connection = connect();
  connection.send(request);
  std::vector<std::string> lines;
  while (auto response = connection.receive()) {
    if (!response->has_log())
      break;
    lines.push_back(response->log().text());
  }
  return lines;
}

std::optional<proto::Running> find(const proto::Fleet &fleet, const std::string &workload,
                                   const std::string &revision) {
  for (const proto::Running &running : fleet.running())
    if (running.workload() == workload && (revision.empty() || running.revision() == revision))
      return running;
  return std::nullopt;
}

proto::Part part() {
  proto::Part part;
  part.set_stack("t");
  part.set_source("test");
  return part;
}

proto::Instance *add(proto::Part &part, const std::string &workload, const std::string &revision,
                     const std::string &script) {
  proto::Instance *instance = part.add_instances();
  instance->set_workload(workload);
  instance->set_revision(revision);
  proto::Spec *spec = instance->mutable_spec();
  for (const char *word : {"/bin/sh", "-c"})
    spec->add_exec(word);
  spec->add_exec(script);
  spec->set_sandbox("process");
  spec->set_network("host");
  spec->set_stop_grace_ms(2000);
  spec->mutable_restart()->set_backoff_ms(100);
  spec->mutable_restart()->set_backoff_max_ms(1000);
  return instance;
}

bool can_sandbox(const proto::Fleet &fleet) {
  if (fleet.nodes_size() != 1)
    return false;
  const auto &kinds = fleet.nodes(0).sandboxes();
  return std::find(kinds.begin(), kinds.end(), "process") != kinds.end();
}

} // namespace nemo::test
