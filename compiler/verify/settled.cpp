// A replica that moved to save cost could have stayed: nothing removes its old node, and there is
// still room for it there beside all that the plan puts there.
#include "compiler/verify/settled.h"

#include <algorithm>

#include <fmt/format.h>

#include "base/clock.h"
#include "compiler/explain/texts.h"
#include "compiler/verify/cordons.h"
#include "compiler/verify/desired.h"
#include "compiler/verify/exclusive.h"
#include "compiler/verify/overcommit.h"
#include "compiler/verify/rooms.h"
#include "compiler/verify/runs.h"
#include "compiler/verify/spreading.h"

namespace nemo::verify {

namespace {

using std::chrono::hours;
using std::chrono::milliseconds;

class Settled {
public:
  explicit Settled(const Case &subject)
      : subject_(subject), runs_(subject), claims_(subject), cordons_(subject) {
    std::map<std::tuple<std::string, uint32_t, std::string, std::string>, std::string> arrivals;
    for (const proto::Running &one : subject.plan.facts().running())
      if (one.stack() == subject.plan.stack())
        arrivals[{one.workload(), one.replica(), one.node(), one.revision()}] = one.since();
    const auto at = from_rfc3339(subject.plan.facts().at());
    for (const There &there : subject.there) {
      if (there.retiring || there.over || !subject.world.nodes.count(there.node))
        continue;
      const auto since =
          from_rfc3339(arrivals[{there.reported_as, there.replica, there.node, there.revision}]);
      Home home{there.node, std::nullopt};
      if (at && since)
        home.ago = std::chrono::duration_cast<milliseconds>(*at - *since).count();
      homes_.try_emplace({there.workload, there.replica}, home);
    }
    for (const auto &[unit, home] : homes_)
      recent_ += home.ago && *home.ago < milliseconds(hours(1)).count();
    for (const proto::Objective &objective : subject.intent.objectives())
      if (objective.has_max_moves_per_hour())
        most_ = most_ ? std::min(*most_, objective.max_moves_per_hour())
                      : objective.max_moves_per_hour();
  }

  std::string dwells(const Replica &replica) const {
    if (std::string begun = runs_.begun(replica); !begun.empty())
      return begun;
    const Home *home = home_of(replica);
    const uint64_t dwell = replica.workload->dwell_ms();
    if (!home || dwell == 0 || (home->ago && *home->ago >= static_cast<int64_t>(dwell)))
      return {};
    return explain::dwells(home->ago, dwell);
  }

  /// Replicas that stand somewhere else than they did, and others that have arrived in the hour.
  uint64_t arriving() const {
    uint64_t count = recent_;
    for (const Replica &replica : subject_.replicas)
      count += moved(replica);
    return count;
  }
  std::optional<uint32_t> most() const { return most_; }

  Stays stays() const {
    Stays result;
    uint64_t moving = 0;
    for (const Replica &replica : subject_.replicas) {
      const Home *home = home_of(replica);
      result.homes.push_back(home ? home->node : "");
      result.held.push_back(home && !moved(replica) && !dwells(replica).empty());
      moving += moved(replica);
    }
    if (most_)
      result.moves = std::max(moving, *most_ - std::min<uint64_t>(*most_, recent_));
    return result;
  }

  void check(Faults &faults) {
    stand();
    uint64_t needless = 0, forced = 0;
    for (const Replica &replica : subject_.replicas) {
      if (!moved(replica))
        continue;
      const std::string &home = home_of(replica)->node;
      if (!claims_.admit(*replica.workload, home) ||
          !cordons_.against(replica.workload->name(), replica.number, home).empty()) {
        ++forced;
        continue;
      }
      if (!fits(replica, home))
        continue;
      ++needless;
      if (const std::string why = dwells(replica); !why.empty())
        faults.at(diag::N0715,
                  fmt::format("{} leaves {} and could stay: {}", replica.name(), home, why),
                  replica.workload->dwell_span());
    }
    const uint64_t used = recent_ + forced;
    if (most_ && needless > (*most_ > used ? *most_ - used : 0))
      faults.add(diag::N0715, fmt::format("{} replicas move that could stay: {}", needless,
                                          explain::moves_spent(*most_)));
  }

private:
  struct Home {
    std::string node;
    std::optional<int64_t> ago; ///< ms since it arrived there
  };

  const Home *home_of(const Replica &replica) const {
    const auto home = homes_.find({replica.workload->name(), replica.number});
    return home == homes_.end() ? nullptr : &home->second;
  }
  bool moved(const Replica &replica) const {
    const Home *home = home_of(replica);
    return home && home->node != replica.node;
  }

  void stand() {
    auto put = [&](const std::string &node, const proto::Spec &spec) {
      used_[node] += amounts(spec.resources(), spec.mounts());
      for (uint32_t port : held_ports(spec))
        ports_.emplace(node, port);
    };
    for (const proto::PartState &state : subject_.plan.facts().parts())
      if (state.part().stack() != subject_.plan.stack())
        for (const proto::Instance &instance : state.part().instances())
          put(state.part().node(), instance.spec());
    for (const There &one : subject_.frozen)
      if (one.spec)
        put(one.node, *one.spec);
    for (const Replica &replica : subject_.replicas)
      put(replica.node, lowered(subject_.intent, *replica.workload));
  }

  bool fits(const Replica &replica, const std::string &home) {
    const proto::Workload &workload = *replica.workload;
    // Who wants to be near or apart from whom is not asked again: it may have had to follow.
    for (const proto::Workload &other : subject_.intent.workloads())
      for (const proto::Affinity &affinity : other.place().affinities())
        if (other.name() == workload.name() || affinity.to() == workload.name())
          return false;
    if (!workload.resources().devices().empty() || workload.resources().gpu_milli() != 0)
      return false; // who else holds devices is not asked again
    for (const Replica &other : subject_.replicas)
      if (other.node == home && other.workload != &workload &&
          (workload.place().exclusive() || other.workload->place().exclusive()))
        return false;
    if (accepted_risk(subject_.intent))
      return false; // how much a node may promise of its processor is for the plan to choose
    const proto::Spec spec = lowered(subject_.intent, workload);
    const Amounts own = amounts(spec.resources(), spec.mounts());
    Amounts all = used_[home];
    all += own;
    const auto has = capacity(*subject_.world.at(home).node);
    for (size_t i = 0; i < all.size(); ++i)
      if (own[i] != 0 && has[i] && all[i] > *has[i])
        return false;
    for (uint32_t port : held_ports(spec))
      if (ports_.count({home, port}))
        return false;
    if (workload.place().spread().empty())
      return true;
    std::vector<std::string> nodes = {home};
    for (const Replica &other : subject_.replicas)
      if (&other != &replica && other.workload == &workload)
        nodes.push_back(other.node);
    return Spreading(subject_, workload).allows(nodes);
  }

  const Case &subject_;
  const Runs runs_;
  const Claims claims_;
  const Cordons cordons_;
  std::map<Case::Unit, Home> homes_;
  uint64_t recent_ = 0;
  std::optional<uint32_t> most_;
  std::map<std::string, Amounts> used_;
  std::set<std::pair<std::string, uint32_t>> ports_;
};

} // namespace

std::vector<std::string> held_back(const Case &subject) {
  const Settled settled(subject);
  const bool spent = settled.most() && settled.arriving() >= *settled.most();
  std::vector<std::string> why;
  for (const Replica &replica : subject.replicas) {
    why.push_back(settled.dwells(replica));
    if (why.back().empty() && spent)
      why.back() = explain::moves_spent(*settled.most());
  }
  return why;
}

Stays stays(const Case &subject) { return Settled(subject).stays(); }

void check_settled(const Case &subject, Faults &faults) { Settled(subject).check(faults); }

} // namespace nemo::verify
