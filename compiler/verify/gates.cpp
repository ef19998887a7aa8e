// The waiting between instances. A new one waits for what it is `after`, for the replica before it
// in a roll, and for what must stop first; an old one waits for its successor, or for that
// successor's own turn, and for the old ones that use it.
#include "compiler/verify/changes.h"

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
    ports_for_others();
    for (size_t i = 0; i < news_.size(); ++i)
      starting(i);
    for (size_t o = 0; o < olds_.size(); ++o)
      stopping(o);
    users_before_used();
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
  void later(size_t step, size_t than) {
    if (step != than && !explain::stays(difference_.steps[than].action.verb()))
      after_[step].insert(than);
  }

  void ports_for_others() {
    std::map<std::pair<std::string, uint32_t>, size_t> wanted;
    for (size_t i = 0; i < news_.size(); ++i)
      if (!explain::stays(step(i).action.verb()))
        for (uint32_t port : held_ports(state_.replicas[i].spec))
          wanted.try_emplace({state_.replicas[i].replica->node, port}, i);
    for (size_t o = 0; o < olds_.size(); ++o) {
      Leaving &old = difference_.leaving[o];
      if (!old.there->spec || !old.reachable)
        continue;
      for (uint32_t port : held_ports(*old.there->spec)) {
        const auto by = wanted.find({old.there->node, port});
        if (by == wanted.end() || difference_.step_of[by->second] == old.step)
          continue;
        old.for_another = true;
        old.stop_first = explain::stop_first_port(port);
        stopped(*news_[by->second].mutable_start_after(), o);
        if (difference_.steps[old.step].action.verb() == "delete")
          later(difference_.step_of[by->second], old.step);
      }
    }
  }

  /// What comes before a replica: those its workload is after, then its neighbour in the roll.
  std::vector<Standing> before(size_t replica) const {
    std::vector<Standing> list;
    const proto::Workload &workload = *state_.replicas[replica].replica->workload;
    for (const std::string &name : workload.after()) {
      const std::vector<Standing> peers = standing(state_, name);
      list.insert(list.end(), peers.begin(), peers.end());
    }
    if (!step(replica).changes_place())
      return list;
    const std::vector<size_t> &own = state_.of.at(workload.name());
    for (auto at = std::find(own.begin(), own.end(), replica); at != own.begin();)
      if (step(*--at).changes_place()) {
        list.push_back({state_.replicas[*at].replica->number, *at, nullptr});
        break;
      }
    return list;
  }

  void starting(size_t replica) {
    auto &gates = *news_[replica].mutable_start_after();
    for (const Standing &other : before(replica)) {
      healthy(gates, other);
      if (other.desired)
        later(difference_.step_of[replica], difference_.step_of[*other.desired]);
    }
    for (size_t o : step(replica).leaving) {
      const Leaving &old = difference_.leaving[o];
      if (!old.stop_first.empty() && !old.for_another && old.reachable)
        stopped(gates, o);
    }
  }

  void stopping(size_t o) {
    const Leaving &old = difference_.leaving[o];
    const std::optional<size_t> successor = difference_.steps[old.step].desired;
    if (old.for_another || !successor)
      return;
    auto &gates = *olds_[o].mutable_stop_after();
    if (old.stop_first.empty())
      healthy(gates, *successor);
    else
      for (const Standing &other : before(*successor))
        healthy(gates, other);
  }

  /// users[o]: old ones that were given o's address.
  std::vector<std::set<size_t>> users_of_olds() const {
    std::vector<std::set<size_t>> users(olds_.size());
    std::map<std::pair<std::string, uint32_t>, std::vector<size_t>> named;
    for (size_t o = 0; o < olds_.size(); ++o)
      if (const Leaving &old = difference_.leaving[o]; old.reachable)
        named[{old.there->workload, old.there->replica}].push_back(o);
    auto uses = [&](size_t user, const std::string &workload, uint32_t replica) {
      if (const auto found = named.find({workload, replica}); found != named.end())
        for (size_t o : found->second)
          if (o != user)
            users[o].insert(user);
    };
    for (size_t o = 0; o < olds_.size(); ++o) {
      const Leaving &old = difference_.leaving[o];
      if (!old.reachable)
        continue;
      if (old.there->spec) {
        for (const proto::Peer &peer : old.there->spec->peers())
          uses(o, subject_.moves.name_of_now(peer.workload()), peer.replica());
        continue;
      }
      for (const proto::Workload &workload : subject_.intent.workloads())
        if (workload.name() == old.there->workload)
          for (const std::string &name : workload.after())
            for (uint32_t number = 0; number < 64; ++number)
              uses(o, name, number);
    }
    return users;
  }

  void users_before_used() {
    const std::vector<std::set<size_t>> users = users_of_olds();
    // Those that a circle of users keeps waiting are not ordered: take away what nobody uses until
    // nothing more can be taken.
    std::vector<char> ordered(olds_.size(), 0);
    std::vector<std::vector<size_t>> used(olds_.size());
    std::vector<size_t> waiting(olds_.size()), ready;
    for (size_t o = 0; o < olds_.size(); ++o) {
      for (size_t user : users[o])
        used[user].push_back(o);
      if ((waiting[o] = users[o].size()) == 0)
        ready.push_back(o);
    }
    while (!ready.empty()) {
      const size_t user = ready.back();
      ready.pop_back();
      ordered[user] = 1;
      for (size_t o : used[user])
        if (--waiting[o] == 0)
          ready.push_back(o);
    }
    for (size_t o = 0; o < olds_.size(); ++o) {
      const Leaving &old = difference_.leaving[o];
      if (!ordered[o] || !old.stop_first.empty() || old.for_another)
        continue;
      for (size_t user : users[o]) {
        stopped(*olds_[o].mutable_stop_after(), user);
        if (difference_.steps[old.step].action.verb() == "delete")
          later(old.step, difference_.leaving[user].step);
      }
    }
  }

  void finish_actions() {
    for (size_t s = 0; s < difference_.steps.size(); ++s) {
      Step &step = difference_.steps[s];
      for (size_t other : after_[s])
        step.action.add_after(difference_.steps[other].action.id());
      if (!step.changes_place())
        continue;
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
      if (difference_.leaving[o].reachable)
        by_node[there.node].push_back(std::move(instance));
    }
    add_frozen(by_node);
    for (auto &[node, list] : by_node)
      std::stable_sort(list.begin(), list.end(), [](const auto &a, const auto &b) {
        return std::make_tuple(a.retiring(), a.workload(), a.replica(), a.revision()) <
               std::make_tuple(b.retiring(), b.workload(), b.replica(), b.revision());
      });
    return by_node;
  }

  /// As their nodes were told, but for waiting for what is gone or has another revision now.
  void add_frozen(std::map<std::string, std::vector<proto::Instance>> &by_node) const {
    std::vector<const There *> told;
    std::set<std::tuple<std::string, uint32_t, std::string>> there;
    for (const There &one : subject_.frozen)
      if (one.told && subject_.world.nodes.count(one.node)) {
        told.push_back(&one);
        there.emplace(one.reported_as, one.replica, one.revision);
      }
    std::map<std::pair<std::string, uint32_t>, const Desired *> desired;
    for (const Desired &one : state_.replicas)
      desired.emplace(std::make_pair(one.replica->workload->name(), one.replica->number), &one);
    auto holds_on = [&](proto::Gate &gate) {
      if (gate.kind() != proto::Gate::HEALTHY)
        return true;
      const auto now = desired.find({gate.workload(), gate.replica()});
      if (now == desired.end())
        return there.count({gate.workload(), gate.replica(), gate.revision()}) != 0;
      gate.set_revision(now->second->revision);
      gate.set_node(now->second->replica->node);
      return true;
    };
    for (const There *one : told) {
      proto::Instance instance = *one->told;
      instance.clear_renamed_from();
      for (auto *gates : {instance.mutable_start_after(), instance.mutable_stop_after()}) {
        google::protobuf::RepeatedPtrField<proto::Gate> all;
        all.Swap(gates);
        for (proto::Gate &gate : all)
          if (holds_on(gate))
            *gates->Add() = gate;
      }
      by_node[one->node].push_back(std::move(instance));
    }
  }

  const Case &subject_;
  const DesiredState &state_;
  Difference &difference_;
  std::vector<proto::Instance> news_, olds_;
  std::vector<std::set<size_t>> after_;
};

} // namespace

std::map<std::string, std::vector<proto::Instance>>
gated(const Case &subject, const DesiredState &state, Difference &difference) {
  return Gating(subject, state, difference).run();
}

} // namespace nemo::verify
