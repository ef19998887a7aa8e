// A token is the time of the plan that brings a replica to its node, so that it grows without
// anybody who counts. Granters are spread over sites, by a digest, so that they differ from replica
// to replica, and stay the same whatever becomes of the fleet: of two different sets each could let
// a node run it.
#include "compiler/migration/lease.h"

#include <algorithm>
#include <set>

#include "base/clock.h"
#include "base/digest.h"

namespace nemo::compiler {

namespace {

constexpr uint64_t usual_ms = 4'000;

} // namespace

Leases::Leases(const proto::Intent &intent, const proto::Fleet &world, const proto::Fleet &facts)
    : intent_(intent), world_(world) {
  if (const auto at = from_rfc3339(world.at()))
    at_ms_ = std::chrono::floor<std::chrono::milliseconds>(at->time_since_epoch()).count();
  const Renames renames(intent);
  for (const proto::PartState &state : facts.parts())
    for (const proto::Instance &instance : state.part().instances()) {
      if (state.part().stack() != intent.stack() || !instance.has_lease())
        continue;
      Before &before = before_[{renames.now(instance.workload()), instance.replica()}];
      if (before.lease.token() < instance.lease().token())
        before = {instance.lease(), state.part().node()};
    }
}

std::vector<std::string> Leases::choose(const std::string &name) const {
  std::vector<std::pair<std::string, const proto::Node *>> order;
  for (const proto::Node &node : world_.nodes())
    order.emplace_back(sha256(name + " " + node.name()), &node);
  std::sort(order.begin(), order.end());
  std::vector<std::string> chosen;
  std::set<std::string> sites;
  for (const bool elsewhere : {true, false})
    for (const auto &[digest, node] : order)
      if (chosen.size() < lease_granters &&
          std::find(chosen.begin(), chosen.end(), node->name()) == chosen.end() &&
          (!elsewhere || sites.insert(node->site()).second))
        chosen.push_back(node->name());
  std::sort(chosen.begin(), chosen.end());
  return chosen;
}

std::optional<proto::Lease> Leases::of(const std::string &workload, const Wanted &replica) const {
  if (intent_.workloads(static_cast<int>(replica.workload)).partition() != "stop")
    return std::nullopt;
  const auto before = before_.find({workload, replica.number});
  if (before != before_.end()) {
    proto::Lease lease = before->second.lease;
    if (before->second.node != replica.node)
      lease.set_token(std::max<uint64_t>(static_cast<uint64_t>(at_ms_), lease.token() + 1));
    return lease;
  }
  if (world_.nodes_size() < static_cast<int>(lease_granters))
    return std::nullopt;
  proto::Lease lease;
  lease.set_name(intent_.stack() + "/" + workload + "/" + std::to_string(replica.number));
  lease.set_token(static_cast<uint64_t>(std::max<int64_t>(at_ms_, 1)));
  lease.set_duration_ms(usual_ms);
  for (const std::string &node : choose(lease.name()))
    lease.add_granters(node);
  return lease;
}

} // namespace nemo::compiler
