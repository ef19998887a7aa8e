// What nodes say to each other: what they run, and where it answers.
#include "base/error.h"
#include "protocol/link/subjects.h"
#include "runtime-agent/fleet/link.h"

namespace nemo::agent::fleet {

/// Nodes that something which is desired here waits for, or needs the address of.
void Link::follow_others() {
  proto::BackendRequest observe;
  observe.set_version(1);
  observe.mutable_observe();
  Answer answer = agent_.answer(observe);
  const auto *response = std::get_if<proto::BackendResponse>(&answer);
  if (!response)
    return;
  std::set<std::string> named;
  for (const proto::PartState &state : response->fleet().parts())
    for (const proto::Instance &instance : state.part().instances()) {
      for (const auto *gates : {&instance.start_after(), &instance.stop_after()})
        for (const proto::Gate &gate : *gates)
          named.insert(gate.node());
      for (const proto::Peer &peer : instance.spec().peers())
        named.insert(peer.node());
      named.insert(instance.moves_to());
    }
  for (const std::string &node : named)
    follow(node);
}

void Link::follow(const std::string &node) {
  if (node == member_.id().name || !trust::is_member_name(node) || !others_.insert(node).second)
    return;
  for (Carrier *carrier : {carrier_.get(), next_.get()})
    if (carrier)
      carrier->listen(link::running(node));
  if (up_)
    carrier_->publish(link::direct_get(link::running(node)), "", gets_);
}

void Link::take_running(const std::string &node, llvm::StringRef bytes) {
  if (!others_.contains(node))
    return;
  auto verified =
      trust::verify(bytes,
                    trust::Expectation::of_node(proto::Signed::REPORT,
                                                {member_.id().fleet, trust::Role::node, node},
                                                heard_.mark(proto::Signed::REPORT, node), now()),
                    member_.trust(&paths_));
  if (!verified)
    return failed("what " + node + " runs", verified.takeError());
  proto::NodeSays says;
  if (!says.ParseFromString(verified->statement.report().payload()) || !says.has_running())
    return;
  if (auto error = heard_.admit(proto::Signed::REPORT, node, verified->mark()))
    return failed("what " + node + " runs", std::move(error));
  told_.forget("what " + node + " runs");
  known_until_[node] = trust::from_unix_ms(verified->statement.expires_unix_ms());
  know_peer(node, says.running().peer_address());
  agent_.learn(node, std::vector(says.running().running().begin(), says.running().running().end()));
}

/// Of a node that is silent nothing is known, and after a cut nothing until it speaks again.
void Link::forget_others(UnixNanos as_of) {
  std::erase_if(known_until_, [&](const auto &known) {
    if (known.second > as_of)
      return false;
    agent_.learn(known.first, std::nullopt);
    return true;
  });
}

/// What they may wait for, and where it answers.
void Link::tell_others(const proto::Fleet &fleet) {
  proto::NodeSays says;
  says.mutable_running()->set_peer_address(own_peer_address());
  for (const proto::Running &one : fleet.running()) {
    proto::Running &told = *says.mutable_running()->add_running();
    told.set_stack(one.stack());
    told.set_workload(one.workload());
    told.set_replica(one.replica());
    told.set_revision(one.revision());
    told.set_state(one.state());
    told.set_retiring(one.retiring());
    if (one.has_exit_code())
      told.set_exit_code(one.exit_code());
    *told.mutable_addresses() = one.addresses();
  }
  std::string payload = says.SerializeAsString();
  if (payload == told_others_ && ticks() < tell_others_again_)
    return;
  proto::Statement statement;
  statement.mutable_report()->set_payload(payload);
  auto bytes =
      sign(std::move(statement), std::chrono::milliseconds(3 * member_.settings().report_ms));
  if (!bytes)
    return failed("telling others", bytes.takeError());
  carrier_->publish(link::running(member_.id().name), *bytes, acks_ + "." + of_running.str());
  told_others_ = std::move(payload);
  tell_others_again_ = ticks() + member_.settings().report_ms / 2;
}

} // namespace nemo::agent::fleet
