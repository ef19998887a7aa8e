// The waiting between instances. A new one waits for what it is `after`, for the replica before it
// in a roll, and for what must stop first; an old one waits for its successor, or for that
// successor's own turn, and for the old ones that use it. Two things are the plan's own choice and
// are taken as it says: which old ones make room before their successors serve, and which new ones
// wait for room. What they lead to is seen when the plan is followed.
#include "compiler/verify/changes.h"
#include "compiler/verify/leases.h"
#include "compiler/verify/runs.h"

#include <algorithm>
#include <set>

#include "compiler/explain/texts.h"

namespace nemo::verify {

namespace {

class Gating {
public:
  Gating(const Case &subject, const DesiredState &state, Difference &difference)
      : subject_(subject), state_(state), difference_(difference), news_(state.replicas.size()),
        olds_(difference.leaving.size()), after_(difference.steps.size()) {}

  std::map<std::string, std::vector<proto::Instance>> run() {
    read_choices();
    make_rolls();
    ports_for_others();
    exclusive_ones();
    for (size_t i = 0; i < news_.size(); ++i)
      starting(i);
    for (size_t o = 0; o < olds_.size(); ++o)
      stopping(o);
    users_before_used();
    for (size_t i = 0; i < news_.size(); ++i)
      waiting_for_room(i);
    for (size_t o = 0; o < olds_.size(); ++o)
      if (difference_.leaving[o].early)
        stopping_early(o);
    for (size_t o = 0; o < olds_.size(); ++o)
      begins_later(o);
    finish_actions();
    return instances();
  }

private:
  const Step &step(size_t replica) const { return difference_.steps[difference_.step_of[replica]]; }

  void healthy(google::protobuf::RepeatedPtrField<proto::Gate> &gates, size_t replica) const {
    const Desired &of = state_.replicas[replica];
    proto::Gate &gate = *gates.Add();
    gate.set_kind(proto::Gate::HEALTHY);
    gate.set_workload(of.replica->workload->name());
    gate.set_replica(of.replica->number);
    gate.set_revision(of.revision);
    gate.set_node(of.replica->node);
  }
  void healthy(google::protobuf::RepeatedPtrField<proto::Gate> &gates, const Standing &peer) const {
    if (peer.desired)
      return healthy(gates, *peer.desired);
    proto::Gate &gate = *gates.Add();
    gate.set_kind(proto::Gate::HEALTHY);
    gate.set_workload(peer.frozen->workload);
    gate.set_replica(peer.number);
    gate.set_revision(peer.frozen->revision);
    gate.set_node(peer.frozen->node);
  }
  void stopped(google::protobuf::RepeatedPtrField<proto::Gate> &gates, size_t leaving) const {
    const There &of = *difference_.leaving[leaving].there;
    proto::Gate &gate = *gates.Add();
    gate.set_kind(proto::Gate::STOPPED);
    gate.set_workload(of.workload);
    gate.set_replica(of.replica);
    gate.set_revision(of.revision);
    gate.set_node(of.node);
  }
  /// Before a new one starts; what has started already waits for nobody.
  void starts_later(size_t replica, size_t than) {
    if (!step(replica).runs || explain::stays(step(replica).action.verb()))
      later(difference_.step_of[replica], than);
  }
  void later(size_t step, size_t than) {
    if (step != than && !explain::stays(difference_.steps[than].action.verb()))
      after_[step].insert(than);
  }

  using Slot = std::tuple<std::string, uint32_t, std::string, std::string, bool>;

  /// An old one that does not wait for its successor, though nothing in what they are makes it.
  void read_choices() {
    for (const proto::Part &part : subject_.plan.parts())
      for (const proto::Instance &one : part.instances())
        said_.emplace(
            Slot{one.workload(), one.replica(), one.revision(), part.node(), one.retiring()}, &one);
    for (size_t i = 0; i < news_.size(); ++i)
      desired_.emplace(std::make_pair(state_.replicas[i].replica->workload->name(),
                                      state_.replicas[i].replica->number),
                       i);
    for (size_t o = 0; o < olds_.size(); ++o) {
      Leaving &old = difference_.leaving[o];
      const proto::Instance *said = said_of(o);
      if (!said || !old.reachable || !old.stop_first.empty())
        continue;
      const bool waits = std::any_of(
          said->stop_after().begin(), said->stop_after().end(), [&](const proto::Gate &gate) {
            return (gate.workload() == old.there->workload &&
                    gate.replica() == old.there->replica && gate.kind() == proto::Gate::HEALTHY);
          });
      const auto action = std::find_if(
          subject_.plan.actions().begin(), subject_.plan.actions().end(),
          [&](const proto::Action &one) { return one.id() == step_of(o).action.id(); });
      if (!waits && action != subject_.plan.actions().end())
        old.early = choice_of(old, action->handover());
    }
  }

  const Step &step_of(size_t leaving) const {
    return difference_.steps[difference_.leaving[leaving].step];
  }
  const proto::Instance *said_of(size_t leaving) const {
    const There &there = *difference_.leaving[leaving].there;
    const auto found =
        said_.find({there.workload, there.replica, there.revision, there.node, true});
    return found == said_.end() ? nullptr : found->second;
  }

  /// Whether this is why an old one may be told to make room.
  static bool choice_of(Leaving &old, const std::string &handover) {
    std::vector<std::string> reasons = {explain::stop_first_room(old.there->node),
                                        explain::stop_first_exclusive(old.there->node)};
    if (old.there->spec)
      for (uint32_t port : held_ports(*old.there->spec))
        reasons.push_back(explain::stop_first_port(port));
    const bool is_one = std::find(reasons.begin(), reasons.end(), handover) != reasons.end();
    if (is_one)
      old.stop_first = handover;
    return is_one;
  }

  /// What the plan adds after the waiting that follows from the intent: old ones on the same node.
  void waiting_for_room(size_t replica) {
    const Desired &desired = state_.replicas[replica];
    const auto said = said_.find({desired.replica->workload->name(), desired.replica->number,
                                  desired.revision, desired.replica->node, false});
    if (said == said_.end() || step(replica).runs)
      return;
    auto &gates = *news_[replica].mutable_start_after();
    const auto &claimed = said->second->start_after();
    for (int i = gates.size(); i < claimed.size(); ++i)
      for (size_t o = 0; o < olds_.size(); ++o) {
        const Leaving &old = difference_.leaving[o];
        const There &there = *old.there;
        if (claimed[i].kind() != proto::Gate::STOPPED || !old.reachable ||
            there.node != desired.replica->node || claimed[i].node() != there.node ||
            claimed[i].workload() != there.workload || claimed[i].replica() != there.replica ||
            claimed[i].revision() != there.revision ||
            std::any_of(gates.begin(), gates.end(),
                        [&](const proto::Gate &gate) { return same_gate(gate, claimed[i]); }))
          continue;
        stopped(gates, o);
        if (old.stop_first.empty())
          starts_later(replica, old.step);
        break;
      }
  }

  void ports_for_others() {
    std::map<std::pair<std::string, uint32_t>, size_t> wanted;
    for (size_t i = 0; i < news_.size(); ++i)
      if (!explain::stays(step(i).action.verb()))
        for (uint32_t port : held_ports(state_.replicas[i].spec))
          wanted.try_emplace({state_.replicas[i].replica->node, port}, i);
    for (size_t o = 0; o < olds_.size(); ++o) {
      const Leaving &old = difference_.leaving[o];
      if (!old.there->spec || !old.reachable)
        continue;
      std::set<size_t> held_up;
      for (uint32_t port : held_ports(*old.there->spec)) {
        const auto by = wanted.find({old.there->node, port});
        if (by == wanted.end() || difference_.step_of[by->second] == old.step ||
            !held_up.insert(by->second).second)
          continue;
        stopped(*news_[by->second].mutable_start_after(), o);
        if (old.stop_first.empty())
          starts_later(by->second, old.step);
      }
    }
  }

  /// Who may not be beside an old one waits for it, unless it does so for a port.
  void exclusive_ones() {
    std::map<std::string, std::vector<size_t>> coming;
    for (size_t i = 0; i < news_.size(); ++i)
      if (!step(i).runs)
        coming[state_.replicas[i].replica->node].push_back(i);
    for (size_t o = 0; o < olds_.size(); ++o)
      if (const Leaving &old = difference_.leaving[o]; old.reachable)
        for (size_t i : coming[old.there->node]) {
          const Desired &one = state_.replicas[i];
          auto &gates = *news_[i].mutable_start_after();
          const auto named = [&](const proto::Gate &gate) {
            return gate.workload() == old.there->workload && gate.replica() == old.there->replica &&
                   gate.revision() == old.there->revision && gate.node() == old.there->node;
          };
          if (one.replica->workload->name() == old.there->workload ||
              !(one.spec.exclusive() || (old.there->spec && old.there->spec->exclusive())) ||
              std::any_of(gates.begin(), gates.end(), named))
            continue;
          stopped(gates, o);
          if (old.stop_first.empty())
            starts_later(i, old.step);
        }
  }

  /// What comes before a replica: those its workload is after, then its neighbour in the roll.
  std::vector<Standing> before(size_t replica, bool with_needed = true) const {
    std::vector<Standing> list;
    const proto::Workload &workload = *state_.replicas[replica].replica->workload;
    for (const std::string &name : workload.after()) {
      if (!with_needed)
        break;
      const std::vector<Standing> peers = standing(state_, name);
      list.insert(list.end(), peers.begin(), peers.end());
    }
    if (!rolls(replica))
      return list;
    // As many at a time as a budget lets be down.
    size_t turn = 1;
    if (workload.has_budget() && workload.replicas_min() > workload.budget().least_up())
      turn = workload.replicas_min() - workload.budget().least_up();
    const std::vector<size_t> &roll = rolls_.at(workload.name());
    const auto at =
        static_cast<size_t>(std::find(roll.begin(), roll.end(), replica) - roll.begin());
    if (at >= turn)
      list.push_back({state_.replicas[roll[at - turn]].replica->number, roll[at - turn], nullptr});
    return list;
  }

  /// By number, but after those of the workload that leave the node where this one goes.
  void make_rolls() {
    for (const auto &[workload, own] : state_.of) {
      std::multiset<std::string> left; ///< nodes, once for each that is to leave
      std::vector<size_t> open;
      for (size_t replica : own)
        if (rolls(replica)) {
          open.push_back(replica);
          for (const std::string &node : leaves(replica))
            left.insert(node);
        }
      std::vector<size_t> &roll = rolls_[workload];
      while (!open.empty()) {
        auto next = std::find_if(open.begin(), open.end(), [&](size_t replica) {
          return left.count(state_.replicas[replica].replica->node) == 0;
        });
        next = next == open.end() ? open.begin() : next;
        for (const std::string &node : leaves(*next))
          left.erase(left.find(node));
        roll.push_back(*next);
        open.erase(next);
      }
    }
  }
  std::set<std::string> leaves(size_t replica) const {
    std::set<std::string> nodes;
    for (size_t o : step(replica).leaving)
      if (const Leaving &old = difference_.leaving[o];
          old.reachable && old.there->node != state_.replicas[replica].replica->node)
        nodes.insert(old.there->node);
    return nodes;
  }

  bool has_old(size_t replica) const {
    const Step &own = step(replica);
    return std::any_of(own.leaving.begin(), own.leaving.end(),
                       [&](size_t o) { return difference_.leaving[o].reachable; });
  }
  bool rolls(size_t replica) const { return step(replica).changes_place() && has_old(replica); }

  /// Those that a budget waits for: they have to be up before one more goes down.
  std::vector<size_t> down_now(size_t replica) const {
    const proto::Workload &workload = *state_.replicas[replica].replica->workload;
    std::vector<size_t> list;
    if (workload.has_budget())
      for (size_t other : state_.of.at(workload.name()))
        if (other != replica && !step(other).runs && !has_old(other))
          list.push_back(other);
    return list;
  }

  void starting(size_t replica) {
    auto &gates = *news_[replica].mutable_start_after();
    for (const Standing &other : before(replica)) {
      healthy(gates, other);
      if (other.desired)
        starts_later(replica, difference_.step_of[*other.desired]);
    }
    for (size_t o : step(replica).leaving) {
      const Leaving &old = difference_.leaving[o];
      if (!old.stop_first.empty() && !old.early && old.reachable)
        stopped(gates, o);
    }
  }

  void stopping(size_t o) {
    const Leaving &old = difference_.leaving[o];
    const std::optional<size_t> successor = difference_.steps[old.step].desired;
    if (old.early || !successor)
      return;
    if (old.stop_first.empty())
      healthy(*olds_[o].mutable_stop_after(), *successor);
    else
      *olds_[o].mutable_stop_after() = turn(*successor, true);
  }

  using Gates = google::protobuf::RepeatedPtrField<proto::Gate>;
  Gates turn(size_t replica, bool with_needed) const {
    Gates gates;
    for (const Standing &other : before(replica, with_needed))
      healthy(gates, other);
    for (size_t other : down_now(replica))
      healthy(gates, other);
    return gates;
  }

  /// Whether one that makes room also waits for what its successor needs is the plan's choice.
  void stopping_early(size_t o) {
    const std::optional<size_t> successor = step_of(o).desired;
    if (!successor)
      return;
    Gates all = turn(*successor, true), own = turn(*successor, false);
    const Gates &said = said_of(o)->stop_after();
    const bool is_own = std::equal(said.begin(), said.end(), own.begin(), own.end(), same_gate);
    *olds_[o].mutable_stop_after() = is_own ? own : all;
  }
  static bool same_gate(const proto::Gate &a, const proto::Gate &b) {
    return a.SerializeAsString() == b.SerializeAsString();
  }

  void users_before_used() {
    const std::vector<std::set<size_t>> users = users_first(subject_, difference_);
    for (size_t o = 0; o < olds_.size(); ++o) {
      const Leaving &old = difference_.leaving[o];
      if (!old.stop_first.empty())
        continue;
      for (size_t user : users[o]) {
        stopped(*olds_[o].mutable_stop_after(), user);
        if (difference_.steps[old.step].action.verb() == "delete" &&
            difference_.leaving[user].stop_first.empty())
          later(old.step, difference_.leaving[user].step);
      }
    }
  }

  /// One that stops before its successor serves begins the change.
  void begins_later(size_t o) {
    const Leaving &old = difference_.leaving[o];
    if (old.stop_first.empty() || !old.reachable || step_of(o).runs)
      return;
    for (const proto::Gate &gate : olds_[o].stop_after())
      if (const auto other = desired_.find({gate.workload(), gate.replica()});
          gate.kind() == proto::Gate::HEALTHY && other != desired_.end())
        later(old.step, difference_.step_of[other->second]);
  }

  void finish_actions() {
    for (size_t s = 0; s < difference_.steps.size(); ++s) {
      Step &step = difference_.steps[s];
      for (size_t other : after_[s])
        step.action.add_after(difference_.steps[other].action.id());
      if (step.changes_place())
        step.action.set_handover(explain::healthy_first());
      for (size_t o : step.leaving)
        if (!difference_.leaving[o].stop_first.empty() && difference_.leaving[o].reachable)
          step.action.set_handover(difference_.leaving[o].stop_first);
    }
  }

  std::map<std::string, std::vector<proto::Instance>> instances() {
    std::map<std::string, std::vector<proto::Instance>> by_node;
    for (size_t i = 0; i < news_.size(); ++i) {
      const Desired &desired = state_.replicas[i];
      proto::Instance &instance = news_[i];
      instance.set_workload(desired.replica->workload->name());
      instance.set_replica(desired.replica->number);
      instance.set_revision(desired.revision);
      instance.set_renamed_from(step(i).renamed_from);
      instance.set_protect(step(i).protect);
      if (desired.replica->workload->has_job())
        instance.set_start_at(subject_.plan.placements(static_cast<int>(i)).starts_at());
      instance.set_planned_at(first_planned_at(subject_, *desired.replica->workload));
      if (auto lease = lease_of(subject_, *desired.replica))
        *instance.mutable_lease() = std::move(*lease);
      for (size_t o : step(i).leaving)
        if (difference_.leaving[o].live)
          instance.set_moves_from(difference_.leaving[o].there->node);
      *instance.mutable_spec() = desired.spec;
      by_node[desired.replica->node].push_back(std::move(instance));
    }
    for (size_t o = 0; o < olds_.size(); ++o) {
      const There &there = *difference_.leaving[o].there;
      proto::Instance &instance = olds_[o];
      instance.set_workload(there.workload);
      if (there.reported_as != there.workload)
        instance.set_renamed_from(there.reported_as);
      instance.set_replica(there.replica);
      instance.set_revision(there.revision);
      if (there.spec)
        *instance.mutable_spec() = *there.spec;
      for (int peer = 0; peer < instance.spec().peers_size(); ++peer)
        instance.mutable_spec()->mutable_peers(peer)->set_workload(
            subject_.moves.name_of_now(instance.spec().peers(peer).workload()));
      instance.set_retiring(true);
      if (difference_.leaving[o].live)
        instance.set_moves_to(step_of(o).action.node());
      if (difference_.leaving[o].reachable)
        by_node[there.node].push_back(std::move(instance));
    }
    add_frozen(subject_, state_, by_node);
    for (auto &[node, list] : by_node)
      std::stable_sort(list.begin(), list.end(), [](const auto &a, const auto &b) {
        return std::make_tuple(a.retiring(), a.workload(), a.replica(), a.revision()) <
               std::make_tuple(b.retiring(), b.workload(), b.replica(), b.revision());
      });
    return by_node;
  }

  const Case &subject_;
  const DesiredState &state_;
  Difference &difference_;
  std::vector<proto::Instance> news_, olds_;
  std::vector<std::set<size_t>> after_;
  std::map<Slot, const proto::Instance *> said_; ///< by the plan
  std::map<std::pair<std::string, uint32_t>, size_t> desired_;
  std::map<std::string, std::vector<size_t>> rolls_; ///< by workload, in turn
};

} // namespace

std::map<std::string, std::vector<proto::Instance>>
gated(const Case &subject, const DesiredState &state, Difference &difference) {
  return Gating(subject, state, difference).run();
}

} // namespace nemo::verify
