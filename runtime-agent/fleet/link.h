// The agent's end of its fleet: takes what is desired from the broker, reports, beats, sends events
// until the broker has them, and answers questions. The agent itself knows nothing of it, and runs
// on whether or not the broker is there.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>

#include "base/news.h"
#include "runtime-agent/core/agent.h"
#include "runtime-agent/core/facts.h"
#include "runtime-agent/core/server.h"
#include "runtime-agent/fleet/carrier.h"
#include "runtime-agent/fleet/desired.h"
#include "runtime-agent/fleet/leases.h"
#include "runtime-agent/fleet/memory.h"
#include "runtime-agent/fleet/questions.h"
#include "runtime-agent/fleet/renewal.h"
#include "runtime-agent/peer/peers.h"

namespace nemo::agent::fleet {

class Link {
public:
  /// The agent.
  struct Ends {
    std::function<Answer(const proto::BackendRequest &)> answer;
    /// What another node says that it runs; nothing: that is not known any more.
    std::function<void(const std::string &node, std::optional<std::vector<proto::Running>>)> learn;
    /// Parts that start nothing new, by stack: all that are.
    std::function<void(std::map<std::string, Agent::HeldBack>)> hold_back;
    /// A machine is to come from another node, by this stream.
    std::function<void(const std::string &node, const proto::MoveOffer &, Fd stream)> take_offer;
    /// Leases that it runs by or waits for, and what becomes of them.
    std::function<std::map<std::string, Agent::LeaseNeed>()> leases;
    std::function<void(const std::string &, std::optional<Ticks>, std::string)> hold_lease;
  };

  /// \param directory  of the membership. \param place  of the agent: has to be the member's.
  static llvm::Expected<std::unique_ptr<Link>> open(Loop &loop, const std::string &directory,
                                                    const Place &place, Ends agent);
  ~Link();

  /// The agent's streams may have something new.
  void news();

  /// A stream to another node, which is told `hello`; as Peers::connect().
  void open_stream(const std::string &node, std::string hello, peer::Peers::Done done);

private:
  /// Names of acknowledgements; those of events are numbers.
  static constexpr llvm::StringLiteral of_report = "report", of_running = "running",
                                       of_stream = "stream-";

  static constexpr size_t most_paths = 500; ///< of other nodes and of whoever decides

  Link(Loop &loop, membership::Member member, Place place, Ends agent)
      : loop_(loop), member_(std::move(member)), place_(std::move(place)),
        agent_(std::move(agent)) {}
  llvm::Error start();
  llvm::Expected<std::unique_ptr<Carrier>> connect(std::function<void(bool)> on_link);
  void reconnect();

  void take(const link::Message &message);
  void link_is(bool up);
  void fetch();
  void take_revocations(llvm::StringRef bytes);
  void take_running(const std::string &node, llvm::StringRef bytes);
  void follow_others();
  /// From now on, what this node runs and where it takes streams is known, as soon as it says so.
  void follow(const std::string &node);
  void forget_others(UnixNanos as_of);
  void take_bundles(llvm::StringRef bytes);
  void take_certificate(membership::Member renewed);
  void take_ack(const link::Message &message);

  void open_peers();
  void open_leases();
  void recall_peers();
  void know_peer(const std::string &node, const std::string &address);
  void take_stream(peer::Peers::Opened opened);
  /// Where this node takes streams; empty: nowhere that others know of.
  std::string own_peer_address() const;

  void later(Loop::TimerId &timer, Ticks wait, void (Link::*what)());
  void refresh();
  void report();
  void tell_others(const proto::Fleet &fleet);
  void judge_validities();
  void tell();
  void beat();
  void take_events();
  void send_events();
  void pump();
  llvm::Expected<std::string> sign(proto::Statement statement, std::chrono::milliseconds holds);
  llvm::Expected<std::string> sealing_key();
  void say(const std::string &text) const;
  /// The same: once per change of what is said of the matter.
  void note(const std::string &matter, const std::string &text);
  void failed(const std::string &doing, llvm::Error error);

  Loop &loop_;
  membership::Member member_;
  trust::Paths paths_{most_paths};
  Place place_;
  Ends agent_;
  std::unique_ptr<Memory> memory_;
  std::unique_ptr<Desired> desired_;
  std::unique_ptr<Questions> questions_;
  std::unique_ptr<Renewal> renewal_;
  std::unique_ptr<Carrier> carrier_;
  std::unique_ptr<Carrier> next_; ///< with what is newer; takes over when it is connected
  std::unique_ptr<peer::Peers> peers_;
  std::unique_ptr<Leases> leases_;
  std::map<std::string, std::string> peer_addresses_; ///< by node, as each said last
  std::set<std::string> others_;                      ///< nodes that something here waits for
  trust::Guard heard_;                                ///< of their reports
  std::map<std::string, UnixNanos> known_until_;
  std::string told_others_;     ///< the same is not said again
  Ticks tell_others_again_ = 0; ///< until then
  std::string acks_, gets_;     ///< below the inbox
  Stream events_;
  std::string announced_; ///< the sealing key as it was signed last
  UnixNanos announced_until_;
  uint64_t last_generation_ = 0; ///< of reports and heartbeats
  uint64_t in_flight_ = 0;       ///< the last event that was sent and not acknowledged
  uint64_t maybe_there_ = 0;     ///< the same, also of a connection that was lost meanwhile
  bool up_ = false;
  News told_; ///< in the log
  Loop::TimerId report_timer_ = 0, soon_timer_ = 0, beat_timer_ = 0, event_timer_ = 0,
                pump_timer_ = 0, reconnect_timer_ = 0, expiry_timer_ = 0;
};

} // namespace nemo::agent::fleet
