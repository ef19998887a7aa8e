// Actions and parts against what they must be, then the order: the plan's own gates are replayed in
// the most careless way that they allow, and no workload may be left without a replica.
#include "compiler/verify/changes.h"

#include <algorithm>
#include <set>

#include <fmt/format.h>

#include "compiler/explain/texts.h"

namespace nemo::verify {

namespace {

void check_parts(const Case &subject,
                 const std::map<std::string, std::vector<proto::Instance>> &instances,
                 Faults &faults) {
  std::map<std::string, proto::Part> parts;
  for (const proto::PartState &state : subject.plan.facts().parts())
    if (state.part().stack() == subject.plan.stack() &&
        subject.world.nodes.count(state.part().node()))
      parts[state.part().node()];
  for (const auto &[node, list] : instances)
    for (const proto::Instance &instance : list)
      *parts[node].add_instances() = instance;
  google::protobuf::RepeatedPtrField<proto::Part> expected;
  for (auto &[node, part] : parts) {
    part.set_stack(subject.plan.stack());
    part.set_node(node);
    part.set_source(subject.plan.source());
    part.set_commit(subject.plan.commit());
    *expected.Add() = part;
  }
  faults.compare_lists(diag::N0719, "parts", subject.plan.parts(), expected);
}

struct Slot {
  std::string workload;
  uint32_t replica;
  std::string node;
  std::string revision;
  auto operator<=>(const Slot &) const = default;
};

/// One instance in the replay.
struct Actor {
  const proto::Instance *instance;
  std::string node;
  bool running;
  bool holds(const proto::Gate &gate) const {
    return gate.workload() == instance->workload() && gate.replica() == instance->replica() &&
           (gate.revision().empty() || gate.revision() == instance->revision()) &&
           gate.node() == node;
  }
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
        actors_.push_back({&instance, part.node(), start.count(slot) || start.count(unsaid)});
      }
    exempt(difference);
  }

  void run(Faults &faults) {
    remember();
    for (bool more = true; more;) {
      more = false;
      // Everything that may stop stops before anything starts.
      for (Actor &actor : actors_)
        if (actor.instance->retiring() && actor.running && open(actor.instance->stop_after())) {
          actor.running = false;
          more = true;
          missed(faults);
        }
      if (more)
        continue;
      for (Actor &actor : actors_)
        if (!actor.instance->retiring() && !actor.running && open(actor.instance->start_after())) {
          actor.running = true;
          more = true;
          break; // one at a time: whatever this lets stop goes first
        }
    }
    for (const Actor &actor : actors_)
      if (actor.running == actor.instance->retiring())
        faults.add(diag::N0718,
                   fmt::format("{}/{} on {} waits for ever to {}", actor.instance->workload(),
                               actor.instance->replica(), actor.node,
                               actor.instance->retiring() ? "stop" : "start"));
  }

private:
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

  std::map<std::string, unsigned> serving() const {
    std::map<std::string, unsigned> count;
    for (const Actor &actor : actors_)
      count[actor.instance->workload()] += actor.running;
    return count;
  }

  void remember() {
    for (const auto &[workload, count] : serving())
      if (count == 0)
        exempt_.insert(workload);
  }

  void missed(Faults &faults) {
    for (const auto &[workload, count] : serving())
      if (count == 0 && exempt_.insert(workload).second)
        faults.add(
            diag::N0718,
            fmt::format("following this order leaves workload {} without a replica", workload));
  }

  bool open(const google::protobuf::RepeatedPtrField<proto::Gate> &gates) const {
    return std::all_of(gates.begin(), gates.end(), [&](const proto::Gate &gate) {
      const bool runs = std::any_of(actors_.begin(), actors_.end(), [&](const Actor &actor) {
        return actor.running && actor.holds(gate);
      });
      return gate.kind() == proto::Gate::HEALTHY ? runs : !runs;
    });
  }

  const Case &subject_;
  std::vector<Actor> actors_;
  std::set<std::string> exempt_;
};

/// Two of one name: no rename that keeps either. Those of one name stand together.
void check_names(const std::vector<There> &there, Faults &faults) {
  for (size_t a = 0; a < there.size(); ++a)
    for (size_t b = a + 1; b < there.size() && there[a].name() == there[b].name(); ++b)
      if (there[a].reported_as != there[b].reported_as &&
          (there[a].node == there[b].node || (!there[a].retiring && !there[b].retiring)))
        faults.add(diag::N0721,
                   fmt::format("{} and {} are there and cannot both be {}", there[a].reported_as,
                               there[b].reported_as, there[a].name()));
}

/// What is left as it is goes on using what it was given.
void check_users(const Case &subject, const DesiredState &state, const Difference &difference,
                 Faults &faults) {
  auto number = [](const proto::Spec &spec, const std::string &name) -> std::optional<uint32_t> {
    for (const proto::Port &port : spec.ports())
      if (port.name() == name)
        return port.number();
    return std::nullopt;
  };
  std::map<std::string, const Step *> steps;
  for (const Step &step : difference.steps)
    steps.emplace(step.action.object(), &step);
  auto keeps_address = [&](const Step &step, const proto::Peer &peer) {
    const std::string &verb = step.action.verb();
    if (verb == "keep" || verb == "protect")
      return true;
    if (verb != "replace" || !peer.revision().empty() || !step.renamed_from.empty())
      return false;
    const auto now = number(state.replicas[*step.desired].spec, peer.port());
    return std::all_of(step.leaving.begin(), step.leaving.end(), [&](size_t old) {
      const There &there = *difference.leaving[old].there;
      return now && there.spec && there.reported_as == there.workload &&
             number(*there.spec, peer.port()) == now;
    });
  };
  for (const There &user : subject.frozen) {
    if (user.retiring || !user.spec)
      continue;
    for (const proto::Peer &peer : user.spec->peers()) {
      const auto step =
          steps.find(explain::object(name_of_now(subject.intent, peer.workload()), peer.replica()));
      if (step != steps.end() && !keeps_address(*step->second, peer))
        faults.add(diag::N0721, fmt::format("'{}' takes away what {} uses",
                                            step->second->action.id(), user.name()));
    }
  }
}

void check_protection(const Difference &difference, Faults &faults) {
  for (const Leaving &old : difference.leaving)
    if (old.there->guarded && !old.there->retiring)
      faults.add(diag::N0721, fmt::format("'{}' touches {} on {}, which runs protected",
                                          difference.steps[old.step].action.id(), old.there->name(),
                                          old.there->node));
}

void check_circles(const proto::Plan &plan, Faults &faults) {
  std::set<std::string> done;
  for (bool more = true; more;) {
    more = false;
    for (const proto::Action &action : plan.actions())
      if (!done.count(action.id()) &&
          std::all_of(action.after().begin(), action.after().end(),
                      [&](const std::string &id) { return done.count(id) != 0; }))
        more = done.insert(action.id()).second;
  }
  for (const proto::Action &action : plan.actions())
    if (!done.count(action.id()))
      faults.add(diag::N0718, fmt::format("'{}' waits for itself or for nobody", action.id()));
}

} // namespace

void check_changes(const Case &subject, Faults &faults) {
  const DesiredState state = desired_state(subject, faults);
  if (state.starting.size() != static_cast<size_t>(subject.intent.workloads_size()))
    return;
  Difference changes = difference(subject, state);
  check_names(what_is_there(subject.intent, subject.plan.facts()), faults);
  check_users(subject, state, changes, faults);
  check_protection(changes, faults);
  const auto instances = gated(subject, state, changes);
  google::protobuf::RepeatedPtrField<proto::Action> actions;
  for (const Step &step : changes.steps)
    *actions.Add() = step.action;
  faults.compare_lists(diag::N0717, "actions", subject.plan.actions(), actions);
  check_parts(subject, instances, faults);
  check_circles(subject.plan, faults);
  if (faults.empty())
    Replay(subject, changes).run(faults);
}

} // namespace nemo::verify
