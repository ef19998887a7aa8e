#include "compiler/verify/balance.h"

#include <algorithm>

#include "compiler/verify/hours.h"
#include "compiler/verify/rooms.h"

namespace nemo::verify {

uint64_t balance_asked(const proto::Intent &intent) {
  uint64_t most = 0;
  for (const proto::Objective &objective : intent.objectives())
    most = std::max(most, objective.balance_neur_per_core_hour());
  return most;
}

std::optional<int64_t> imbalance(const Case &subject) {
  static constexpr Amount largest = Amount{1} << 52; // products of sums stay below 2^128
  const auto bounded = [](Amount amount) { return std::min<Amount>(amount, largest); };
  const auto reserved = [](const proto::Resources &resources) {
    return mean_of_day(resources).cpu_millicores();
  };
  std::map<std::string, Amount> own, others;
  Amount load = 0, all = 0;
  for (const Replica &replica : subject.replicas) {
    own[replica.node] += reserved(replica.workload->resources());
    load += bounded(reserved(replica.workload->resources()));
  }
  for (const auto &[node, spec] : specs_of_others(subject))
    others[node] += reserved(spec->resources());
  for (const auto &[name, node] : subject.world.nodes) {
    load += bounded(others[name]);
    all += bounded(node.cpu_millicores());
  }
  Amount above = 0;
  for (const auto &[name, amount] : own) {
    const Amount has = bounded(subject.world.at(name).node->cpu_millicores());
    const Amount even = all == 0 ? 0 : (has * load + all - 1) / all; // whole millicores
    const Amount taken = bounded(others[name]), left = even > taken ? even - taken : 0;
    above += amount > left ? amount - left : 0;
  }
  if (above > largest)
    return std::nullopt;
  const Amount paid = (above * balance_asked(subject.intent) + 500'000) / 1'000'000;
  return paid > INT64_MAX ? std::nullopt : std::optional(static_cast<int64_t>(paid));
}

} // namespace nemo::verify
