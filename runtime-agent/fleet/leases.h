// Leases of this node: asks for what its agent needs, past any broker, and grants to others what
// they ask for. When what may run is runtime-agent/lease's to say; this is who talks to whom.
#pragma once

#include <functional>
#include <list>
#include <map>
#include <memory>
#include <string>

#include "runtime-agent/core/agent.h"
#include "runtime-agent/fleet/lease_wire.h"
#include "runtime-agent/lease/holder.h"
#include "runtime-agent/peer/peers.h"

namespace nemo::agent::fleet {

class Leases {
public:
  struct Ends {
    std::function<std::map<std::string, Agent::LeaseNeed>()> needs;
    std::function<void(const std::string &, std::optional<Ticks>, std::string)> tell;
    std::function<void(const std::string &node, std::string hello, peer::Peers::Done)> connect;
    std::function<void(const std::string &)> note; ///< for the log
  };
  /// \param member  outlives this.
  Leases(Loop &loop, const membership::Member &member, Ends ends);
  ~Leases();

  /// What is needed may have changed.
  void look();
  /// Another node wants leases of this one.
  void serve(peer::Peers::Opened opened);

private:
  struct Held {
    Held(proto::Lease given, lease::Holder made) : lease(std::move(given)), holder(made) {}
    proto::Lease lease;
    lease::Holder holder;
    std::optional<Ticks> told_until;
    std::string told_why;
    bool is_told = false;
    Loop::TimerId timer = 0;
  };
  /// The way to one granter.
  struct Way {
    std::unique_ptr<LeaseStream> stream;
    uint64_t attempt = 0; ///< to connect, the last one
    Ticks since = 0;      ///< when it began
    bool connecting = false;
    Ticks asked = 0; ///< the first time that was not answered; 0: all is answered
  };
  void act(const std::string &name);
  void say(const std::string &name, Held &held);
  void ask(const std::string &name, Held &held, const lease::Holder::Ask &ask);
  void give_back(const std::string &name, Held &held);
  void send(const std::string &node, const lease::Request &request);
  void connect(const std::string &node);
  void answered(const std::string &node, llvm::StringRef bytes);
  void take(const std::string &node, const lease::Request &request, const lease::Said &said);
  lease::Said grant(const lease::Request &request);

  Loop &loop_;
  const membership::Member &member_;
  trust::Paths paths_{16}; ///< of granters, who answer every second
  Ends ends_;
  lease::Granter granter_;
  std::map<std::string, Held> held_;
  std::map<std::string, Way> ways_; ///< by node
  /// What was asked of others and not answered, by nonce.
  std::map<std::string, std::pair<std::string, lease::Request>> asked_;
  std::list<std::unique_ptr<LeaseStream>> served_;
  std::shared_ptr<bool> alive_ = std::make_shared<bool>(true);
};

} // namespace nemo::agent::fleet
