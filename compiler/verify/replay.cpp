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
    exempt(difference);
  }

  void run(Faults &faults) {
    for (const Actor &actor : actors_)
      serving_[actor.instance->workload()] += actor.running;
    for (const auto &[workload, count] : serving_)
      if (count == 0)
        exempt_.insert(workload);
    while (!may_stop_.empty() || !may_start_.empty()) {
      std::set<size_t> &next = may_stop_.empty() ? may_start_ : may_stop_;
      const size_t at = *next.begin();
      next.erase(next.begin());
      Actor &actor = actors_[at];
      if (!open(actor.gates()))
        continue; // looked at again when what it waits for has changed
      actor.running = !actor.running;
      unsigned &count = serving_[actor.instance->workload()];
      count += actor.running ? 1 : -1u;
      if (count == 0 && exempt_.insert(actor.instance->workload()).second)
        faults.add(diag::N0718,
                   fmt::format("following this order leaves workload {} without a replica",
                               actor.instance->workload()));
      const Slot changed{actor.instance->workload(), actor.instance->replica(), actor.node, ""};
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

  /// Workloads that must go through zero: a single replica that stays and stops first, or one that
  /// gives way to another's port.
  void exempt(const Difference &difference) {
    std::set<std::pair<std::string, uint32_t>> wanted;
    std::set<std::string> workloads;
    for (const Replica &replica : subject_.replicas) {
      wanted.emplace(replica.workload->name(), replica.number);
      workloads.insert(replica.workload->name());
    }
    // Replicas that the author takes away go at once: only those that stay can stand in.
    std::map<std::string, std::set<uint32_t>> staying;
    for (const There &one : difference.there) {
      if (wanted.count({one.workload, one.replica}))
        staying[one.workload].insert(one.replica);
      if (!workloads.count(one.workload))
        exempt_.insert(one.workload);
    }
    for (const Leaving &old : difference.leaving)
      if (old.for_another || !old.reachable ||
          (!old.stop_first.empty() && staying[old.there->workload].size() < 2))
        exempt_.insert(old.there->workload);
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
  std::map<std::string, unsigned> serving_; ///< instances that run, by workload
  std::set<std::string> exempt_;
};

} // namespace

void replay(const Case &subject, const Difference &difference, Faults &faults) {
  Replay(subject, difference).run(faults);
}

} // namespace nemo::verify
