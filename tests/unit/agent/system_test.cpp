// The real agent, real processes, the real protocol. Needs a host that can sandbox; says so where
// it cannot.
#include <catch2/catch.hpp>

#include <csignal>
#include <fstream>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <sqlite3.h>

#include "base/clock.h"
#include "protocol/artifact/artifact.h"
#include "support.h"

using namespace nemo;
using namespace nemo::test;
using proto::Running;

namespace {

const char *beat = "i=0; while :; do i=$((i+1)); echo beat $i; sleep 0.05; done";

#define NEED_SANDBOX(agent)                                                                        \
  if (!can_sandbox((agent).observe())) {                                                           \
    WARN("this host has no process sandbox: not tested here");                                     \
    return;                                                                                        \
  }

/// While no agent has it open.
void edit_journal(const std::string &path, const char *sql) {
  sqlite3 *db = nullptr;
  REQUIRE(sqlite3_open(path.c_str(), &db) == SQLITE_OK);
  CHECK(sqlite3_exec(db, sql, nullptr, nullptr, nullptr) == SQLITE_OK);
  CHECK(sqlite3_changes(db) > 0);
  sqlite3_close(db);
}

bool contains(const std::vector<std::string> &lines, const std::string &text) {
  return std::find(lines.begin(), lines.end(), text) != lines.end();
}

} // namespace

TEST_CASE("workloads outlive the agent and are adopted as they are") {
  TempDir dir;
  AgentProcess agent(dir / "state");
  NEED_SANDBOX(agent);
  proto::Part wanted = part();
  add(wanted, "beat", "aa01", beat);
  auto *dies =
      add(wanted, "dies", "aa02", "trap 'exit 7' TERM; echo ready; while :; do sleep 0.05; done");
  dies->mutable_spec()->mutable_restart()->set_policy(proto::Restart::NEVER);
  REQUIRE(agent.deliver(wanted).delivered().generation() == 1);
  const Running before = agent.until("beat", Running::RUNNING);
  const Running other = agent.until("dies", Running::RUNNING);
  REQUIRE(eventually([&] { return contains(agent.log("t", "dies"), "ready"); }));
  CHECK(before.uid().size() == 36);
  CHECK(before.source() == "test");
  agent.kill9();
  REQUIRE(::kill(static_cast<pid_t>(before.pid()), 0) == 0);
  ::kill(static_cast<pid_t>(other.pid()), SIGTERM); // ends while no agent is there
  REQUIRE(eventually([&] { return ::kill(static_cast<pid_t>(other.pid()), 0) != 0; }));
  agent.start();
  const Running after = agent.until("beat", Running::RUNNING);
  CHECK(after.pid() == before.pid());
  CHECK(after.restarts() == 0);
  CHECK(after.uid() == before.uid());
  const Running ended = agent.until("dies", Running::EXITED);
  CHECK(ended.exit_code() == 7);
  const size_t lines = agent.log("t", "beat").size();
  CHECK(contains(agent.log("t", "beat"), "beat 1"));
  CHECK(eventually([&] { return agent.log("t", "beat").size() > lines; }));
  CHECK(agent.terminate() == 0);
  CHECK(::kill(static_cast<pid_t>(before.pid()), 0) == 0);
  agent.start();
  CHECK(agent.until("beat", Running::RUNNING).pid() == before.pid());
}

TEST_CASE("what was started in the agent's last moment is found again, and not started twice") {
  TempDir dir;
  AgentProcess agent(dir / "state");
  NEED_SANDBOX(agent);
  proto::Part wanted = part();
  add(wanted, "beat", "aa01", beat);
  REQUIRE(agent.deliver(wanted).has_delivered());
  const Running before = agent.until("beat", Running::RUNNING);
  agent.kill9();
  // As it is on disk between the start and the word about it: "launching", and no pid.
  edit_journal(dir / "state/journal.db",
               "UPDATE instances SET phase=1, pid=0, start_time=0, healthy=0");
  agent.start();
  const Running after = agent.until("beat", Running::RUNNING);
  CHECK(after.pid() == before.pid());
  CHECK(after.restarts() == 0);
  CHECK(after.healthy());
}

TEST_CASE("after a reboot the disk alone brings everything back") {
  TempDir dir;
  AgentProcess agent(dir / "state");
  NEED_SANDBOX(agent);
  proto::Part wanted = part();
  add(wanted, "first", "aa01", beat);
  auto *gate = add(wanted, "second", "aa02", beat)->add_start_after();
  gate->set_kind(proto::Gate::HEALTHY);
  gate->set_workload("first");
  gate->set_revision("aa01");
  auto *job = add(wanted, "job", "aa03", "exit 0");
  job->mutable_spec()->mutable_restart()->set_policy(proto::Restart::NEVER);
  REQUIRE(agent.deliver(wanted).has_delivered());
  const Running first = agent.until("first", Running::RUNNING);
  const Running second = agent.until("second", Running::RUNNING);
  agent.until("job", Running::EXITED);
  agent.kill9();
  for (const Running &one : {first, second}) {
    ::kill(static_cast<pid_t>(one.pid()), SIGKILL);
    REQUIRE(eventually([&] { return ::kill(static_cast<pid_t>(one.pid()), 0) != 0; }));
  }
  edit_journal(dir / "state/journal.db", "UPDATE instances SET boot='another'");
  agent.start();
  const Running again = agent.until("first", Running::RUNNING);
  CHECK(again.pid() != first.pid());
  CHECK(again.uid() == first.uid());
  agent.until("second", Running::RUNNING);
  CHECK(find(agent.observe(), "job")->state() == Running::EXITED); // done is done
  CHECK(agent.observe().parts(0).generation() == 1);
}

TEST_CASE("what runs and stands in no journal is stopped, and can be applied again") {
  TempDir dir;
  AgentProcess agent(dir / "state");
  NEED_SANDBOX(agent);
  proto::Part wanted = part();
  add(wanted, "beat", "aa01", beat);
  REQUIRE(agent.deliver(wanted).has_delivered());
  const Running before = agent.until("beat", Running::RUNNING);
  agent.kill9();
  for (const char *name : {"journal.db", "journal.db-wal", "journal.db-shm"})
    ::unlink((dir / ("state/" + std::string(name))).c_str());
  agent.start();
  CHECK(eventually([&] { return ::kill(static_cast<pid_t>(before.pid()), 0) != 0; }));
  CHECK(eventually([&] { return agent.observe().running().empty(); }));
  REQUIRE(agent.deliver(wanted).has_delivered());
  CHECK(agent.until("beat", Running::RUNNING).pid() != before.pid());
}

TEST_CASE("a delivery is refused when another came first or owns the stack") {
  TempDir dir;
  AgentProcess agent(dir / "state");
  proto::Part wanted = part();
  REQUIRE(agent.deliver(wanted).has_delivered());
  add(wanted, "sleeper", "bb01", "exec sleep 1000");
  const auto conflict = agent.deliver(wanted, false, 77);
  CHECK(conflict.error().code() == proto::BackendError::CONFLICT);
  proto::Part other = wanted;
  REQUIRE(agent.deliver(wanted).has_delivered());
  const auto stale = agent.deliver(wanted, false, 1);
  CHECK(stale.error().code() == proto::BackendError::CONFLICT);
  CHECK(stale.error().holder().find("test, pid") == 0);
  other.set_source("another");
  const auto owned = agent.deliver(other);
  CHECK(owned.error().code() == proto::BackendError::OWNED);
  CHECK(owned.error().holder() == "test");
  CHECK(agent.deliver(other, true).has_delivered());
  CHECK(agent.observe().parts(0).part().source() == "another");
}

TEST_CASE("gates order starts, and a successor takes over when it is healthy") {
  TempDir dir;
  AgentProcess agent(dir / "state");
  NEED_SANDBOX(agent);
#if __has_feature(thread_sanitizer)
  WARN("the thread sanitizer has a thread of its own, and a process with threads cannot enter a "
       "sandbox to check what is inside: not tested here");
  return;
#endif
  proto::Part first = part();
  auto *old = add(first, "web", "cc01", "echo old; exec sleep 1000");
  auto *behind = add(first, "behind", "cc09", "exec sleep 1000");
  auto *gate = behind->add_start_after();
  gate->set_kind(proto::Gate::HEALTHY);
  gate->set_workload("never");
  CHECK(agent.deliver(first).error().code() == proto::BackendError::INVALID);
  gate->set_workload("web");
  gate->set_revision("cc01");
  REQUIRE(agent.deliver(first).has_delivered());
  const Running serving = agent.until("web", Running::RUNNING);
  agent.until("behind", Running::RUNNING);

  proto::Part second = part();
  auto *successor =
      add(second, "web", "cc02",
          "until [ -e /data/go ]; do sleep 0.05; done; touch /tmp/ok; exec sleep 1000");
  auto *mount = successor->mutable_spec()->add_mounts();
  mount->set_target("/data");
  mount->set_volume("data");
  auto *health = successor->mutable_spec()->mutable_health();
  health->set_kind(proto::Health::EXEC);
  for (const char *word : {"/usr/bin/test", "-e", "/tmp/ok"})
    health->add_command(word);
  health->set_every_ms(100);
  health->set_timeout_ms(5000);
  health->set_grace_ms(60000);
  health->set_failures(3);
  auto *retiring = second.add_instances();
  *retiring = *old;
  retiring->set_retiring(true);
  auto *until = retiring->add_stop_after();
  until->set_kind(proto::Gate::HEALTHY);
  until->set_workload("web");
  until->set_revision("cc02");
  REQUIRE(agent.deliver(second).has_delivered());
  REQUIRE(eventually([&] {
    const auto now = find(agent.observe(), "web", "cc02");
    return now && now->state() == Running::STARTING && !find(agent.observe(), "behind");
  }));
  CHECK(find(agent.observe(), "web", "cc01")->pid() == serving.pid());
  std::ofstream(dir / "state/volumes/t/web/0/data/go") << "go";
  REQUIRE(eventually([&] {
    const auto fleet = agent.observe();
    const auto now = find(fleet, "web", "cc02");
    return now && now->healthy() && !find(fleet, "web", "cc01");
  }));
  CHECK(find(agent.observe(), "web", "cc02")->uid() == serving.uid());
}

TEST_CASE("what does not end within its grace time is killed") {
  TempDir dir;
  AgentProcess agent(dir / "state");
  NEED_SANDBOX(agent);
  proto::Part wanted = part();
  auto *stubborn =
      add(wanted, "stubborn", "dd01", "trap '' TERM; echo ready; while :; do sleep 0.05; done");
  stubborn->mutable_spec()->set_stop_grace_ms(300);
  REQUIRE(agent.deliver(wanted).has_delivered());
  const Running running = agent.until("stubborn", Running::RUNNING);
  REQUIRE(eventually([&] { return contains(agent.log("t", "stubborn"), "ready"); }));
  REQUIRE(agent.deliver(part()).has_delivered());
  CHECK(eventually([&] { return agent.observe().running().empty(); }));
  CHECK(::kill(static_cast<pid_t>(running.pid()), 0) != 0);
  CHECK(eventually([&] { return agent.observe().parts().empty(); }));
}

TEST_CASE("what cannot be started says why, and what crashes is started again") {
  TempDir dir;
  AgentProcess agent(dir / "state");
  NEED_SANDBOX(agent);
  proto::Part wanted = part();
  auto *missing = add(wanted, "missing", "ee01", "");
  missing->mutable_spec()->clear_exec();
  missing->mutable_spec()->add_exec("/usr/bin/no-such-program");
  add(wanted, "crashes", "ee02", "echo run; exit 3");
  auto *environment =
      add(wanted, "env", "ee03", "echo $PORT $PORT_HTTP $NEMO_WORKLOAD $COLOUR; exec sleep 1000");
  environment->mutable_spec()->add_ports()->set_name("http");
  auto *colour = environment->mutable_spec()->add_env();
  colour->set_name("COLOUR");
  colour->set_value("blue");
  auto *user = add(wanted, "user", "ee04", "echo $NEMO_ADDR_ENV; exec sleep 1000");
  auto *peer = user->mutable_spec()->add_peers();
  peer->set_workload("env");
  peer->set_revision("ee03");
  REQUIRE(agent.deliver(wanted).has_delivered());
  CHECK(agent.until("missing", Running::FAILED).reason().find("/usr/bin/no-such-program") !=
        std::string::npos);
  const Running crashed = agent.until("crashes", [](const Running &one) {
    return one.restarts() >= 2 && one.state() == Running::BACKOFF;
  });
  CHECK(crashed.exit_code() == 3);
  const Running env = agent.until("env", Running::RUNNING);
  REQUIRE(env.addresses_size() == 1);
  const std::string address = env.addresses(0).address(),
                    port = address.substr(address.rfind(':') + 1);
  CHECK(
      eventually([&] { return contains(agent.log("t", "env"), port + " " + port + " env blue"); }));
  CHECK(eventually([&] { return contains(agent.log("t", "user"), address); }));
}

TEST_CASE("files and secrets reach the workload, and the secret nothing else") {
  TempDir dir;
  AgentProcess agent(dir / "state");
  NEED_SANDBOX(agent);
  const std::string secret = "a-value-that-stands-nowhere-else";
  std::ofstream(dir / "password") << secret;
  proto::Part wanted = part();
  auto *reads = add(wanted, "reads", "ff01",
                    "wc -c < /run/secrets/password; cat /app/hello; exec sleep 1000");
  auto *reference = reads->mutable_spec()->add_secrets();
  reference->set_name("password");
  reference->set_file(dir / "password");
  proto::BackendRequest put;
  put.set_version(1);
  auto *artifact = put.mutable_put()->mutable_artifact();
  auto *file = artifact->add_files();
  file->set_path("hello");
  file->set_content("hello from a file\n");
  artifact->set_digest(std::string(64, '0'));
  CHECK(agent.connect().ask(put).error().code() == proto::BackendError::INVALID);
  artifact->set_digest(artifact::digest(*artifact));
  auto *mount = reads->mutable_spec()->add_mounts();
  mount->set_target("/app");
  mount->set_artifact(artifact->digest());
  CHECK(agent.deliver(wanted).error().code() == proto::BackendError::MISSING);
  CHECK(agent.connect().ask(put).has_done());
  REQUIRE(agent.deliver(wanted).has_delivered());
  CHECK(eventually([&] { return contains(agent.log("t", "reads"), "hello from a file"); }));
  CHECK(contains(agent.log("t", "reads"), std::to_string(secret.size())));
  agent.kill9(); // what is in the write-ahead log now is all that was written
  for (const char *name : {"journal.db", "journal.db-wal"}) {
    std::ifstream journal(dir / ("state/" + std::string(name)), std::ios::binary);
    const std::string bytes((std::istreambuf_iterator<char>(journal)), {});
    CHECK(bytes.find(secret) == std::string::npos);
  }
}

TEST_CASE("watchers see what happens from where they were") {
  TempDir dir;
  AgentProcess agent(dir / "state");
  NEED_SANDBOX(agent);
  proto::Part wanted = part();
  add(wanted, "job", "ab01", "exit 0")
      ->mutable_spec()
      ->mutable_restart()
      ->set_policy(proto::Restart::NEVER);
  const uint64_t from = agent.deliver(wanted).delivered().sequence();
  Connection watcher = agent.connect();
  proto::BackendRequest watch;
  watch.set_version(1);
  watch.mutable_watch()->set_after(from);
  watcher.send(watch);
  std::vector<Running::State> seen;
  uint64_t last = from;
  while (seen.empty() || seen.back() != Running::EXITED) {
    const auto response = watcher.receive();
    REQUIRE(response);
    REQUIRE(response->event().sequence() > last);
    last = response->event().sequence();
    seen.push_back(response->event().instance().state());
  }
  CHECK(std::find(seen.begin(), seen.end(), Running::RUNNING) != seen.end());
}

TEST_CASE("a second agent on the same state, and another user, are turned away") {
  TempDir dir;
  AgentProcess agent(dir / "state");
  agent.observe();
  const std::string program =
      std::string(std::getenv("NEMO_BINARY_DIR") ? std::getenv("NEMO_BINARY_DIR") : NEMO_BUILD_DIR);
  const std::string second = program + "/bin/nemo-agent --state " + (dir / "state") + " --socket " +
                             (dir / "other.sock") + " 2> " + (dir / "second.txt");
  const int status = std::system(second.c_str());
  CHECK(WEXITSTATUS(status) == 1);
  std::ifstream said(dir / "second.txt");
  CHECK(std::string((std::istreambuf_iterator<char>(said)), {})
            .find("Another agent uses the state directory") != std::string::npos);
  if (::geteuid() != 0)
    return;
  ::chmod(dir.path().c_str(), 0755);
  ::chmod((dir / "state").c_str(), 0755);
  ::chmod(agent.socket().c_str(), 0666);
  int fds[2];
  REQUIRE(::pipe(fds) == 0);
  const pid_t child = ::fork();
  if (child == 0) {
    (void)!::setgid(65534);
    (void)!::setuid(65534);
    proto::BackendRequest request;
    request.set_version(1);
    request.mutable_observe();
    const auto code = static_cast<char>(Connection(agent.socket()).ask(request).error().code());
    (void)!::write(fds[1], &code, 1);
    ::_exit(0);
  }
  char code = 0;
  CHECK(::read(fds[0], &code, 1) == 1);
  CHECK(code == proto::BackendError::DENIED);
  ::waitpid(child, nullptr, 0);
  ::close(fds[0]);
  ::close(fds[1]);
}

TEST_CASE("a job starts at its time and not before, also when the agent was started anew") {
  TempDir dir;
  AgentProcess agent(dir / "state");
  NEED_SANDBOX(agent);
  const auto begin = std::chrono::ceil<std::chrono::seconds>(now()) + std::chrono::seconds(2);
  proto::Part wanted = part();
  auto *job = add(wanted, "job", "aa01", "echo ran");
  job->set_start_at(to_rfc3339(begin, 0));
  job->mutable_spec()->mutable_restart()->set_policy(proto::Restart::ON_FAILURE);
  add(wanted, "beat", "aa02", beat);
  REQUIRE(agent.deliver(wanted).delivered().generation() == 1);
  agent.until("beat", Running::RUNNING);
  const Running waits = agent.until("job", Running::PENDING);
  CHECK(waits.reason() == "waits until " + to_rfc3339(begin, 0));
  CHECK(waits.pid() == 0);
  agent.kill9();
  agent.start();
  const Running ran = agent.until("job", Running::EXITED);
  CHECK(ran.exit_code() == 0);
  REQUIRE(from_rfc3339(ran.started_at()));
  CHECK(*from_rfc3339(ran.started_at()) >= begin);
  CHECK(agent.log("t", "job") == std::vector<std::string>{"ran"});
  // It does not run again, neither for a new agent nor for a delivery that says the same.
  agent.kill9();
  agent.start();
  REQUIRE(agent.deliver(wanted).has_delivered());
  agent.until("beat", Running::RUNNING);
  CHECK(agent.until("job", Running::EXITED).restarts() == 0);
  CHECK(agent.log("t", "job") == std::vector<std::string>{"ran"});
  wanted.mutable_instances(0)->set_start_at("tonight");
  CHECK(agent.deliver(wanted).error().code() == proto::BackendError::INVALID);
}
