// What was decided, as actions for people and as gates for agents.
#include "compiler/migration/order.h"

#include <algorithm>
#include <map>
#include <set>

#include "compiler/explain/texts.h"
#include "compiler/migration/forecast.h"
#include "compiler/migration/lease.h"

namespace nemo::compiler {

namespace {

class Ordering {
public:
  Ordering(const stages::Inputs &inputs, const proto::Fleet &world, const proto::Fleet &facts,
           const WantedReplicas &wanted, const Changes &changes, const Waits &waits)
      : inputs_(inputs), world_(world), facts_(facts), wanted_(wanted), changes_(changes),
        waits_(waits), renames_(inputs.intent()), news_(wanted.replicas.size()),
        olds_(changes.olds.size()), after_(waits.after()) {
    for (const proto::Node &node : world.nodes())
      nodes_.emplace(node.name(), &node);
    for (const Old &old : changes.olds)
      in_use_.insert(old.there->node());
    for (const Change &change : changes.changes)
      if (change.runs)
        in_use_.insert(change.node);
    for (size_t r = 0; r < news_.size(); ++r)
      for (const Wait &wait : waits.start[r])
        gate(*news_[r].mutable_start_after(), wait);
    for (size_t o = 0; o < olds_.size(); ++o)
      for (const Wait &wait : waits.stop[o])
        gate(*olds_[o].mutable_stop_after(), wait);
  }

  stages::Migration write() {
    std::vector<std::tuple<std::string, bool, std::string, uint32_t, std::string, size_t>> keys;
    const Leases leases(inputs_.intent(), world_, facts_);
    for (size_t r = 0; r < news_.size(); ++r) {
      const Wanted &replica = wanted_.replicas[r];
      proto::Instance &instance = news_[r];
      instance.set_workload(inputs_.intent().workloads(static_cast<int>(replica.workload)).name());
      instance.set_replica(replica.number);
      instance.set_revision(replica.revision);
      instance.set_renamed_from(change_of(r).renamed_from);
      instance.set_protect(change_of(r).protect);
      instance.set_start_at(replica.starts_at);
      instance.set_planned_at(replica.planned_at);
      if (is_live(change_of(r)))
        instance.set_moves_from(change_of(r).from_node);
      if (auto lease = leases.of(instance.workload(), replica))
        *instance.mutable_lease() = std::move(*lease);
      *instance.mutable_spec() = replica.spec;
      keys.emplace_back(replica.node, false, instance.workload(), replica.number, replica.revision,
                        r);
    }
    for (size_t o = 0; o < olds_.size(); ++o) {
      const stages::Existing &there = *changes_.olds[o].there;
      proto::Instance &instance = olds_[o];
      instance.set_workload(there.workload());
      instance.set_renamed_from(there.renamed_from());
      instance.set_replica(there.replica());
      instance.set_revision(there.revision());
      if (there.has_spec()) {
        *instance.mutable_spec() = there.spec();
        for (proto::Peer &peer : *instance.mutable_spec()->mutable_peers())
          peer.set_workload(renames_.now(peer.workload()));
      }
      instance.set_retiring(true);
      if (changes_.olds[o].live)
        instance.set_moves_to(changes_.changes[changes_.olds[o].change].node);
      if (changes_.olds[o].reachable)
        keys.emplace_back(there.node(), true, instance.workload(), there.replica(),
                          there.revision(), o);
    }
    std::sort(keys.begin(), keys.end());
    stages::Migration result;
    for (const auto &[node, retiring, workload, replica, revision, at] : keys) {
      auto *entry = result.add_instances();
      entry->set_node(node);
      *entry->mutable_instance() = std::move(retiring ? olds_[at] : news_[at]);
    }
    for (size_t c = 0; c < changes_.changes.size(); ++c)
      *result.add_actions() = action(c);
    return result;
  }

private:
  using Gates = google::protobuf::RepeatedPtrField<proto::Gate>;

  const Change &change_of(size_t r) const { return waits_.change_of(r); }
  std::string id(const Change &change) const {
    return explain::action_id(change.verb, change.workload, change.replica);
  }

  void gate(Gates &gates, const Wait &wait) const {
    proto::Gate &entry = *gates.Add();
    entry.set_kind(wait.what == Wait::For::stopped ? proto::Gate::STOPPED : proto::Gate::HEALTHY);
    if (wait.what == Wait::For::healthy) {
      const Wanted &peer = wanted_.replicas[wait.at];
      entry.set_workload(inputs_.intent().workloads(static_cast<int>(peer.workload)).name());
      entry.set_replica(peer.number);
      entry.set_revision(peer.revision);
      entry.set_node(peer.node);
      return;
    }
    const stages::Existing &there =
        wait.what == Wait::For::left ? *wait.frozen : *changes_.olds[wait.at].there;
    entry.set_workload(there.workload());
    entry.set_replica(there.replica());
    entry.set_revision(there.revision());
    entry.set_node(there.node());
  }

  bool is_live(const Change &change) const {
    return std::any_of(change.olds.begin(), change.olds.end(),
                       [&](size_t o) { return changes_.olds[o].live; });
  }

  proto::Action action(size_t c) const {
    const Change &change = changes_.changes[c];
    proto::Action action;
    action.set_id(id(change));
    action.set_verb(change.verb);
    action.set_object(explain::object(change.workload, change.replica));
    action.set_node(change.node);
    for (size_t other : after_[c])
      action.add_after(id(changes_.changes[other]));
    action.set_reason(change.reason);
    action.set_from_node(change.from_node);
    if (change.wanted)
      action.set_revision(change.wanted->revision);
    action.set_from_revision(change.from_revision);
    if (change.verb == "move" || change.verb == "create")
      forecast(inputs_.intent().workloads(static_cast<int>(change.wanted->workload)),
               *nodes_.at(change.node), sleeps(change.node),
               is_live(change) ? Copy{*nodes_.at(change.from_node), world_} : std::optional<Copy>(),
               action);
    if (change.verb == "replace" || change.verb == "move")
      action.set_handover(explain::healthy_first());
    for (size_t o : change.olds)
      if (changes_.olds[o].hinders && changes_.olds[o].reachable)
        action.set_handover(*changes_.olds[o].hinders);
    return action;
  }

  bool sleeps(const std::string &node) const {
    return nodes_.at(node)->has_power_suspended_mw() && !in_use_.count(node);
  }

  const stages::Inputs &inputs_;
  const proto::Fleet &world_, &facts_;
  const WantedReplicas &wanted_;
  const Changes &changes_;
  const Waits &waits_;
  const Renames renames_;
  std::map<std::string, const proto::Node *> nodes_;
  std::set<std::string> in_use_; ///< nodes that something of the stack is on already
  std::vector<proto::Instance> news_, olds_;
  const std::vector<std::set<size_t>> after_;
};

} // namespace

stages::Migration order(const stages::Inputs &inputs, const proto::Fleet &world,
                        const proto::Fleet &facts, const WantedReplicas &wanted,
                        const Changes &changes, const Waits &waits) {
  return Ordering(inputs, world, facts, wanted, changes, waits).write();
}

} // namespace nemo::compiler
