// Who waits must wait: nobody below could have made room. Only what can be seen one node at a time
// is checked; that no other placement of everybody has more room nobody claims.
#include "compiler/verify/waiting.h"

#include <algorithm>
#include <array>
#include <set>

#include <fmt/format.h>

#include "compiler/explain/texts.h"
#include "compiler/verify/cordons.h"
#include "compiler/verify/exclusive.h"
#include "compiler/verify/overcommit.h"
#include "compiler/verify/rooms.h"
#include "compiler/verify/spreading.h"

namespace nemo::verify {

std::map<std::string, uint64_t> ranks(const proto::Intent &intent) {
  std::map<std::string, uint64_t> rank;
  std::map<std::string, const proto::Workload *> blocks;
  std::set<std::string> open;
  for (const proto::Workload &workload : intent.workloads()) {
    rank[workload.name()] = workload.has_priority() ? workload.priority() : never_waits;
    blocks[workload.name()] = &workload;
    open.insert(workload.name());
  }
  while (!open.empty()) {
    const std::string name = *open.begin();
    open.erase(open.begin());
    auto raise = [&](const std::string &needed) {
      const auto known = rank.find(needed);
      if (known == rank.end() || known->second >= rank[name])
        return;
      known->second = rank[name];
      open.insert(needed);
    };
    for (const std::string &needed : blocks[name]->after())
      raise(needed);
    for (const proto::Affinity &affinity : blocks[name]->place().affinities())
      if (!affinity.anti())
        raise(affinity.to());
  }
  return rank;
}

std::map<std::string, uint32_t> guaranteed(const Case &subject,
                                           const std::map<std::string, uint64_t> &ranks) {
  const proto::Intent &intent = subject.plan.intent();
  std::map<std::string, uint32_t> result;
  for (const proto::Tenant &tenant : intent.tenants()) {
    if (!tenant.has_guarantee())
      continue;
    std::vector<const proto::Workload *> own;
    for (const proto::Workload &workload : intent.workloads())
      if (workload.tenant() == tenant.name())
        own.push_back(&workload);
    std::stable_sort(own.begin(), own.end(), [&](const auto *a, const auto *b) {
      return ranks.at(a->name()) > ranks.at(b->name());
    });
    const Amounts most = amounts(tenant.guarantee());
    Amounts used{};
    for (const proto::Workload *workload : own) {
      const bool together = workload->gang() && ranks.at(workload->name()) != never_waits;
      const uint32_t all = workload->replicas_min(), step = together ? all : 1;
      for (uint32_t number = 0; number < all; number += step) {
        Amounts with = used;
        const Amounts each = amounts(workload->resources(), workload->mounts());
        bool inside = true;
        uint32_t open = 0;
        for (uint32_t i = number; i < number + step; ++i)
          open += !subject.is_over(workload->name(), i);
        for (size_t i = 0; i < 4; ++i) {
          with[i] += each[i] * open;
          inside &= most[i] == 0 || with[i] <= most[i];
        }
        if (!inside)
          break;
        used = with;
        result[workload->name()] += step;
      }
    }
  }
  return result;
}

namespace {

class Waiting {
public:
  Waiting(const Case &subject, Faults &faults)
      : subject_(subject), claims_(subject), cordons_(subject), faults_(faults),
        rank_(ranks(subject.plan.intent())), guaranteed_(guaranteed(subject, rank_)),
        used_(held_by_others(subject)), ports_(ports_of_others(subject)) {
    for (const proto::Workload &workload : subject.plan.intent().workloads())
      for (const proto::Affinity &affinity : workload.place().affinities())
        bonded_.insert({workload.name(), affinity.to()});
    simple_ = !accepted_risk(subject.plan.intent());
    for (const proto::Workload &other : subject.plan.intent().workloads())
      simple_ &= !other.place().exclusive() && other.survive().empty() &&
                 other.resources().hours().empty();
    for (const There &one : subject.there)
      there_.insert(one.workload);
    for (const Replica &replica : subject.replicas) {
      on_node_[replica.node].push_back(&replica);
      used_[replica.node] += amounts(replica.workload->resources(), replica.workload->mounts());
    }
  }

  void run() {
    google::protobuf::RepeatedPtrField<proto::Waiting> expected;
    const proto::Intent &written = subject_.plan.intent();
    for (int w = 0; w < written.workloads_size(); ++w) {
      const proto::Workload &whole = written.workloads(w);
      const uint32_t all = whole.replicas_min();
      const uint32_t placed = subject_.intent.workloads(w).replicas_min();
      if (subject_.plan.destroy() || subject_.selective || placed >= all)
        continue;
      std::array<uint32_t, 2> open{}; ///< placed, waiting
      for (uint32_t number = 0; number < all; ++number)
        open[number >= placed] += !subject_.is_over(whole.name(), number);
      if (whole.gang() && open[0] != 0)
        faults_.at(
            diag::N0713,
            fmt::format("{} of the {} replicas of gang {} are placed", open[0], all, whole.name()),
            whole.span());
      for (uint32_t number = placed; number < all; ++number) {
        if (subject_.is_over(whole.name(), number))
          continue;
        proto::Waiting &entry = *expected.Add();
        entry.set_workload(whole.name());
        entry.set_replica(number);
        entry.set_reason(
            explain::waiting_reason(rank_.at(whole.name()), whole.gang() ? open[1] : 1));
      }
      if (judged(whole))
        check_must(subject_.intent.workloads(w), placed);
    }
    faults_.compare_lists(diag::N0713, "waiting", subject_.plan.waiting(), expected);
  }

private:
  /// Whether what one node shows decides about it.
  bool judged(const proto::Workload &workload) const {
    return simple_ && !(workload.gang() && workload.replicas_min() > 1) &&
           !bonded_.count(workload.name()) && workload.resources().gpu_milli() == 0 &&
           workload.resources().devices().empty() &&
           !there_.count(workload.name()); // its data may hold it
  }

  /// What counts of a replica when it is compared with others.
  using Turn = std::pair<bool, uint64_t>; ///< within a guarantee, priority
  Turn turn(const std::string &name, uint32_t number) const {
    const auto known = guaranteed_.find(name);
    return {known != guaranteed_.end() && number < known->second, rank_.at(name)};
  }

  /// Those that would give room on a node, and how much of it.
  struct Givers {
    std::set<const Replica *> replicas;
    Amounts amounts{};
  };

  /// The last replicas on the node of what is below.
  const Givers &givers(const std::string &node, const Turn &above) {
    const auto [known, fresh] = givers_.try_emplace({node, above});
    const auto here = on_node_.find(node);
    if (!fresh || here == on_node_.end())
      return known->second;
    Givers &list = known->second;
    std::map<std::string, uint32_t> next;
    for (bool more = true; more;) {
      more = false;
      for (const Replica *one : here->second) {
        const proto::Workload &block = *one->workload;
        const std::string &name = block.name();
        uint32_t last = next.try_emplace(name, block.replicas_min()).first->second - 1;
        while (last > 0 && subject_.is_over(name, last))
          --last;
        if (one->number != last || list.replicas.count(one) || rank_.at(name) == never_waits ||
            bonded_.count(name) || (block.gang() && block.replicas_min() > 1) ||
            !(turn(name, one->number) < above))
          continue;
        list.replicas.insert(one);
        list.amounts += amounts(block.resources(), block.mounts());
        next[name] = last;
        more = last > 0;
      }
    }
    return list;
  }

  bool has_amounts(const Amounts &need, const std::string &node, const Amounts &freed) const {
    const auto have = capacity(*subject_.world.at(node).node);
    const auto used = used_.find(node);
    for (size_t i = 0; i < need.size(); ++i) {
      if (need[i] == 0 || (!have[i] && i == 4))
        continue;
      if (!have[i] || (used == used_.end() ? 0 : used->second[i] - freed[i]) + need[i] > *have[i])
        return false;
    }
    return true;
  }

  bool admits(const proto::Workload &workload, const std::string &node,
              const std::set<const Replica *> &without) const {
    std::set<uint32_t> ports;
    if (const auto here = on_node_.find(node); here != on_node_.end())
      for (const Replica *one : here->second)
        if (!without.count(one) && one->workload->network() != "own")
          for (const proto::Port &port : one->workload->ports())
            ports.insert(port.number());
    if (workload.network() != "own")
      for (const proto::Port &port : workload.ports())
        if (port.number() != 0 &&
            (ports.count(port.number()) || ports_.count({node, port.number()})))
          return false;
    if (!workload.place().spread().empty()) {
      std::vector<std::string> nodes = {node};
      for (const Replica &sibling : subject_.replicas)
        if (sibling.workload->name() == workload.name())
          nodes.push_back(sibling.node);
      if (!Spreading(subject_, workload).allows(nodes))
        return false;
    }
    return claims_.admit(workload, node) && !cordons_.close(workload, node);
  }

  void check_must(const proto::Workload &workload, uint32_t number) {
    const Turn above = turn(workload.name(), number);
    const Amounts need = amounts(workload.resources(), workload.mounts());
    // Many ask for the same, and mostly no node has it.
    const auto [nodes, fresh] = with_room_.try_emplace({need, above});
    if (fresh)
      for (const auto &[node, facts] : subject_.world.nodes)
        if (has_amounts(need, node, givers(node, above).amounts))
          nodes->second.push_back(node);
    for (const std::string &node : nodes->second) {
      const std::set<const Replica *> &without = givers(node, above).replicas;
      if (!admits(workload, node, without))
        continue;
      std::string instead;
      for (const Replica *one : without)
        instead += (instead.empty() ? "" : ", ") + one->name();
      faults_.at(
          diag::N0713,
          instead.empty()
              ? fmt::format("{}/{} waits, and {} has room for it", workload.name(), number, node)
              : fmt::format("{}/{} waits, and {} has room for it without {}, which comes "
                            "after it",
                            workload.name(), number, node, instead),
          workload.span());
      return;
    }
  }

  const Case &subject_;
  const Claims claims_;
  const Cordons cordons_;
  Faults &faults_;
  std::map<std::string, uint64_t> rank_;
  std::map<std::string, uint32_t> guaranteed_;
  std::map<std::string, Amounts> used_; ///< by others and by this plan
  std::map<std::pair<std::string, Turn>, Givers> givers_;
  std::map<std::pair<Amounts, Turn>, std::vector<std::string>> with_room_;
  bool simple_ = true; ///< nothing in the stack that one node does not show
  std::map<std::pair<std::string, uint32_t>, std::string> ports_;
  std::set<std::string> bonded_, there_;
  std::map<std::string, std::vector<const Replica *>> on_node_;
};

} // namespace

void check_waiting(const Case &subject, Faults &faults) { Waiting(subject, faults).run(); }

} // namespace nemo::verify
