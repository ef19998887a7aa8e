// What is left as it is, or is over, goes into the parts of its nodes as it was.
#include "compiler/verify/changes.h"

#include <set>

#include "compiler/explain/texts.h"

namespace nemo::verify {

namespace {

/// A job that is over, of what the plan is about.
bool is_kept(const Case &subject, const There &one) {
  return one.over && subject.takes(one.workload, one.replica);
}

bool wants_protection(const Case &subject, const std::string &name) {
  for (const proto::Workload &workload : subject.intent.workloads())
    if (workload.name() == name)
      return workload.protect();
  return false;
}

} // namespace

std::vector<proto::Action> kept_finished(const Case &subject) {
  std::vector<proto::Action> actions;
  for (const There &one : subject.finished) {
    if (!is_kept(subject, one))
      continue;
    proto::Action &action = actions.emplace_back();
    action.set_verb(one.reported_as != one.workload                           ? "rename"
                    : !one.guarded && wants_protection(subject, one.workload) ? "protect"
                                                                              : "keep");
    action.set_id(explain::action_id(action.verb(), one.workload, one.replica));
    action.set_object(explain::object(one.workload, one.replica));
    action.set_node(one.node);
    action.set_reason(explain::finished_reason());
    action.set_revision(one.revision);
    action.set_from_revision(one.revision);
  }
  return actions;
}

void add_frozen(const Case &subject, const DesiredState &state,
                std::map<std::string, std::vector<proto::Instance>> &by_node) {
  std::vector<const There *> told;
  std::set<std::tuple<std::string, uint32_t, std::string>> there;
  for (const auto *list : {&subject.frozen, &subject.finished})
    for (const There &one : *list)
      if (one.told && subject.world.nodes.count(one.node)) {
        told.push_back(&one);
        there.emplace(is_kept(subject, one) ? one.workload : one.reported_as, one.replica,
                      one.revision);
      }
  std::map<std::pair<std::string, uint32_t>, const Desired *> desired;
  for (const Desired &one : state.replicas)
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
    if (is_kept(subject, *one)) {
      instance.set_workload(one->workload);
      if (one->reported_as != one->workload)
        instance.set_renamed_from(one->reported_as);
      instance.set_protect(one->guarded || wants_protection(subject, one->workload));
    }
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

} // namespace nemo::verify
