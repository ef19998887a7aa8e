// A fleet: many nodes behind a broker that nobody trusts. What is observed are the nodes' own
// signed reports; what is delivered is signed, sealed to its node, and replaces what was there only
// if nobody else did meanwhile; a delivery is done when the node itself says so.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "llvm/ADT/ArrayRef.h"
#include "llvm/ADT/STLFunctionalExtras.h"

#include "backends/fleet/member.h"
#include "backends/fleet/validity.h"
#include "backends/wire/calls.h"

namespace nemo::backends::fleet {

/// The term of who leads, as long as it does; nothing: it may not deliver.
using Term = std::function<std::optional<uint64_t>()>;

class Backend {
public:
  /// With the membership in $NEMO_FLEET, else that of this user.
  static llvm::Expected<Backend> open();
  static llvm::Expected<Backend> open(const std::string &directory);
  std::string name() const { return "fleet"; }
  llvm::Expected<proto::BackendCapabilities> capabilities();
  llvm::Expected<proto::Fleet> observe();
  llvm::Expected<proto::Delivered> deliver(const proto::DeliverCall &call);
  /// To all nodes at once. Nothing is stored where one of them cannot be delivered to.
  using OnDelivered = llvm::function_ref<void(const std::string &node, const proto::Delivered &)>;
  llvm::Error deliver(llvm::ArrayRef<proto::DeliverCall> calls, OnDelivered on_delivered);
  /// The same parts by the same holders as are in force, which hold for longer then: nothing else
  /// changes on the nodes, also not what waits to be tried again.
  llvm::Error renew(llvm::ArrayRef<proto::DeliverCall> calls, OnDelivered on_delivered);
  llvm::Expected<std::vector<std::string>> missing(const std::vector<std::string> &digests);
  llvm::Error put(const proto::Artifact &artifact);
  llvm::Error watch(const proto::WatchCall &call, Sink<proto::Event> sink, Patience patience);
  llvm::Error logs(const proto::LogsCall &call, Sink<proto::LogLine> sink);
  llvm::Error shutdown();

  /// From now on only while it says so, and in that epoch.
  void deliver_in(Term term) { term_ = std::move(term); }
  /// For how long what is delivered from now on starts anything.
  void hold_for(milliseconds lifetime) { lifetime_ = lifetime; }
  /// By what was observed last.
  const std::vector<Validity> &validities() const { return validities_; }
  /// Those of a stack that are near their end, and would hold for longer if they were renewed now.
  llvm::Expected<std::vector<Validity>> due(const std::string &stack, UnixNanos now);
  /// The highest epoch that nodes claimed to have accepted when they were observed last.
  uint64_t epoch() const { return epoch_; }
  /// Every node that has ever reported, by the broker's word.
  llvm::Expected<std::vector<std::string>> nodes() { return member_->nodes(); }
  /// What operators have said of each of these; none: it takes what fits.
  llvm::Expected<std::vector<std::optional<proto::Cordon>>>
  cordons(const std::vector<std::string> &nodes);
  /// Those that took nothing new when it was observed last, silent ones among them.
  const std::map<std::string, proto::Cordon> &closed() const { return closed_; }
  /// When the node signed what it reported last; nothing where that is not its own word.
  llvm::Expected<std::optional<UnixNanos>> last_report(const std::string &node);
  /// Says it of one, as an operator; stored when this returns.
  llvm::Error cordon(const std::string &node, const proto::CordonOrder &order);

  /// Why nodes, or what they said, were left out of what was observed last.
  const std::vector<std::string> &notes() const { return notes_; }

private:
  explicit Backend(std::unique_ptr<Member> member) : member_(std::move(member)) {}
  llvm::Error bring_artifacts(const proto::Part &part);
  llvm::Error hand_over(llvm::ArrayRef<proto::DeliverCall> calls, bool renewal,
                        OnDelivered on_delivered);

  std::unique_ptr<Member> member_;
  std::vector<std::string> notes_;
  std::map<std::string, proto::Cordon> closed_;
  std::vector<Validity> validities_;
  milliseconds lifetime_ = person_lifetime;
  Term term_;
  uint64_t epoch_ = 0;
  std::map<std::string, proto::Artifact>
      artifacts_;                             ///< by digest, for the nodes that will want them
  std::map<std::string, uint64_t> delivered_; ///< by node: the sequence before the last delivery
};

} // namespace nemo::backends::fleet
