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
#include "runtime-agent/core/started.h"

namespace nemo::agent {

namespace fs = std::filesystem;

namespace {

bool has_process(Phase phase) {
  return phase == Phase::live || phase == Phase::stopping || phase == Phase::leaving ||
         phase == Phase::given || phase == Phase::arriving;
}

constexpr uint64_t stray_grace_ms = 10'000; ///< what its own was, nobody knows any more

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
  for (auto &[key, known] : known_) {
    end_monitoring(known);
    forget_refusals(known);
  }
  loop_.cancel(soon_);
  loop_.cancel(wake_);
  loop_.cancel(flush_timer_);
  loop_.cancel(rest_timer_);
  loop_.cancel(sample_timer_);
  loop_.cancel(follow_timer_);
}

llvm::Expected<std::unique_ptr<Agent>> Agent::open(Loop &loop, Options options) {
  std::unique_ptr<Agent> agent(new Agent(loop, std::move(options)));
  for (const std::string &directory :
       {agent->layout_.artifacts(), agent->layout_.instances(), agent->layout_.volumes(),
        agent->layout_.started(), agent->layout_.machines()})
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
  agent->host_ =
      agent->options_.host ? *agent->options_.host : sandbox::probe(agent->options_.state, runs);
  agent->sandboxes_probed_ = agent->options_.host.has_value();
  agent->pulls_ = std::make_unique<Pulls>(
      loop,
      Pulls::Options{fs::path(agent->host_.supervisor).parent_path() / "nemo-pull",
                     agent->layout_.artifacts(), agent->layout_.registries()},
      [raw = agent.get()] { raw->reconcile_soon(); });
  agent->recall_events();
  agent->recover();
  return agent;
}

void Agent::recover() {
  finish_renamings();
  find_strays();
  size_t adopted = 0, rebooted = 0;
  for (auto &[key, known] : known_) {
    Record &record = known.record;
    if (record.boot != boot_) {
      ++rebooted;
      // The machine has started anew: nothing of this runs. What had ended for good stays ended.
      if (record.phase != Phase::exited)
        record.phase = Phase::waiting;
      record.boot = boot_;
      record.admitted = record.healthy = record.killed = false;
      record.move.reset(); // what its memory held is gone
      record.pid = 0;
      record.streak = 0;
      record.until.reset();
      dirty(known);
      continue;
    }
    if (record.phase == Phase::launching)
      settle_launch(known);
    if (!has_process(record.phase))
      continue;
    if (const auto pidfd = sandbox::adopt(record.pid, record.start_time)) {
      known.pidfd = Fd(*pidfd);
      begin_monitoring(known);
      if (record.phase == Phase::arriving) // it is still the other node's, who has lost sight of it
        llvm::consumeError(sandbox::signal(known.pidfd.get(), SIGKILL));
      ++adopted;
    }
  }
  // Ended while no agent was there: only now, as an end may make others start.
  std::vector<Key> gone;
  for (const auto &[key, known] : known_)
    if (has_process(known.record.phase) && !known.pidfd)
      gone.push_back(key);
  note(fmt::format("nemo-agent {} has started: {} replicas run on, {} ended while no agent was "
                   "there, {} are from before a reboot",
                   NEMO_VERSION, adopted, gone.size(), rebooted));
  for (const Key &key : gone)
    ended(key);
  sweep_files();
  for (auto &[key, known] : known_)
    publish(known);
  reconcile_soon();
}

/// It was about to be started when the agent ended; whether it was, its file knows.
void Agent::settle_launch(Known &known) {
  Record &record = known.record;
  if (auto found = find_started(started_path(record.key), boot_)) {
    take_over(known, found->started);
    return;
  }
  if (sandbox::ended(layout_.exit(record.key))) {
    record.phase = Phase::live; // it ran and ended: ended() takes it from here
    record.pid = 0;
    dirty(known);
    return;
  }
  clean(sandbox_id(record.key));
  record.phase = Phase::waiting;
  dirty(known);
}

void Agent::take_over(Known &known, const sandbox::Started &found) {
  Record &record = known.record;
  record.phase = Phase::live;
  record.pid = found.pid;
  record.start_time = found.start_time;
  record.address = found.address.value_or("");
  record.healthy = record.instance.spec().health().kind() == proto::Health::NONE;
  record.started = ticks();
  record.started_unix_ms = now().time_since_epoch().count() / 1'000'000;
  ::close(found.pidfd);
  dirty(known);
}

/// What this agent's state directory says was started and no record knows: its journal was moved
/// away, or is a copy from earlier. As far as anybody knows it is not wanted, and is stopped like
/// all that is not.
void Agent::find_strays() {
  std::set<std::string> ours;
  for (const auto &[key, known] : known_)
    ours.insert(sandbox_id(key));
  std::error_code ignored;
  for (const auto &file : fs::directory_iterator(layout_.started(), ignored)) {
    const std::string id = file.path().filename();
    if (ours.count(id))
      continue;
    const auto found = find_started(file.path(), boot_);
    if (!found) {
      fs::remove(file.path(), ignored);
      continue;
    }
    const Key &key = found->key;
    // Its id is TAG.UID.REVISION: the identity that went with the journal.
    identities_.try_emplace(
        replica_of(key), Identity{llvm::StringRef(id).split('.').second.split('.').first.str(), 0});
    if (known_.count(key) || sandbox_id(key) != id) { // the name has gone to another since
      llvm::consumeError(sandbox::signal(found->started.pidfd, SIGKILL));
      ::close(found->started.pidfd);
      clean(id);
      fs::remove(file.path(), ignored);
      continue;
    }
    dirty_identities_.insert(replica_of(key));
    proto::Instance instance;
    instance.set_workload(key.workload);
    instance.set_replica(key.replica);
    instance.set_revision(key.revision);
    instance.mutable_spec()->set_stop_grace_ms(stray_grace_ms);
    take_over(know(key, instance), found->started);
    note(
        fmt::format("{} of stack {} runs, and this agent's journal does not know it: it is stopped",
                    key.name(), key.stack));
  }
}

void Agent::sweep_files() {
  std::set<std::string> used;
  const auto use = [&used](const proto::Spec &spec) {
    for (const proto::Mount &mount : spec.mounts())
      used.insert(mount.artifact());
    used.insert(image_digest(spec));
  };
  for (const auto &[stack, part] : parts_)
    for (const proto::Instance &instance : part.part.instances()) {
      used.insert(layout_.replica({stack, instance.workload(), instance.replica(), {}}));
      if (!instance.retiring()) // it is not started again; while it runs it is known
        use(instance.spec());
    }
  pulls_->only(used); // what runs has its image
  for (const auto &[key, known] : known_) {
    used.insert(layout_.replica(key));
    use(known.record.instance.spec());
  }
  artifacts_.collect(used);
  std::error_code ignored;
  std::set<std::string> machines;
  for (const auto &[key, known] : known_)
    machines.insert(layout_.control(sandbox_id(key)));
  for (const auto &file : fs::directory_iterator(layout_.machines(), ignored))
    if (!fs::is_regular_file(file, ignored) &&
        !machines.count((file.path().parent_path() / file.path().stem()).string() + ".qmp"))
      fs::remove_all(file, ignored);
  for (const auto &stack : fs::directory_iterator(layout_.instances(), ignored))
    for (const auto &workload : fs::directory_iterator(stack.path(), ignored))
      for (const auto &replica : fs::directory_iterator(workload.path(), ignored))
        if (!used.count(replica.path()))
          fs::remove_all(replica.path(), ignored);
}

} // namespace nemo::agent
