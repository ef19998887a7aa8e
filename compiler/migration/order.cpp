// Why no circle: rank new instances by (start order, number). A new one waits only for lower ranks,
// for its own predecessor when that stops first, and for old ones that were released, which wait
// for nobody. An old one that stops first waits for lower ranks; one that stops last waits for its
// successor and for old ones that depend on it, and nobody new waits for it.
#include "compiler/migration/order.h"

#include <algorithm>
#include <map>
#include <set>

#include "compiler/explain/texts.h"
#include "compiler/migration/forecast.h"

namespace nemo::compiler {

namespace {

class Ordering {
public:
  Ordering(const stages::Inputs &inputs, const WantedReplicas &wanted, Changes changes)
      : inputs_(inputs), wanted_(wanted), changes_(std::move(changes)), renames_(inputs.intent()) {
    news_.resize(wanted.replicas.size());
    olds_.resize(changes_.olds.size());
    after_.resize(changes_.changes.size());
    first_.assign(static_cast<size_t>(inputs.intent().workloads_size()), 0);
    count_.assign(first_.size(), 0);
    for (size_t r = 0; r < wanted.replicas.size(); ++r)
      if (count_[wanted.replicas[r].workload]++ == 0)
        first_[wanted.replicas[r].workload] = r;
  }

  stages::Migration run() {
    release();
    for (size_t r = 0; r < news_.size(); ++r)
      start(r);
    for (size_t o = 0; o < olds_.size(); ++o)
      stop(o);
    users_first();
    return write();
  }

private:
  using Gates = google::protobuf::RepeatedPtrField<proto::Gate>;

  const Change &change_of(size_t r) const { return changes_.changes[changes_.change_of_wanted[r]]; }
  bool changes_place(size_t r) const {
    const std::string &verb = change_of(r).verb;
    return verb == "replace" || verb == "move";
  }
  std::string id(const Change &change) const {
    return explain::action_id(change.verb, change.workload, change.replica);
  }

  static void gate(Gates &gates, proto::Gate::Kind kind, const std::string &workload,
                   uint32_t replica, const std::string &revision, const std::string &node) {
    proto::Gate &entry = *gates.Add();
    entry.set_kind(kind);
    entry.set_workload(workload);
    entry.set_replica(replica);
    entry.set_revision(revision);
    entry.set_node(node);
  }
  void healthy(Gates &gates, size_t r) const {
    const Wanted &peer = wanted_.replicas[r];
    gate(gates, proto::Gate::HEALTHY,
         inputs_.intent().workloads(static_cast<int>(peer.workload)).name(), peer.number,
         peer.revision, peer.node);
  }
  void stopped(Gates &gates, size_t o) const {
    const stages::Existing &there = *changes_.olds[o].there;
    gate(gates, proto::Gate::STOPPED, there.workload(), there.replica(), there.revision(),
         there.node());
  }
  void wait_for(size_t change, size_t other) {
    if (change != other && !explain::stays(changes_.changes[other].verb))
      after_[change].insert(other);
  }

  // A fixed port that an old instance holds where another replica is about to need it.
  void release() {
    std::map<std::pair<std::string, uint32_t>, size_t> needed;
    for (size_t r = 0; r < news_.size(); ++r)
      if (!explain::stays(change_of(r).verb))
        for (uint32_t port : fixed_ports(wanted_.replicas[r].spec))
          needed.emplace(std::make_pair(wanted_.replicas[r].node, port), r);
    for (size_t o = 0; o < olds_.size(); ++o) {
      Old &old = changes_.olds[o];
      for (uint32_t port : fixed_ports(old.there->spec())) {
        auto by = needed.find({old.there->node(), port});
        if (by == needed.end() || changes_.change_of_wanted[by->second] == old.change ||
            !old.reachable)
          continue;
        old.released = true;
        old.hinders = explain::stop_first_port(port);
        stopped(*news_[by->second].mutable_start_after(), o);
        if (changes_.changes[old.change].verb == "delete")
          wait_for(changes_.change_of_wanted[by->second], old.change);
      }
    }
  }

  // Dependencies, then the replica before it.
  void lower_ranks(size_t r, Gates &gates, bool record) {
    const size_t own = changes_.change_of_wanted[r];
    const uint32_t w = wanted_.replicas[r].workload;
    for (uint32_t before : wanted_.after[w])
      for (const Standing &peer : wanted_.standing[before]) {
        if (!peer.replica) {
          gate(gates, proto::Gate::HEALTHY, peer.frozen->workload(), peer.number,
               peer.frozen->revision(), peer.frozen->node());
          continue;
        }
        healthy(gates, *peer.replica);
        if (record)
          wait_for(own, changes_.change_of_wanted[*peer.replica]);
      }
    if (!changes_place(r))
      return;
    for (size_t other = r; other-- > first_[w];)
      if (changes_place(other)) {
        healthy(gates, other);
        if (record)
          wait_for(own, changes_.change_of_wanted[other]);
        return;
      }
  }

  void start(size_t r) {
    Gates &gates = *news_[r].mutable_start_after();
    lower_ranks(r, gates, true);
    for (size_t o : change_of(r).olds)
      if (changes_.olds[o].hinders && !changes_.olds[o].released && changes_.olds[o].reachable)
        stopped(gates, o);
  }

  void stop(size_t o) {
    const Old &old = changes_.olds[o];
    const Change &change = changes_.changes[old.change];
    if (old.released || !change.wanted)
      return;
    const size_t r = static_cast<size_t>(change.wanted - wanted_.replicas.data());
    Gates &gates = *olds_[o].mutable_stop_after();
    if (old.hinders)
      lower_ranks(r, gates, false);
    else
      healthy(gates, r);
  }

  // Whoever was given an old one's address goes before it does. What old specifications say may be
  // anything, also a circle: those in one are not ordered.
  void users_first() {
    std::map<std::pair<std::string, uint32_t>, std::vector<size_t>> serving;
    for (size_t o = 0; o < olds_.size(); ++o)
      if (changes_.olds[o].reachable)
        serving[{changes_.olds[o].there->workload(), changes_.olds[o].there->replica()}].push_back(
            o);
    std::vector<std::set<size_t>> users(olds_.size()), used(olds_.size());
    auto uses = [&](size_t user, const std::string &workload, uint32_t replica) {
      auto found = serving.find({workload, replica});
      if (found == serving.end())
        return;
      for (size_t o : found->second)
        if (o != user) {
          users[o].insert(user);
          used[user].insert(o);
        }
    };
    for (size_t o = 0; o < olds_.size(); ++o) {
      const Old &old = changes_.olds[o];
      if (!old.reachable)
        continue;
      for (const proto::Peer &peer : old.there->spec().peers())
        uses(o, renames_.now(peer.workload()), peer.replica());
      if (!old.there->has_spec())
        for (const proto::Workload &workload : inputs_.intent().workloads())
          if (workload.name() == old.there->workload())
            for (const std::string &before : workload.after())
              for (uint32_t number = 0; number < 64; ++number)
                uses(o, before, number);
    }
    std::vector<size_t> open(olds_.size()), ready;
    for (size_t o = 0; o < olds_.size(); ++o)
      if ((open[o] = users[o].size()) == 0)
        ready.push_back(o);
    while (!ready.empty()) {
      size_t user = ready.back();
      ready.pop_back();
      for (size_t o : used[user])
        if (--open[o] == 0)
          ready.push_back(o);
    }
    for (size_t o = 0; o < olds_.size(); ++o) {
      const Old &old = changes_.olds[o];
      if (open[o] != 0 || old.hinders || old.released)
        continue;
      for (size_t user : users[o]) {
        stopped(*olds_[o].mutable_stop_after(), user);
        if (changes_.changes[old.change].verb == "delete")
          wait_for(old.change, changes_.olds[user].change);
      }
    }
  }

  stages::Migration write() {
    std::vector<std::tuple<std::string, bool, std::string, uint32_t, std::string, size_t>> keys;
    for (size_t r = 0; r < news_.size(); ++r) {
      const Wanted &replica = wanted_.replicas[r];
      proto::Instance &instance = news_[r];
      instance.set_workload(inputs_.intent().workloads(static_cast<int>(replica.workload)).name());
      instance.set_replica(replica.number);
      instance.set_revision(replica.revision);
      instance.set_renamed_from(change_of(r).renamed_from);
      instance.set_protect(change_of(r).protect);
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
    if (change.verb == "move")
      forecast(inputs_.intent().workloads(static_cast<int>(change.wanted->workload)), action);
    if (change.verb == "replace" || change.verb == "move") {
      std::string handover = explain::healthy_first();
      for (size_t o : change.olds)
        if (changes_.olds[o].hinders && changes_.olds[o].reachable)
          handover = *changes_.olds[o].hinders;
      action.set_handover(handover);
    }
    return action;
  }

  const stages::Inputs &inputs_;
  const WantedReplicas &wanted_;
  Changes changes_;
  const Renames renames_;
  std::vector<proto::Instance> news_, olds_;
  std::vector<std::set<size_t>> after_;
  std::vector<size_t> first_, count_;
};

} // namespace

stages::Migration order(const stages::Inputs &inputs, const WantedReplicas &wanted,
                        Changes changes) {
  return Ordering(inputs, wanted, std::move(changes)).run();
}

} // namespace nemo::compiler
