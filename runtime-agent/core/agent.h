// The agent of one node: keeps what is desired, makes it true, reports what is. Everything it must
// not forget is in the journal before it acts on it; everything else it finds out again. It has one
// thread.
//   recover.cpp    start: adopt what runs, sweep what is left over
//   reconcile.cpp  carry out what decide() says
//   prepare.cpp    what a start waits for and is given
//   held_back.cpp  parts that start nothing new
//   lease.cpp      what runs only by a lease
//   monitor.cpp    ends, health checks, use
//   report.cpp     Running, Fleet, events
//   calls.cpp      requests
//   rename.cpp     new names for what runs
//   leaving.cpp    what moves to another node as it runs
//   arriving.cpp   what comes from one
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <set>
#include <string>

#include "runtime-agent/core/artifacts.h"
#include "runtime-agent/core/events.h"
#include "runtime-agent/core/facts.h"
#include "runtime-agent/core/journal.h"
#include "runtime-agent/core/launch.h"
#include "runtime-agent/core/logs.h"
#include "runtime-agent/core/probe.h"
#include "runtime-agent/core/pulls.h"
#include "runtime-agent/core/server.h"

namespace nemo::agent {

class Agent {
public:
  struct Options {
    std::string state; ///< directory; there, and this agent's alone
    Place place;
    std::optional<sandbox::Host> host = {}; ///< nullopt: it is probed
  };
  /// Reads the journal, adopts what runs and begins to make the desired state true.
  static llvm::Expected<std::unique_ptr<Agent>> open(Loop &loop, Options options);
  ~Agent();

  Answer answer(const proto::BackendRequest &request);

  /// What another node of the fleet says that it runs now; nothing: that is not known any more.
  void learn(const std::string &node, std::optional<std::vector<proto::Running>> running);

  /// A stack's part that starts nothing which has never run here, for as long as this stands.
  struct HeldBack {
    uint64_t generation = 0; ///< of the part; another one that is delivered is not held back
    std::string reason;      ///< what is told of each instance that waits for it
    bool operator==(const HeldBack &) const = default;
  };
  /// \param held  by stack: all that are.
  void hold_back(std::map<std::string, HeldBack> held);

  /// From now on machines can move. What an earlier agent was in the middle of is taken up.
  void use(Mover mover);
  /// The attempts that a mover makes, by their ids; errors and unknown ids call them off.
  llvm::Error give_away(const std::string &move);
  void left(const std::string &move, Left outcome);
  /// \param runs  there, or never will; nullopt: nobody said.
  void told(const std::string &move, std::optional<bool> runs);
  void resumed(const std::string &move, llvm::Error problem);
  /// What is offered is looked at as if it were hostile; what is wanted says the desired state.
  Reception receive(const std::string &node, const proto::MoveOffer &offer);
  llvm::Error take(const std::string &move);
  void arrived(const std::string &move, Arrival how, const std::string &why);
  /// Whether it was this node's at some time.
  llvm::Expected<bool> has_taken(const std::string &move) { return journal_->taken(move); }

  /// One that something here runs by, or waits for.
  struct LeaseNeed {
    proto::Lease lease;
    bool runs = false; ///< by it, so that it must not be given back
  };
  /// By name.
  std::map<std::string, LeaseNeed> leases() const;
  /// Until when one is held, or why it is not.
  void hold_lease(const std::string &name, std::optional<Ticks> until, std::string why);

  std::function<void()> on_news = [] {};     ///< streams may have something new
  std::function<void()> on_shutdown = [] {}; ///< a client asked for the end

private:
  using Refusal = std::pair<std::string, std::string>; ///< subject and text

  /// A record and what is known about it only while this agent runs.
  struct Known {
    Record record;
    Fd pidfd;
    bool by_lease = false; ///< it runs with a deadline
    Health health;
    std::unique_ptr<Probe> probe;
    Loop::TimerId check_timer = 0;
    Ticks check_wait = 0; ///< until the next check, while it has not been healthy yet
    std::optional<double> cpu_seconds, cpu_cores;
    Ticks sampled = 0;
    std::optional<uint64_t> memory_bytes;
    std::string published;      ///< what the last event said
    Ticks move_at = 0;          ///< the next attempt
    uint32_t move_failures = 0; ///< of attempts that had begun
    Loop::TimerId move_timer = 0;
    proto::MoveOffer coming; ///< arriving: as it was there
    /// What it was refused lately.
    struct Saying {
      uint64_t times = 0; ///< since that was said last
      Loop::TimerId timer = 0;
    };
    std::map<Refusal, Saying> refusals;
    /// What the supervisor of its present run counts of each, as far as that was taken notice of.
    std::map<Refusal, uint64_t> counted;
  };

  Agent(Loop &loop, Options options);

  void recover();
  void settle_launch(Known &known);
  void take_over(Known &known, const sandbox::Started &found);
  void find_strays();
  void sweep_files();

  void reconcile_soon();
  void reconcile();
  std::vector<Item> items();
  bool carry_out(const Decision &decision);
  void start(const std::vector<Key> &keys);
  bool prepare(Known &known, std::optional<sandbox::Sandbox> &sandbox);
  bool has_image(Known &known);
  void look_for_sandboxes();
  void clean(const std::string &sandbox_id);
  bool settle_ports(Known &known);
  void begin_run(Known &known, const sandbox::Started &started);
  void leave(Known &known, const std::string &node);
  void ask(Known &known);
  void ask_later(Known &known);
  void stays(Known &known, const Left &outcome);
  void call_off(Known &known, const std::string &why);
  Known *moving(const std::string &move);
  proto::MoveOffer offer_of(const Known &known) const;
  std::string platform();
  std::string refuses(const std::string &node, const proto::MoveOffer &offer, bool &never);
  std::string launch_to_take_in(Known &known, const std::string &node,
                                const proto::MoveOffer &offer);
  void tell_moved(Known &known, std::string text);
  void stop(Known &known, const std::string &reason);
  void forget(const Key &key);
  void fail(Known &known, std::string reason);
  const proto::Instance *desired(const Key &key) const;
  bool wanted(const Key &key) const;
  Known &know(const Key &key, const proto::Instance &instance);
  std::optional<std::string> peer_address(const std::string &stack, const proto::Peer &peer) const;
  std::string held_back(const std::string &stack) const;
  std::string no_lease(const proto::Instance *instance) const;
  const proto::Instance *runs_by(const Known &known) const;
  std::optional<Ticks> deadline(const Record &record) const;
  void let_run_freely();
  std::string sandbox_id(const Key &key) const;
  std::string started_path(const Key &key) const {
    return layout_.started() + "/" + sandbox_id(key);
  }
  void dirty(const Known &known) { dirty_.insert(known.record.key); }
  void flush_soon();
  bool flush();

  void begin_monitoring(Known &known);
  void end_monitoring(Known &known);
  void ended(const Key &key);
  void check_later(Known &known, Ticks wait);
  void check_now(const Key &key);
  void checked(const Key &key, bool passed, std::string why);
  void sample_later();
  void sample();
  double jitter();

  proto::Running running(const Known &known) const;
  proto::Running running_as_news(const Known &known) const;
  proto::Running::State state(const Known &known) const;
  void publish(Known &known);
  void recall_events();
  /// \param subject  the capability that refused it, as `nemo nodes` names it: "limit.memory".
  void refused(Known &known, std::string subject, std::string text, uint64_t times = 1);
  void take_refusals(Known &known);
  void say_refusal(Known &known, const Refusal &what);
  void say_again_later(Known &known, const Refusal &what);
  void say_all_refusals(Known &known);
  void forget_refusals(Known &known);
  void note(std::string text);
  proto::Fleet fleet();

  /// All revisions of a replica get another name together.
  struct Renaming {
    ReplicaKey from, to;
  };
  llvm::Expected<std::vector<Renaming>> renamings(const proto::Part &part) const;
  void journal_renaming(Journal::Batch &batch, const Renaming &renaming) const;
  void rename(const Renaming &renaming);
  void move_files(const Renaming &renaming) const;
  void finish_renamings();

  proto::BackendResponse deliver(const proto::DeliverCall &call);
  Answer logs(const proto::LogsCall &call);
  Stream watch(const proto::WatchCall &call);
  std::vector<LogSource> log_sources(const proto::LogsCall &call) const;

  std::optional<Mover> mover_;
  Others others_;
  std::map<std::string, HeldBack> held_back_;
  struct HeldLease {
    std::optional<Ticks> until;
    std::string why;
  };
  std::map<std::string, HeldLease> held_leases_; ///< by name
  Loop &loop_;
  Options options_;
  Layout layout_;
  sandbox::Host host_;
  bool sandboxes_probed_ = false; ///< machines and containers
  Artifacts artifacts_;
  Events events_;
  std::string boot_;
  std::unique_ptr<Journal> journal_;
  std::unique_ptr<Pulls> pulls_;
  uint64_t generation_ = 0;
  std::map<std::string, StoredPart> parts_;
  std::map<Key, Known> known_;
  std::map<ReplicaKey, Identity> identities_;
  std::set<Key> dirty_;   ///< records that the journal has not seen
  std::set<Key> dropped_; ///< records that it has not lost yet
  std::set<ReplicaKey> dirty_identities_;
  std::set<std::string> finished_parts_;
  std::string last_note_;
  Loop::TimerId soon_ = 0;
  Loop::TimerId wake_ = 0;
  Loop::TimerId flush_timer_ = 0;
  Loop::TimerId rest_timer_ = 0;
  Loop::TimerId sample_timer_ = 0;
  Loop::TimerId follow_timer_ = 0;
};

} // namespace nemo::agent
