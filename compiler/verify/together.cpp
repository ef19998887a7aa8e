// What stands on one node together, and what belongs together across nodes. Room is what a node
// has, less what other stacks were given there as far as the plan's facts tell.
#include "compiler/explain/texts.h"
#include "compiler/verify/closeness.h"
#include "compiler/verify/data.h"
#include "compiler/verify/exclusive.h"
#include "compiler/verify/hours.h"
#include "compiler/verify/overcommit.h"
#include "compiler/verify/rooms.h"
#include "compiler/verify/sharing.h"
#include "compiler/verify/spreading.h"
#include "compiler/verify/there.h"

#include <fmt/format.h>

namespace nemo::verify {

namespace {

std::string text(unsigned __int128 value) {
  return value > UINT64_MAX ? "more than 2^64" : std::to_string(static_cast<uint64_t>(value));
}

void check_room(const Case &subject, bool by_hour, bool overcommitted, Faults &faults) {
  std::map<std::string, Amounts> others = held_by_others(subject), own;
  for (const Replica &replica : subject.replicas) {
    const Amounts need = amounts(replica.workload->resources(), replica.workload->mounts());
    for (size_t i = 0; i < need.size(); ++i)
      own[replica.node][i] += need[i];
  }
  for (const auto &[name, need] : own) {
    const auto have = capacity(*subject.world.at(name).node);
    for (size_t i = 0; i < need.size(); ++i) {
      if (need[i] == 0 || (i < 2 && by_hour) || (i == 0 && overcommitted))
        continue;
      if (!have[i] && i == 4)
        continue; // a limit and no reservation: where a node does not say, it is not what runs out
      if (!have[i])
        faults.add(diag::N0715, fmt::format("{} needs {} of {}, and what it has is unknown", name,
                                            text(need[i]), amount_names[i]));
      else if (need[i] + others[name][i] > *have[i])
        faults.add(diag::N0715,
                   fmt::format("{} has {} of {}; this plan puts {} there beside {} of other stacks",
                               name, *have[i], amount_names[i], text(need[i]),
                               text(others[name][i])));
    }
  }
}

void check_named_devices(const Case &subject, Faults &faults) {
  std::map<std::pair<std::string, std::string>, Amount> used; ///< by node, name
  const auto add = [&](const std::string &node, const proto::Resources &resources) {
    for (const proto::NamedDevice &device : resources.devices())
      used[{node, device.name()}] += device.count();
  };
  for (const Replica &replica : subject.replicas)
    add(replica.node, replica.workload->resources());
  const auto asked = used;
  for (const auto &[node, spec] : specs_of_others(subject))
    add(node, spec->resources());
  for (const auto &[key, own] : asked) {
    const auto &[node, name] = key;
    const uint64_t has = devices_named(subject.world.at(node).node->devices(), name);
    if (used[key] > has)
      faults.add(diag::N0715,
                 fmt::format("{} has {} {}; this plan puts {} there beside {} of other stacks",
                             node, has, name, text(own), text(used[key] - own)));
  }
}

/// Whether any workload takes more at some hours than at others.
bool differs_by_hour(const Case &subject) {
  return std::any_of(
      subject.intent.workloads().begin(), subject.intent.workloads().end(),
      [](const proto::Workload &workload) { return !workload.resources().hours().empty(); });
}

void check_ports(const Case &subject, Faults &faults) {
  std::map<std::pair<std::string, uint32_t>, std::string> taken = ports_of_others(subject);
  for (const Replica &replica : subject.replicas) {
    if (replica.workload->network() == "own")
      continue;
    for (const proto::Port &port : replica.workload->ports()) {
      if (port.number() == 0)
        continue;
      const auto [entry, fresh] = taken.try_emplace({replica.node, port.number()}, replica.name());
      if (!fresh)
        faults.at(diag::N0715,
                  fmt::format("port {} on {} is wanted by {} and taken by {}", port.number(),
                              replica.node, replica.name(), entry->second),
                  port.span());
    }
  }
}

void check_affinities(const Case &subject, Faults &faults) {
  std::map<std::string, std::vector<std::string>> nodes_of;
  for (const Replica &replica : subject.replicas)
    nodes_of[replica.workload->name()].push_back(replica.node);
  const auto planned = nodes_of;
  for (const There &one : subject.frozen)
    if (!one.retiring && subject.world.nodes.count(one.node))
      nodes_of[one.workload].push_back(one.node);
  Closeness closeness(subject.world);
  auto check = [&](const proto::Affinity &affinity, const std::string &name,
                   const std::string &node, const std::vector<std::string> &others) {
    bool near = false, unknown = false;
    for (const std::string &other : others) {
      const std::optional<bool> is = closeness.between(affinity, node, other);
      near |= is.value_or(false);
      unknown |= !is;
    }
    if (affinity.anti() ? near || unknown : !near)
      faults.at(diag::N0715,
                fmt::format("{} on {} is to be {} {} within {}, and is not", name, node,
                            affinity.anti() ? "apart from" : "near", affinity.to(),
                            explain::within(affinity)),
                affinity.span());
  };
  for (const Replica &replica : subject.replicas)
    for (const proto::Affinity &affinity : replica.workload->place().affinities())
      check(affinity, replica.name(), replica.node, nodes_of[affinity.to()]);
  // Two that both stay are not what this plan decides.
  for (const auto &[one, affinity] : bystanders(subject))
    if (const auto to = planned.find(affinity->to()); to != planned.end())
      check(*affinity, one->name(), one->node, affinity->anti() ? to->second : nodes_of[to->first]);
}

void check_quotas(const Case &subject, Faults &faults) {
  for (const proto::Tenant &tenant : subject.intent.tenants()) {
    Amounts used{};
    std::array<std::array<Amount, 2>, 24> by_hour{};
    for (const Replica &replica : subject.replicas)
      if (replica.workload->tenant() == tenant.name()) {
        used += amounts(replica.workload->resources(), replica.workload->mounts());
        const Day day = day_of(replica.workload->resources());
        for (size_t hour = 0; hour < day.size(); ++hour) {
          by_hour[hour][0] += day[hour].cpu;
          by_hour[hour][1] += day[hour].memory;
        }
      }
    used[0] = used[1] = 0;
    for (const auto &hour : by_hour)
      for (size_t i : {0, 1})
        used[i] = std::max(used[i], hour[i]);
    const Amounts quota = amounts(tenant.quota());
    for (size_t i = 0; i < quota.size(); ++i)
      if (quota[i] != 0 && used[i] > quota[i])
        faults.at(diag::N0715,
                  fmt::format("tenant {} may use {} of {}; the plan gives it {}", tenant.name(),
                              text(quota[i]), amount_names[i], text(used[i])),
                  tenant.span());
  }
}

} // namespace

void check_together(const Case &subject, Faults &faults) {
  const bool by_hour = differs_by_hour(subject);
  const std::optional<uint64_t> risk = accepted_risk(subject.intent);
  const bool shared = shares_in_time(subject);
  check_room(subject, by_hour || shared, risk.has_value(), faults);
  if (risk)
    for (const std::string &why : overfull(subject, *risk))
      faults.add(diag::N0715, why);
  if (by_hour || shared)
    check_moments(subject, faults);
  check_devices(subject, faults);
  check_named_devices(subject, faults);
  check_ports(subject, faults);
  check_spread(subject, faults);
  check_affinities(subject, faults);
  check_exclusive(subject, faults);
  check_data(subject, faults);
  check_quotas(subject, faults);
}

} // namespace nemo::verify
