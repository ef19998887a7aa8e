// Instances are actors that run or do not. Whatever may stop stops before anything starts, and one
// starts at a time: so nothing serves that the gates do not keep. An actor is looked at again when
// one that its gates name has changed.
#include "compiler/verify/changes.h"

#include <algorithm>
#include <set>

#include <fmt/format.h>

namespace nemo::verify {

namespace {

struct Slot {
  std::string workload;
  uint32_t replica;
  std::string node;
  std::string revision;
  auto operator<=>(const Slot &) const = default;
};

struct Actor {
  const proto::Instance *instance;
  std::string node;
  bool running;
  const google::protobuf::RepeatedPtrField<proto::Gate> &gates() const {
    return instance->retiring() ? instance->stop_after() : instance->start_after();
  }
  bool ended() const { return running != instance->retiring(); }
};

class Replay {
public:
  Replay(const Case &subject, const Difference &difference) : subject_(subject) {
    std::set<Slot> start;
    for (const There &there : difference.there)
      start.insert({there.workload, there.replica, there.node, there.revision});
    for (const There &there : subject.frozen)
      start.insert({there.reported_as, there.replica, there.node, there.revision});
    for (const There &there : subject.finished) // whoever waits for one that is over waits no more
      for (const std::string &name : {there.workload, there.reported_as})
        start.insert({name, there.replica, there.node, there.revision});
    for (const proto::Part &part : subject.plan.parts())
      for (const proto::Instance &instance : part.instances()) {
        const Slot slot{instance.workload(), instance.replica(), part.node(), instance.revision()};
        Slot unsaid = slot;
        unsaid.revision.clear();
        named_[{slot.workload, slot.replica, slot.node, ""}].push_back(actors_.size());
        actors_.push_back({&instance, part.node(), start.count(slot) || start.count(unsaid)});
      }
    for (size_t a = 0; a < actors_.size(); ++a) {
      for (const proto::Gate &gate : actors_[a].gates())
        waiting_[place(gate)].push_back(a);
      look_at(a);
    }
    find_least();
  }

  /// \param last  of those that may start, the last one does, and not the first
  void run(Faults &faults, bool last) {
    while (!may_stop_.empty() || !may_start_.empty()) {
      std::set<size_t> &next = may_stop_.empty() ? may_start_ : may_stop_;
      const auto chosen = last && may_stop_.empty() ? std::prev(next.end()) : next.begin();
      const size_t at = *chosen;
      next.erase(chosen);
      Actor &actor = actors_[at];
      if (!open(actor.gates()))
        continue; // looked at again when what it waits for has changed
      count(actor, -1);
      actor.running = !actor.running;
      count(actor, 1);
      const std::string &workload = actor.instance->workload();
      const bool went_down =
          !actor.running && wanted_.count(unit_of(actor)) != 0 && instances_[unit_of(actor)] == 0;
      if (const int least = least_[workload];
          went_down && up_[workload] < least && told_.insert(workload).second)
        faults.add(diag::N0718,
                   fmt::format("following this order leaves {} of workload {} up, and {} must be",
                               up_[workload], workload, least));
      const Slot changed{workload, actor.instance->replica(), actor.node, ""};
      if (const auto found = waiting_.find(changed); found != waiting_.end())
        for (size_t other : found->second)
          look_at(other);
    }
    for (const Actor &actor : actors_)
      if (!actor.ended())
        faults.add(diag::N0718,
                   fmt::format("{}/{} on {} waits for ever to {}", actor.instance->workload(),
                               actor.instance->replica(), actor.node,
                               actor.instance->retiring() ? "stop" : "start"));
  }

private:
  static Slot place(const proto::Gate &gate) {
    return {gate.workload(), gate.replica(), gate.node(), ""};
  }

  void look_at(size_t a) {
    if (!actors_[a].ended())
      (actors_[a].instance->retiring() ? may_stop_ : may_start_).insert(a);
  }

  using Unit = std::pair<std::string, uint32_t>;
  static Unit unit_of(const Actor &actor) {
    return {actor.instance->workload(), actor.instance->replica()};
  }

  /// Replicas that the intent wants are up while an instance of them runs.
  void count(const Actor &actor, int by) {
    if (!actor.running || !wanted_.count(unit_of(actor)))
      return;
    int &instances = instances_[unit_of(actor)];
    int &up = up_[actor.instance->workload()];
    up -= instances > 0;
    instances += by;
    up += instances > 0;
  }

  /// What a budget says; without one, one of several that are up.
  void find_least() {
    if (subject_.plan.destroy())
      return;
    for (const proto::Workload &workload : subject_.intent.workloads())
      for (uint32_t number = 0; number < workload.replicas_min(); ++number)
        wanted_.emplace(workload.name(), number);
    for (const Actor &actor : actors_)
      count(actor, 1);
    for (const proto::Workload &workload : subject_.intent.workloads())
      least_[workload.name()] = workload.has_budget()
                                    ? static_cast<int>(workload.budget().least_up())
                                    : (up_[workload.name()] > 1 ? 1 : 0);
  }

  bool open(const google::protobuf::RepeatedPtrField<proto::Gate> &gates) const {
    return std::all_of(gates.begin(), gates.end(), [&](const proto::Gate &gate) {
      const auto found = named_.find(place(gate));
      const bool runs =
          found != named_.end() &&
          std::any_of(found->second.begin(), found->second.end(), [&](size_t a) {
            return actors_[a].running &&
                   (gate.revision().empty() || gate.revision() == actors_[a].instance->revision());
          });
      return gate.kind() == proto::Gate::HEALTHY ? runs : !runs;
    });
  }

  const Case &subject_;
  std::vector<Actor> actors_;
  std::map<Slot, std::vector<size_t>> named_;   ///< by place, without the revision
  std::map<Slot, std::vector<size_t>> waiting_; ///< whose gates name the place
  std::set<size_t> may_stop_, may_start_;
  std::set<Unit> wanted_;
  std::map<Unit, int> instances_;         ///< those that run
  std::map<std::string, int> up_, least_; ///< replicas, by workload
  std::set<std::string> told_;
};

} // namespace

void replay(const Case &subject, const Difference &difference, Faults &faults) {
  Replay(subject, difference).run(faults, false);
  if (faults.empty())
    Replay(subject, difference).run(faults, true);
}

} // namespace nemo::verify
