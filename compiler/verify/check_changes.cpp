// Actions and parts against what they must be, then the order.
#include "compiler/verify/changes.h"

#include <map>

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
          steps.find(explain::object(subject.moves.name_of_now(peer.workload()), peer.replica()));
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
  std::map<std::string, std::vector<size_t>> waiting_for;
  std::vector<int> open;
  std::vector<std::string> done;
  for (const proto::Action &action : plan.actions()) {
    for (const std::string &id : action.after())
      waiting_for[id].push_back(open.size());
    open.push_back(action.after_size());
    if (action.after().empty())
      done.push_back(action.id());
  }
  while (!done.empty()) {
    const auto waiting = waiting_for.extract(done.back());
    done.pop_back();
    if (!waiting.empty())
      for (size_t other : waiting.mapped())
        if (--open[other] == 0)
          done.push_back(plan.actions(static_cast<int>(other)).id());
  }
  for (size_t i = 0; i < open.size(); ++i)
    if (open[i] != 0)
      faults.add(diag::N0718, fmt::format("'{}' waits for itself or for nobody",
                                          plan.actions(static_cast<int>(i)).id()));
}

} // namespace

void check_changes(const Case &subject, Faults &faults) {
  const DesiredState state = desired_state(subject, faults);
  if (state.starting.size() != static_cast<size_t>(subject.intent.workloads_size()))
    return;
  Difference changes = difference(subject, state);
  check_names(what_is_there(subject.intent, subject.moves, subject.plan.facts()), faults);
  check_users(subject, state, changes, faults);
  check_protection(changes, faults);
  const auto instances = gated(subject, state, changes);
  google::protobuf::RepeatedPtrField<proto::Action> actions;
  for (const Step &step : changes.steps)
    *actions.Add() = step.action;
  for (const proto::Action &action : kept_finished(subject))
    *actions.Add() = action;
  faults.compare_lists(diag::N0717, "actions", subject.plan.actions(), actions);
  check_parts(subject, instances, faults);
  check_circles(subject.plan, faults);
  if (faults.empty())
    check_transient_room(subject, changes, faults);
  if (faults.empty())
    check_transient_exclusive(subject, changes, faults);
  if (faults.empty())
    replay(subject, changes, faults);
}

} // namespace nemo::verify
