#include "world.h"

#include <chrono>
#include <csignal>
#include <cstdlib>
#include <fcntl.h>
#include <filesystem>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <thread>
#include <unistd.h>

#include "llvm/Support/JSON.h"

#include "backends/wire/refusal.h"
#include "base/membership.h"
#include "protocol/link/subjects.h"
#include "protocol/trust/bundle.h"

namespace nemo::test {

using namespace trust;

bool eventually(const std::function<bool()> &done) {
  const auto deadline = std::chrono::steady_clock::now() + 30s;
  while (!done()) {
    if (std::chrono::steady_clock::now() > deadline)
      return false;
    std::this_thread::sleep_for(20ms);
  }
  return true;
}

Process::Process(std::vector<std::string> argv, std::string output)
    : argv_(std::move(argv)), output_(std::move(output)) {
  start();
}

void Process::start() {
  pid_ = ::fork();
  if (pid_ != 0)
    return;
  const int out = ::open(output_.c_str(), O_WRONLY | O_CREAT | O_APPEND, 0600);
  ::dup2(out, 1);
  ::dup2(out, 2);
  std::vector<char *> words;
  for (std::string &one : argv_)
    words.push_back(one.data());
  words.push_back(nullptr);
  ::execv(words.front(), words.data());
  ::_exit(127);
}

void Process::kill9() {
  if (pid_ < 0)
    return;
  ::kill(pid_, SIGKILL);
  ::waitpid(std::exchange(pid_, -1), nullptr, 0);
}

void Process::terminate() {
  if (pid_ < 0)
    return;
  ::kill(pid_, SIGTERM);
  ::waitpid(std::exchange(pid_, -1), nullptr, 0);
}

namespace {

int free_port() {
  const int fd = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof address;
  REQUIRE(::bind(fd, reinterpret_cast<sockaddr *>(&address), size) == 0);
  REQUIRE(::getsockname(fd, reinterpret_cast<sockaddr *>(&address), &size) == 0);
  ::close(fd);
  return ntohs(address.sin_port);
}

/// As the broker of a fleet gives them; n1 and n2 are nodes.
std::string node_rights(const std::string &node) {
  return fmt::format(
      R"(permissions: {{ publish: ["$KV.reported.{0}", "$KV.running.{0}", "hb.{0}", "ev.{0}", "_INBOX.operator.>", "_INBOX.viewer.>",
  "_INBOX.controller.>", "$JS.API.DIRECT.GET.KV_desired.$KV.desired.{0}", "$JS.API.DIRECT.GET.KV_running.>",
  "$JS.API.DIRECT.GET.KV_trust.>"],
  subscribe: ["$KV.desired.{0}", "$KV.running.*", "$KV.trust.>", "ask.{0}", "_INBOX.node.{0}.>"] }})",
      node);
}

std::string user(const SpiffeId &id, const std::string &rights = {}) {
  return fmt::format("    {{ user: \"{}\" {} }}\n", id.text(), rights.empty() ? "" : ", " + rights);
}

} // namespace

Site::Site()
    : op(fleet.member(Role::operator_, "op")), viewer(fleet.member(Role::viewer, "v")),
      ctl(fleet.member(Role::controller, "c")), port_(free_port()) {
  ::signal(SIGPIPE, SIG_IGN);
  configure();
  broker = std::make_unique<Process>(
      std::vector<std::string>{"/usr/sbin/nats-server", "-c", fleet.dir / "broker.conf"},
      fleet.dir / "broker.out");
  thief = good(membership::Member::load(enrol(fleet.member(Role::broker, "thief"))));
  create_streams();
}

/// What agents run ends with them: an empty part for each stack, over the broker.
Site::~Site() {
  try {
    if (!agents_.empty()) {
      auto backend = open(op);
      for (auto &[node, process] : agents_)
        process->terminate(), process->start(); // also those that a test has killed
      const bool empty = eventually([&] {
        auto seen = backend.observe();
        if (!seen) {
          llvm::consumeError(seen.takeError());
          return false;
        }
        for (const proto::PartState &part : seen->parts())
          if (part.part().instances_size() != 0)
            llvm::consumeError(
                backend.deliver(call(part.part().node(), part.part().stack(), part.generation()))
                    .takeError());
        return seen->running().empty() && seen->nodes_size() >= static_cast<int>(agents_.size());
      });
      CHECK(empty);
    }
  } catch (const std::exception &fault) {
    WARN("what this test ran may still run: " << fault.what());
  }
  for (auto &[node, process] : agents_)
    process->terminate();
}

void Site::configure() {
  const Member server = fleet.member(Role::broker, "b1", {membership::broker_name});
  good(server.key.save(fleet.dir / "broker.key"));
  write(fleet.dir / "broker.crt", to_pem(server.chain));
  write(fleet.dir / "roots.pem", to_pem(good(fleet.authority->bundle()).roots));
  std::string text = fmt::format(R"(listen: "127.0.0.1:{}"
max_payload: 8388608
jetstream {{ store_dir: "{}" }}
tls {{ cert_file: "{}", key_file: "{}", ca_file: "{}", verify_and_map: true, timeout: 10 }}
authorization {{
  users: [
)",
                                 port_, fleet.dir / "js", fleet.dir / "broker.crt",
                                 fleet.dir / "broker.key", fleet.dir / "roots.pem");
  for (const char *node : {"n1", "n2"})
    text += user(fleet.id(Role::node, node), node_rights(node));
  text += user(op.id) + user(ctl.id) + user(viewer.id) + user(fleet.id(Role::broker, "thief")) +
          "  ]\n}\n";
  write(fleet.dir / "broker.conf", text);
}

std::string Site::enrol(const Member &member) {
  std::string directory = membership::place(fleet.dir / member.id.name, to_text(member.id.role));
  if (membership::Member::is_there(directory))
    return directory;
  std::filesystem::create_directories(std::filesystem::path(directory).parent_path());
  std::filesystem::permissions(fleet.dir / member.id.name, std::filesystem::perms::owner_all);
  const std::string broker = fmt::format("127.0.0.1:{}", port_);
  good(membership::Member::create(directory, member.id, member.key,
                                  {member.chain, good(fleet.authority->bundle()), {}},
                                  {"127.0.0.1:9", {broker}},
                                  {.site = "",
                                   .node_class = "",
                                   .address = "127.0.0.1",
                                   .peer_listen = "",
                                   .report_ms = 300,
                                   .heartbeat_ms = 200,
                                   .renew_s = 0}));
  if (!member.delegation.empty())
    write(directory + "/" + membership::delegation.str(), member.delegation);
  return directory;
}

std::unique_ptr<link::Connection> Site::stolen() const {
  std::unique_ptr<link::Connection> connection;
  REQUIRE(eventually([&] {
    auto made = link::Connection::open(*thief, {}, 5s);
    if (made)
      connection = std::move(*made);
    else
      UNSCOPED_INFO(llvm::toString(made.takeError()));
    return connection != nullptr;
  }));
  return connection;
}

void Site::create_streams() const {
  const auto connection = stolen();
  auto create = [&](const std::string &name, const std::string &subject, int each) {
    const std::string config = fmt::format(
        R"({{"name":"{0}","subjects":["{1}"],"retention":"limits","storage":"file",)"
        R"("max_msgs_per_subject":{2},"allow_direct":true,"num_replicas":1,)"
        R"("discard":"old","max_consumers":-1,"max_msgs":-1,"max_bytes":-1,"max_age":0}})",
        name, subject, each);
    const auto answer = good(connection->request("$JS.API.STREAM.CREATE." + name, config, {}, 10s));
    INFO(answer.data);
    REQUIRE(answer.data.find("\"error\"") == std::string::npos);
  };
  create("KV_desired", "$KV.desired.>", 1);
  create("KV_reported", "$KV.reported.>", 1);
  create("KV_running", "$KV.running.>", 1);
  create("KV_trust", "$KV.trust.>", 1);
  create("KV_control", "$KV.control.>", 1);
  create("events", "ev.*", -1);
}

backends::fleet::Backend Site::open(const Member &member) {
  const std::string directory = enrol(member);
  std::optional<backends::fleet::Backend> backend;
  REQUIRE(eventually([&] { // the broker may have been started a moment ago
    auto opened = backends::fleet::Backend::open(directory);
    if (opened)
      backend = std::move(*opened);
    else
      UNSCOPED_INFO(llvm::toString(opened.takeError()));
    return backend.has_value();
  }));
  return std::move(*backend);
}

Process &Site::agent(const std::string &node) {
  auto &process = agents_[node];
  if (!process) {
    enrol(fleet.member(Role::node, node));
    const char *binaries = std::getenv("NEMO_BINARY_DIR");
    REQUIRE(binaries != nullptr);
    process = std::make_unique<Process>(
        std::vector<std::string>{std::string(binaries) + "/bin/nemo-agent", "--state",
                                 fleet.dir / node, "--node", node},
        fleet.dir / (node + ".out"));
  }
  return *process;
}

std::string Site::value(const std::string &subject) const {
  const auto answer = good(stolen()->request(link::direct_get(subject), "", {}, 5s));
  return answer.status.empty() ? answer.data : "";
}

void Site::put(const std::string &subject, const std::string &value) const {
  good(link::read_ack(good(stolen()->request(subject, value, {}, 5s))));
}

std::vector<std::string> Site::stored(const std::string &subject, const std::string &stream) const {
  const auto connection = stolen();
  std::vector<std::string> all;
  for (uint64_t next = 1;;) {
    const auto answer = good(connection->request(
        "$JS.API.DIRECT.GET." + stream,
        fmt::format(R"({{"seq":{},"next_by_subj":"{}"}})", next, subject), {}, 5s));
    if (!answer.status.empty())
      return all;
    next = answer.sequence + 1;
    all.push_back(answer.data);
  }
}

proto::DeliverCall call(const std::string &node, const std::string &stack,
                        uint64_t expected_generation) {
  proto::DeliverCall call;
  call.mutable_part()->set_stack(stack);
  call.mutable_part()->set_node(node);
  call.mutable_part()->set_source("test");
  call.mutable_part()->set_plan_digest(std::string(64, 'a'));
  call.set_expected_generation(expected_generation);
  call.set_holder("test");
  return call;
}

void add(proto::DeliverCall &call, const std::string &workload, const std::string &revision,
         const std::string &script) {
  proto::Instance *instance = call.mutable_part()->add_instances();
  instance->set_workload(workload);
  instance->set_revision(revision);
  proto::Spec *spec = instance->mutable_spec();
  for (const std::string &word : {std::string("/bin/sh"), std::string("-c"), script})
    spec->add_exec(word);
  spec->set_sandbox("process");
  spec->set_network("host");
  spec->set_stop_grace_ms(2000);
  spec->mutable_restart()->set_backoff_ms(100);
  spec->mutable_restart()->set_backoff_max_ms(1000);
}

proto::DeliverCall sleeper(const std::string &node, const std::string &stack,
                           uint64_t expected_generation) {
  proto::DeliverCall made = call(node, stack, expected_generation);
  add(made, "sleeper", "aa00", "exec sleep 1000");
  return made;
}

proto::PartState part_of(const proto::Fleet &fleet, const std::string &node,
                         const std::string &stack) {
  for (const proto::PartState &one : fleet.parts())
    if (one.part().node() == node && one.part().stack() == stack)
      return one;
  return {};
}

proto::BackendError::Code code_of(llvm::Error error) {
  auto code = proto::BackendError::CODE_NONE;
  llvm::handleAllErrors(
      std::move(error), [&](const backends::Refusal &refusal) { code = refusal.error().code(); },
      [](const llvm::ErrorInfoBase &other) { UNSCOPED_INFO(other.message()); });
  return code;
}

} // namespace nemo::test
