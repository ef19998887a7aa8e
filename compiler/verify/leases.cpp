#include "compiler/verify/leases.h"

#include <fmt/format.h>

#include "base/clock.h"
#include "base/digest.h"

namespace nemo::verify {

namespace {

/// The first by digest of each site, then whoever is next.
std::set<std::string> three_of(const World &world, const std::string &name) {
  std::map<std::string, std::string> by_digest;
  for (const auto &[node, facts] : world.nodes)
    by_digest.emplace(sha256(fmt::format("{} {}", name, node)), node);
  std::set<std::string> three, sites;
  for (const auto &[digest, node] : by_digest)
    if (three.size() < 3 && sites.insert(world.nodes.at(node).site()).second)
      three.insert(node);
  for (const auto &[digest, node] : by_digest)
    if (three.size() < 3)
      three.insert(node);
  return three;
}

} // namespace

std::optional<proto::Lease> lease_of(const Case &subject, const Replica &replica) {
  if (replica.workload->partition() != "stop")
    return std::nullopt;
  const proto::Fleet &facts = subject.plan.facts();
  const auto at = from_rfc3339(facts.at());
  const auto now = static_cast<uint64_t>(
      at ? std::chrono::floor<std::chrono::milliseconds>(at->time_since_epoch()).count() : 0);
  const proto::Instance *last = nullptr;
  std::string where;
  for (const proto::PartState &state : facts.parts())
    if (state.part().stack() == subject.plan.stack())
      for (const proto::Instance &told : state.part().instances())
        if (told.replica() == replica.number && told.lease().token() != 0 &&
            subject.moves.name_of_now(told.workload()) == replica.workload->name() &&
            (!last || last->lease().token() < told.lease().token())) {
          last = &told;
          where = state.part().node();
        }
  proto::Lease lease;
  if (last) {
    lease = last->lease();
    if (where != replica.node)
      lease.set_token(now > lease.token() ? now : lease.token() + 1);
    return lease;
  }
  lease.set_name(subject.plan.stack() + "/" + replica.name());
  const std::set<std::string> three = three_of(subject.world, lease.name());
  if (three.size() < 3)
    return std::nullopt;
  lease.set_token(now == 0 ? 1 : now);
  lease.set_duration_ms(4'000);
  for (const std::string &node : three)
    lease.add_granters(node);
  return lease;
}

} // namespace nemo::verify
