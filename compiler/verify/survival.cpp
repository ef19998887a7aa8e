// Every loss is followed through: what stands there is gone, and those of it that are to survive
// are placed again, those with the fewest nodes that have room first, then the larger, each on the
// first node by name; who finds none tries again as long as others found one.
#include "compiler/verify/survival.h"

#include <algorithm>
#include <tuple>

#include <fmt/format.h>

#include "compiler/explain/texts.h"
#include "compiler/verify/closeness.h"
#include "compiler/verify/cordons.h"
#include "compiler/verify/desired.h"
#include "compiler/verify/devices.h"
#include "compiler/verify/exclusive.h"
#include "compiler/verify/hours.h"
#include "compiler/verify/rooms.h"
#include "compiler/verify/spreading.h"

namespace nemo::verify {

namespace {

/// "node" and a node's name, or "site" and a site's.
using Loss = std::pair<std::string, std::string>;

/// All of its replicas are planned: of a part nothing is promised.
bool is_promised(const Case &subject, const proto::Workload &workload) {
  if (workload.survive().empty() || workload.replicas_min() == 0)
    return false;
  for (uint32_t number = 0; number < workload.replicas_min(); ++number)
    if (!subject.takes(workload.name(), number) && !subject.is_over(workload.name(), number))
      return false;
  return true;
}

std::map<Loss, std::vector<size_t>> losses(const Case &subject) {
  std::map<const proto::Workload *, bool> promised;
  std::map<Loss, std::vector<size_t>> taken;
  for (size_t i = 0; i < subject.replicas.size(); ++i) {
    const Replica &replica = subject.replicas[i];
    const auto [known, fresh] = promised.try_emplace(replica.workload, false);
    if (fresh)
      known->second = is_promised(subject, *replica.workload);
    if (!known->second)
      continue;
    taken[{"node", replica.node}].push_back(i);
    if (replica.workload->survive() == "site")
      taken[{"site", spread_group(subject.world.at(replica.node), "site")}].push_back(i);
  }
  return taken;
}

class Following {
public:
  explicit Following(const Case &subject)
      : subject_(subject), claims_(subject), cordons_(subject), closeness_(subject.world),
        taken_(ports_of_others(subject)) {
    for (const proto::Workload &workload : subject.intent.workloads())
      columns_.hourly |= !workload.resources().hours().empty();
    columns_.named = named_devices(subject.intent);
    for (const auto &[node, spec] : specs_of_others(subject))
      others_[node] += Row(*spec, false, columns_);
    for (const Replica &replica : subject.replicas) {
      at_.push_back(replica.node);
      put(at_.size() - 1, replica.node);
    }
    for (const There &one : subject.frozen)
      if (!one.retiring && subject.world.nodes.count(one.node))
        left_[one.workload].push_back(one.node);
    for (const proto::Workload &workload : subject.intent.workloads())
      for (const proto::Affinity &affinity : workload.place().affinities())
        if (affinity.anti())
          shunned_by_[affinity.to()].emplace_back(workload.name(), &affinity);
  }

  /// Those that find no room; everything is as before then.
  std::vector<size_t> stranded(const Loss &loss, std::vector<size_t> lost) {
    const std::vector<std::string> before = at_;
    gone_.clear();
    for (const auto &[name, node] : subject_.world.nodes)
      if (loss.second == (loss.first == "site" ? node.site() : name))
        gone_.insert(name);
    for (size_t i = 0; i < at_.size(); ++i)
      if (gone_.count(at_[i]))
        lift(i);
    std::map<const proto::Workload *, size_t> room;
    for (size_t i : lost)
      if (const auto [known, fresh] = room.try_emplace(subject_.replicas[i].workload, 0); fresh)
        for (const auto &[name, node] : subject_.world.nodes)
          known->second += fits(i, name);
    auto before_others = [&](size_t a, size_t b) {
      const Amounts &one = need(a).most, &other = need(b).most;
      return std::tie(room[subject_.replicas[a].workload], other, a) <
             std::tie(room[subject_.replicas[b].workload], one, b);
    };
    std::sort(lost.begin(), lost.end(), before_others);
    for (size_t open = lost.size() + 1; open != lost.size();) {
      open = lost.size();
      std::erase_if(lost, [&](size_t i) {
        for (const auto &[name, node] : subject_.world.nodes)
          if (fits(i, name)) {
            put(i, name);
            return true;
          }
        return false;
      });
    }
    for (size_t i = 0; i < at_.size(); ++i)
      if (at_[i] != before[i]) {
        if (!at_[i].empty())
          lift(i);
        put(i, before[i]);
      }
    return lost;
  }

private:
  struct Need {
    Amounts most; ///< of the day
    Row row;
  };
  const Need &need(size_t i) {
    const proto::Workload *workload = subject_.replicas[i].workload;
    const auto [known, fresh] = needs_.try_emplace(workload);
    if (fresh) {
      known->second.most = amounts(workload->resources(), workload->mounts());
      const HourlyAmount most = peak(day_of(workload->resources()));
      known->second.most[0] = most.cpu;
      known->second.most[1] = most.memory;
      known->second.row = Row(lowered(subject_.intent, *workload), false, columns_);
    }
    return known->second;
  }

  void put(size_t i, const std::string &node) {
    at_[i] = node;
    on_[node].insert(i);
    of_[subject_.replicas[i].workload->name()].insert(i);
    std::vector<Amount> &used = used_[node];
    used.resize(columns_.size());
    for (size_t k = 0; k < columns_.size(); ++k)
      used[k] += need(i).row.at(k);
  }
  void lift(size_t i) {
    for (size_t k = 0; k < columns_.size(); ++k)
      used_[at_[i]][k] -= need(i).row.at(k);
    on_[at_[i]].erase(i);
    of_[subject_.replicas[i].workload->name()].erase(i);
    at_[i].clear();
  }

  bool fits(size_t i, const std::string &node) {
    return !gone_.count(node) && has_room(i, node) && may_share(i, node) && is_apart(i, node) &&
           is_allowed(i, node) && is_near(i, node);
  }

  bool is_allowed(size_t i, const std::string &node) {
    const proto::Workload &workload = *subject_.replicas[i].workload;
    const auto [known, fresh] = allowed_.try_emplace({&workload, node}, false);
    if (fresh) {
      const Place place = subject_.world.at(node);
      known->second = claims_.admit(workload, node) &&
                      !wants_other_devices(workload.resources(), *place.node) &&
                      (workload.survive() != "site" || !spread_group(place, "site").empty());
    }
    return known->second && !cordons_.close(workload.name(), subject_.replicas[i].number, node);
  }

  bool has_room(size_t i, const std::string &node) {
    const auto [known, fresh] = has_.try_emplace(node);
    if (fresh)
      known->second = capacities(*subject_.world.at(node).node, columns_);
    const std::vector<std::optional<uint64_t>> &has = known->second;
    const Row &row = need(i).row;
    std::vector<Amount> &used = used_[node];
    used.resize(columns_.size());
    for (size_t k = 0; k < has.size(); ++k) {
      if (row.at(k) == 0 || (!has[k] && k == 4))
        continue; // a limit: where a node does not say, it is not what runs out
      if (!has[k] || row.at(k) + used[k] + others_[node].at(k) > *has[k])
        return false;
    }
    return true;
  }

  bool may_share(size_t i, const std::string &node) {
    const proto::Workload *own = subject_.replicas[i].workload;
    return std::all_of(on_[node].begin(), on_[node].end(), [&](size_t other) {
      const proto::Workload *there = subject_.replicas[other].workload;
      return there == own || !(own->place().exclusive() || there->place().exclusive());
    });
  }

  bool is_apart(size_t i, const std::string &node) {
    const proto::Workload &workload = *subject_.replicas[i].workload;
    if (workload.network() != "own")
      for (const proto::Port &port : workload.ports()) {
        if (port.number() == 0)
          continue;
        if (taken_.count({node, port.number()}))
          return false;
        for (size_t other : on_[node]) {
          const proto::Workload &there = *subject_.replicas[other].workload;
          for (const proto::Port &theirs : there.ports())
            if (there.network() != "own" && theirs.number() == port.number())
              return false;
        }
      }
    if (workload.place().spread().empty() || workload.replicas_min() < 2)
      return true;
    std::vector<std::string> nodes = {node};
    for (size_t sibling : of_[workload.name()])
      nodes.push_back(at_[sibling]);
    return spreading_.try_emplace(&workload, subject_, workload).first->second.allows(nodes);
  }

  /// Whether nobody, or somebody, of a workload is as close to the node as the affinity says.
  bool agrees(const proto::Affinity &affinity, const std::string &of, const std::string &node) {
    bool near = false, unknown = false;
    auto look = [&](const std::string &other) {
      const std::optional<bool> is = closeness_.between(affinity, node, other);
      near |= is.value_or(false);
      unknown |= !is;
    };
    for (size_t other : of_[of])
      look(at_[other]);
    for (const std::string &other : left_[of])
      if (!gone_.count(other))
        look(other);
    const bool somewhere = affinity.within_ns() != 0 ||
                           !spread_group(subject_.world.at(node), affinity.within()).empty();
    return somewhere && (affinity.anti() ? !near && !unknown : near);
  }

  bool is_near(size_t i, const std::string &node) {
    const proto::Workload &workload = *subject_.replicas[i].workload;
    return std::all_of(workload.place().affinities().begin(), workload.place().affinities().end(),
                       [&](const proto::Affinity &affinity) {
                         return agrees(affinity, affinity.to(), node);
                       }) &&
           std::all_of(shunned_by_[workload.name()].begin(), shunned_by_[workload.name()].end(),
                       [&](const auto &by) { return agrees(*by.second, by.first, node); });
  }

  const Case &subject_;
  const Claims claims_;
  const Cordons cordons_;
  Closeness closeness_;
  Columns columns_; ///< by hour, where some workload takes more at some than at others
  std::map<std::string, Row> others_;
  std::map<std::string, std::vector<Amount>> used_;
  std::map<std::string, std::vector<std::optional<uint64_t>>> has_;
  std::map<const proto::Workload *, Need> needs_;
  std::vector<std::string> at_;                     ///< by replica; empty: nowhere
  std::map<std::string, std::set<size_t>> on_, of_; ///< by node, by workload
  const std::map<std::pair<std::string, uint32_t>, std::string> taken_; ///< ports of who stays
  std::map<std::string, std::vector<std::string>> left_; ///< nodes of replicas left as they are
  std::map<std::string, std::vector<std::pair<std::string, const proto::Affinity *>>> shunned_by_;
  std::map<std::pair<const proto::Workload *, std::string>, bool> allowed_;
  std::set<std::string> gone_;
  std::map<const proto::Workload *, Spreading> spreading_;
};

} // namespace

void check_survival(const Case &subject, Faults &faults) {
  const std::map<Loss, std::vector<size_t>> taken = losses(subject);
  if (taken.empty())
    return;
  Following following(subject);
  for (const auto &[loss, lost] : taken) {
    if (loss.second.empty()) {
      const Replica &replica = subject.replicas[lost.front()];
      faults.at(diag::N0715,
                fmt::format("{} is to survive the loss of a site, and that of {} is unknown",
                            replica.name(), replica.node),
                replica.workload->survive_span());
      continue;
    }
    for (size_t i : following.stranded(loss, lost)) {
      const Replica &replica = subject.replicas[i];
      faults.at(diag::N0715,
                fmt::format("after the loss of {} {} there is no room for {}", loss.first,
                            loss.second, replica.name()),
                replica.workload->survive_span());
    }
  }
}

std::map<std::string, proto::Expectation> promises(const Case &subject) {
  const std::map<Loss, std::vector<size_t>> taken = losses(subject);
  std::map<std::string, std::pair<size_t, Loss>> worst;
  for (const auto &[loss, lost] : taken) // of equals the first by name
    for (size_t i : lost) {
      const proto::Workload &workload = *subject.replicas[i].workload;
      auto &[most, which] = worst[workload.name()];
      if (workload.survive() == loss.first && lost.size() > most) {
        most = lost.size();
        which = loss;
      }
    }
  std::map<std::string, proto::Expectation> list;
  for (const proto::Workload &workload : subject.intent.workloads())
    if (const auto found = worst.find(workload.name()); found != worst.end()) {
      const auto &[most, loss] = found->second;
      proto::Expectation &promise = list[workload.name()];
      promise.set_object("workload." + workload.name());
      promise.set_target("survive = " + workload.survive());
      promise.set_name("survive");
      promise.set_verb("require");
      *promise.mutable_span() = workload.survive_span();
      promise.set_met(true);
      promise.set_detail(explain::survives(loss.first, loss.second, most));
    }
  return list;
}

} // namespace nemo::verify
