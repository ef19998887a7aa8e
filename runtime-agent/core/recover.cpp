// Start of an agent: the journal says what was desired and started, the kernel says what still
// runs. What runs is adopted as it is; what ended meanwhile is taken note of with its exit code;
// what nobody needs is swept.
#include "runtime-agent/core/agent.h"

#include <csignal>
#include <filesystem>
#include <sys/stat.h>
#include <unistd.h>

#include "llvm/Support/MemoryBuffer.h"
#include "llvm/Support/raw_ostream.h"

#include "base/clock.h"
#include "base/error.h"

namespace nemo::agent {

namespace fs = std::filesystem;

namespace {

struct Found {
  pid_t pid = 0;
  uint64_t start_time = 0;
};

/// Field 22 of /proc/PID/stat; the name in field 2 may hold anything, also brackets.
std::optional<uint64_t> start_time_of(pid_t pid) {
  auto stat = llvm::MemoryBuffer::getFileAsStream(fmt::format("/proc/{}/stat", pid));
  if (!stat)
    return std::nullopt;
  llvm::SmallVector<llvm::StringRef, 64> fields;
  (*stat)->getBuffer().rsplit(')').second.trim().split(fields, ' ');
  uint64_t start = 0;
  if (fields.size() < 20 || fields[19].getAsInteger(10, start))
    return std::nullopt;
  return start;
}

/// The supervisor that writes into this directory: it holds it open, by whatever number.
std::optional<Found> find_supervisor(const std::string &directory) {
  struct stat wanted {};
  if (::stat(directory.c_str(), &wanted) != 0)
    return std::nullopt;
  std::error_code ignored;
  for (const fs::directory_entry &process : fs::directory_iterator("/proc", ignored)) {
    pid_t pid = 0;
    if (llvm::StringRef(process.path().filename().c_str()).getAsInteger(10, pid) ||
        pid == ::getpid())
      continue;
    for (const fs::directory_entry &fd : fs::directory_iterator(process.path() / "fd", ignored)) {
      struct stat found {};
      if (::stat(fd.path().c_str(), &found) == 0 && found.st_dev == wanted.st_dev &&
          found.st_ino == wanted.st_ino)
        if (const auto start = start_time_of(pid))
          return Found{pid, *start};
    }
  }
  return std::nullopt;
}

} // namespace

Agent::Agent(Loop &loop, Options options)
    : loop_(loop), options_(std::move(options)), layout_(options_.state),
      artifacts_(layout_.artifacts()),
      // Microseconds since 1970: over every number that an earlier agent gave, as none makes a
      // million events a second.
      events_(static_cast<uint64_t>(now().time_since_epoch().count() / 1000)), boot_(boot_id()) {}

Agent::~Agent() {
  if (journal_)
    flush();
  for (auto &[key, known] : known_)
    end_monitoring(known);
  loop_.cancel(wake_);
  loop_.cancel(flush_timer_);
  loop_.cancel(rest_timer_);
  loop_.cancel(sample_timer_);
  loop_.cancel(follow_timer_);
}

llvm::Expected<std::unique_ptr<Agent>> Agent::open(Loop &loop, Options options) {
  std::unique_ptr<Agent> agent(new Agent(loop, std::move(options)));
  for (const std::string &directory :
       {agent->layout_.artifacts(), agent->layout_.instances(), agent->layout_.volumes()})
    if (::mkdir(directory.c_str(), 0700) != 0 && errno != EEXIST)
      return system_failure(errno, "The agent's state directory cannot be written: {}", directory);
  auto journal = Journal::open(agent->layout_.journal());
  if (!journal)
    return journal.takeError();
  agent->journal_ = std::move(*journal);
  auto contents = agent->journal_->read();
  if (!contents)
    return contents.takeError();
  agent->generation_ = contents->generation;
  agent->parts_ = std::move(contents->parts);
  agent->identities_ = std::move(contents->identities);
  bool runs = false;
  for (auto &[key, record] : contents->records) {
    runs |= record.boot == agent->boot_ && record.phase == Phase::live;
    agent->known_[key].record = std::move(record);
  }
  // Nobody waits for a trial when services wait to be taken over.
  agent->host_ = sandbox::probe(agent->options_.state, runs);
  agent->recover();
  return agent;
}

void Agent::recover() {
  finish_renamings();
  for (auto &[key, known] : known_) {
    Record &record = known.record;
    if (record.boot != boot_) {
      // The machine has started anew: nothing of this runs. What had ended for good stays ended.
      if (record.phase != Phase::exited)
        record.phase = Phase::waiting;
      record.boot = boot_;
      record.admitted = record.healthy = record.killed = false;
      record.pid = 0;
      record.streak = 0;
      record.until.reset();
      dirty(known);
      continue;
    }
    if (record.phase == Phase::launching)
      settle_launch(known);
    if (record.phase != Phase::live && record.phase != Phase::stopping)
      continue;
    if (const auto pidfd = sandbox::adopt(record.pid, record.start_time)) {
      known.pidfd = Fd(*pidfd);
      begin_monitoring(known);
    }
  }
  // Ended while no agent was there: only now, as an end may make others start.
  std::vector<Key> gone;
  for (const auto &[key, known] : known_)
    if ((known.record.phase == Phase::live || known.record.phase == Phase::stopping) &&
        !known.pidfd)
      gone.push_back(key);
  for (const Key &key : gone)
    ended(key);
  sweep_files();
  for (auto &[key, known] : known_)
    publish(known);
  reconcile_soon();
}

/// It was about to be started when the agent ended; whether it was, the kernel knows.
void Agent::settle_launch(Known &known) {
  Record &record = known.record;
  if (const auto found = find_supervisor(layout_.instance(record.key))) {
    const auto pidfd = sandbox::adopt(found->pid, found->start_time);
    // The address of its own network was told only to the agent that is gone.
    const bool complete = record.instance.spec().network() != "own";
    if (pidfd && complete) {
      record.phase = Phase::live;
      record.pid = found->pid;
      record.start_time = found->start_time;
      record.started = ticks();
      record.started_unix_ms = now().time_since_epoch().count() / 1'000'000;
      ::close(*pidfd);
      dirty(known);
      return;
    }
    if (pidfd) {
      llvm::consumeError(sandbox::signal(*pidfd, SIGKILL));
      sandbox::finished(*pidfd, 5000);
      ::close(*pidfd);
    }
  } else if (const auto end = sandbox::ended(layout_.exit(record.key))) {
    record.phase = Phase::live; // it ran and ended: ended() takes it from here
    record.pid = 0;
    dirty(known);
    return;
  }
  sandbox::clean(sandbox_id(record.key), host_);
  record.phase = Phase::waiting;
  dirty(known);
}

void Agent::sweep_files() {
  std::set<std::string> used;
  for (const auto &[stack, part] : parts_)
    for (const proto::Instance &instance : part.part.instances()) {
      used.insert(layout_.replica({stack, instance.workload(), instance.replica(), {}}));
      for (const proto::Mount &mount : instance.spec().mounts())
        used.insert(mount.artifact());
    }
  for (const auto &[key, known] : known_) {
    used.insert(layout_.replica(key));
    for (const proto::Mount &mount : known.record.instance.spec().mounts())
      used.insert(mount.artifact());
  }
  artifacts_.collect(used);
  std::error_code ignored;
  for (const auto &stack : fs::directory_iterator(layout_.instances(), ignored))
    for (const auto &workload : fs::directory_iterator(stack.path(), ignored))
      for (const auto &replica : fs::directory_iterator(workload.path(), ignored))
        if (!used.count(replica.path()))
          fs::remove_all(replica.path(), ignored);
}

} // namespace nemo::agent
