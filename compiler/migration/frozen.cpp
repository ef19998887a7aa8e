#include "compiler/migration/frozen.h"

#include <algorithm>
#include <map>
#include <set>

#include <fmt/format.h>

#include "compiler/explain/texts.h"
#include "compiler/resolve/block_spec.h"
#include "compiler/resolve/report.h"

namespace nemo::compiler {

namespace {

using Unit = std::pair<std::string, uint32_t>;
using OnNode = stages::Migration::OnNode;

const proto::Port *port_of(const proto::Spec &spec, const std::string &name) {
  for (const proto::Port &port : spec.ports())
    if (port.name() == name)
      return &port;
  return nullptr;
}

// A fixed port in the same place is the same address whoever serves it.
bool keeps_address(const Change &change, const Changes &changes, const proto::Peer &peer) {
  if (change.verb == "keep" || change.verb == "protect")
    return true;
  if (change.verb != "replace" || !peer.revision().empty() || !change.renamed_from.empty())
    return false;
  const proto::Port *now = port_of(change.wanted->spec, peer.port());
  return std::all_of(change.olds.begin(), change.olds.end(), [&](size_t old) {
    const stages::Existing &there = *changes.olds[old].there;
    const proto::Port *before = port_of(there.spec(), peer.port());
    return there.renamed_from().empty() && now && before && now->number() == before->number();
  });
}

// The order that agents are told in.
void sort(google::protobuf::RepeatedPtrField<OnNode> &instances) {
  auto key = [](const OnNode &entry) {
    const proto::Instance &instance = entry.instance();
    return std::make_tuple(entry.node(), instance.retiring(), instance.workload(),
                           instance.replica(), instance.revision());
  };
  std::stable_sort(instances.begin(), instances.end(),
                   [&](const OnNode &a, const OnNode &b) { return key(a) < key(b); });
}

// What it waited for may have another revision from now on, or be gone.
void retarget(google::protobuf::RepeatedPtrField<proto::Gate> &gates,
              const std::map<Unit, const OnNode *> &from_now_on,
              const std::set<std::tuple<std::string, uint32_t, std::string>> &there) {
  google::protobuf::RepeatedPtrField<proto::Gate> kept;
  for (proto::Gate &gate : gates) {
    if (gate.kind() == proto::Gate::HEALTHY) {
      if (auto now = from_now_on.find({gate.workload(), gate.replica()});
          now != from_now_on.end()) {
        gate.set_revision(now->second->instance().revision());
        gate.set_node(now->second->node());
      } else if (!there.count({gate.workload(), gate.replica(), gate.revision()})) {
        continue;
      }
    }
    *kept.Add() = std::move(gate);
  }
  gates = std::move(kept);
}

void add_instances(const proto::Intent &intent, const stages::Resolved &resolved,
                   stages::Migration &migration) {
  std::map<std::tuple<std::string, uint32_t, std::string, std::string>, const stages::Existing *>
      stay;
  for (const auto *list : {&resolved.frozen(), &resolved.finished()})
    for (const stages::Existing &there : *list)
      stay.emplace(
          std::make_tuple(there.renamed_from().empty() ? there.workload() : there.renamed_from(),
                          there.replica(), there.node(), there.revision()),
          &there);
  std::set<std::string> guarded;
  for (const proto::Workload &workload : intent.workloads())
    if (workload.protect())
      guarded.insert(workload.name());
  std::vector<OnNode> told;
  std::set<std::tuple<std::string, uint32_t, std::string>> there;
  std::set<std::string> nodes;
  for (const proto::Node &node : resolved.world().nodes())
    nodes.insert(node.name());
  for (const proto::PartState &state : resolved.facts().parts())
    if (state.part().stack() == intent.stack() && nodes.count(state.part().node()))
      for (const proto::Instance &instance : state.part().instances()) {
        const auto known = stay.find(std::make_tuple(instance.workload(), instance.replica(),
                                                     state.part().node(), instance.revision()));
        if (known == stay.end())
          continue;
        OnNode &entry = told.emplace_back();
        entry.set_node(state.part().node());
        proto::Instance &as_told = *entry.mutable_instance();
        as_told = instance;
        as_told.clear_renamed_from();
        if (const stages::Existing &finished = *known->second;
            finished.finished() && !finished.left_out()) {
          as_told.set_workload(finished.workload());
          as_told.set_renamed_from(finished.renamed_from());
          as_told.set_protect(finished.protect() || guarded.count(finished.workload()) != 0);
        }
        there.emplace(as_told.workload(), as_told.replica(), as_told.revision());
      }
  std::map<Unit, const OnNode *> from_now_on;
  for (const OnNode &entry : migration.instances())
    if (!entry.instance().retiring())
      from_now_on.emplace(Unit{entry.instance().workload(), entry.instance().replica()}, &entry);
  for (OnNode &entry : told) {
    retarget(*entry.mutable_instance()->mutable_start_after(), from_now_on, there);
    retarget(*entry.mutable_instance()->mutable_stop_after(), from_now_on, there);
  }
  for (OnNode &entry : told)
    *migration.add_instances() = std::move(entry);
  sort(*migration.mutable_instances());
}

void add_left_out(const stages::Inputs &inputs, const stages::Resolved &resolved,
                  stages::Migration &migration) {
  const proto::Intent &intent = inputs.intent();
  std::set<Unit> planned;
  for (const stages::Replica &replica : resolved.replicas())
    planned.emplace(intent.workloads(static_cast<int>(replica.workload())).name(),
                    replica.number());
  for (const stages::Existing &there : resolved.finished())
    if (!there.left_out())
      planned.emplace(there.workload(), there.replica());
  std::map<Unit, std::pair<const proto::Workload *, const stages::Existing *>> all;
  std::map<std::string, const proto::Workload *> blocks;
  for (const proto::Workload &workload : intent.workloads()) {
    blocks.emplace(workload.name(), &workload);
    for (uint32_t number = 0; !inputs.destroy() && number < workload.replicas_min(); ++number)
      if (!planned.count({workload.name(), number}))
        all[{workload.name(), number}].first = &workload;
  }
  const auto leave = [&](const stages::Existing &there) {
    if (auto &slot = all[{there.workload(), there.replica()}].second; !there.retiring() && !slot)
      slot = &there;
  };
  for (const stages::Existing &there : resolved.frozen())
    leave(there);
  for (const stages::Existing &there : resolved.finished())
    if (there.left_out())
      leave(there);
  for (const auto &[unit, sides] : all) {
    const auto &[workload, there] = sides;
    std::string verb, reason;
    if (workload && !there) {
      verb = "create";
      reason = explain::create_reason();
    } else if (!workload && there) {
      const auto block = blocks.find(unit.first);
      verb = "delete";
      reason = explain::delete_reason(inputs.destroy()        ? explain::Unwanted::destroyed
                                      : block == blocks.end() ? explain::Unwanted::workload_gone
                                                              : explain::Unwanted::fewer_replicas,
                                      block == blocks.end() ? 0 : block->second->replicas_min());
    } else if (there && !there->renamed_from().empty()) {
      verb = "rename";
      reason = explain::rename_reason(there->renamed_from());
    } else if (there) {
      const std::vector<std::string> changed =
          there->has_spec()
              ? explain::changed_fields(own(there->spec()), own(spec_of(intent, *workload)))
              : std::vector<std::string>();
      if (!changed.empty()) {
        verb = "replace";
        reason = explain::replace_reason(changed);
      } else if (workload->protect() && !there->protect()) {
        verb = "protect";
        reason = explain::protect_reason();
      }
    }
    if (verb.empty())
      continue;
    proto::Action &action = *migration.add_left_out();
    action.set_id(explain::action_id(verb, unit.first, unit.second));
    action.set_verb(verb);
    action.set_object(explain::object(unit.first, unit.second));
    action.set_node(there ? there->node() : "");
    action.set_reason(reason);
  }
}

// It stays where it is, under the name and the protection of now.
proto::Action finished_action(const proto::Intent &intent, const stages::Existing &there) {
  const bool guarded =
      std::any_of(intent.workloads().begin(), intent.workloads().end(), [&](const auto &workload) {
        return workload.protect() && workload.name() == there.workload();
      });
  const bool renamed = !there.renamed_from().empty(), newly = guarded && !there.protect();
  const char *verb = renamed ? "rename" : newly ? "protect" : "keep";
  proto::Action action;
  action.set_id(explain::action_id(verb, there.workload(), there.replica()));
  action.set_verb(verb);
  action.set_object(explain::object(there.workload(), there.replica()));
  action.set_node(there.node());
  action.set_reason(explain::finished_reason());
  action.set_revision(there.revision());
  action.set_from_revision(there.revision());
  return action;
}

} // namespace

std::vector<Diagnostic> check_frozen(const stages::Inputs &inputs, const stages::Resolved &resolved,
                                     const Changes &changes) {
  const Renames renames(inputs.intent());
  std::map<Unit, const Change *> change_of;
  for (const Change &change : changes.changes)
    change_of.emplace(Unit{change.workload, change.replica}, &change);
  std::vector<Diagnostic> out;
  for (const stages::Existing &there : resolved.frozen()) {
    if (there.retiring())
      continue;
    for (const proto::Peer &peer : there.spec().peers()) {
      auto found = change_of.find({renames.now(peer.workload()), peer.replica()});
      if (found == change_of.end() || keeps_address(*found->second, changes, peer))
        continue;
      const Change &change = *found->second;
      Diagnostic fault = diag::make(
          diag::N0756, fmt::format("{}/{} is left as it is and uses {}/{}, which this would {}",
                                   there.workload(), there.replica(), peer.workload(),
                                   peer.replica(), change.verb));
      fault.notes.push_back(note(change.reason));
      fault.fix = fmt::format("select it too: --target {}; or leave {} out: --exclude {}",
                              there.workload(), change.workload, change.workload);
      out.push_back(std::move(fault));
      break;
    }
  }
  return out;
}

void add_frozen(const stages::Inputs &inputs, const stages::Resolved &resolved,
                stages::Migration &migration) {
  add_instances(inputs.intent(), resolved, migration);
  for (const stages::Existing &there : resolved.finished())
    if (!there.left_out())
      *migration.add_actions() = finished_action(inputs.intent(), there);
  add_left_out(inputs, resolved, migration);
}

} // namespace nemo::compiler
