#include "compiler/verify/changes.h"

#include <algorithm>
#include <set>

#include <fmt/format.h>

#include "compiler/explain/texts.h"
#include "compiler/verify/cordons.h"
#include "compiler/verify/exclusive.h"

namespace nemo::verify {

namespace {

/// Why two revisions of a replica cannot run side by side on one node. One whose specification is
/// not known is taken to hold what the wanted one will.
std::string stop_first(const Desired &wanted, const There &there) {
  const proto::Spec &before = there.spec ? *there.spec : wanted.spec;
  const bool elsewhere = there.node != wanted.replica->node;
  for (const proto::Mount &mine : wanted.spec.mounts()) {
    if (mine.volume().empty() || mine.kind() == "external" ||
        (elsewhere && mine.kind() != "replicated"))
      continue;
    for (const proto::Mount &theirs : before.mounts())
      if (mine.volume() == theirs.volume() && mine.kind() == theirs.kind() &&
          (!mine.read_only() || !theirs.read_only()))
        return explain::stop_first_volume(mine.volume());
  }
  if (wanted.replica->workload->partition() == "stop")
    return explain::stop_first_once();
  if (elsewhere)
    return {};
  const std::vector<uint32_t> held = held_ports(before);
  for (uint32_t port : held_ports(wanted.spec))
    if (std::find(held.begin(), held.end(), port) != held.end())
      return explain::stop_first_port(port);
  return {};
}

bool runs_as_wanted(const Desired &wanted, const There &there) {
  return there.node == wanted.replica->node &&
         (there.revision.empty() || there.revision == wanted.revision);
}

class Differing {
public:
  /// It can be suspended, and nothing of the stack is there yet.
  bool sleeps(const std::string &node) const {
    return subject_.world.at(node).node->has_power_suspended_mw() && !in_use_.count(node);
  }

  Differing(const Case &subject, const DesiredState &state)
      : subject_(subject), claims_(subject), cordons_(subject), state_(state) {
    result_.there = subject.there;
    for (const There &one : subject.there)
      in_use_.insert(one.node);
    result_.step_of.resize(state.replicas.size());
    for (const There &there : result_.there)
      by_name_[{there.workload, there.replica}].push_back(&there);
  }

  Difference run() {
    for (const proto::Workload *workload : state_.starting)
      if (const auto own = state_.of.find(workload->name()); own != state_.of.end())
        for (size_t i : own->second)
          wanted(i);
    for (const auto &[name, list] : by_name_)
      if (!matched_.count(name))
        unwanted(list);
    return std::move(result_);
  }

private:
  void leave(Step &step, const There &there, std::string why) {
    step.leaving.push_back(result_.leaving.size());
    result_.leaving.push_back({&there, result_.steps.size(),
                               subject_.world.nodes.count(there.node) != 0, std::move(why)});
  }

  void wanted(size_t i) {
    const Desired &wanted = state_.replicas[i];
    const proto::Workload &workload = *wanted.replica->workload;
    matched_.emplace(workload.name(), wanted.replica->number);
    Step step;
    step.desired = i;
    proto::Action &action = step.action;
    const There *same = nullptr, *main = nullptr;
    for (const There *candidate : by_name_[{workload.name(), wanted.replica->number}]) {
      const There &there = *candidate;
      if (!same && runs_as_wanted(wanted, there)) {
        same = &there;
        continue;
      }
      if (!main || (main->retiring && !there.retiring))
        main = &there;
      leave(step, there, stop_first(wanted, there));
    }
    if (same)
      action.set_from_revision(same->revision);
    if (same && same->reported_as != same->workload)
      step.renamed_from = same->reported_as;
    step.runs = same != nullptr;
    step.was_protected = same && same->guarded;
    step.protect = workload.protect() || step.was_protected;
    if (!main && !same) {
      action.set_verb("create");
      action.set_reason(explain::create_reason());
    } else if (!main && !step.renamed_from.empty()) {
      action.set_verb("rename");
      action.set_reason(explain::rename_reason(step.renamed_from));
    } else if (!main && step.protect && !step.was_protected) {
      action.set_verb("protect");
      action.set_reason(explain::protect_reason());
    } else if (!main) {
      action.set_verb("keep");
      action.set_reason(
          step.was_protected &&
                  cordons_.only_guarded(workload, wanted.replica->number, wanted.replica->node)
              ? explain::guarded_reason(*subject_.world.at(wanted.replica->node).node)
              : explain::keep_reason());
    } else {
      action.set_from_revision(main->revision);
      if (main->node == wanted.replica->node) {
        std::vector<std::string> changed;
        if (main->reported_as != main->workload)
          changed.push_back("name, was " + main->reported_as);
        if (main->spec)
          for (std::string &field : explain::changed_fields(given(subject_.moves, *main->spec),
                                                            given(subject_.moves, wanted.spec)))
            changed.push_back(std::move(field));
        action.set_verb("replace");
        action.set_reason(explain::replace_reason(changed));
      } else {
        const Place from = subject_.world.at(main->node);
        action.set_verb("move");
        action.set_from_node(main->node);
        const bool drained = from.node && from.node->cordon().drained();
        action.set_reason(
            asked_for(subject_.plan, workload.name(), wanted.replica->number)
                ? explain::asked_reason(main->node)
            : drained ? explain::drained_reason(*from.node)
                      : explain::move_reason(main->node, !from.node,
                                             from.node && claims_.admit(workload, main->node) &&
                                                 !cordons_.close(workload, main->node)));
      }
    }
    const bool live = action.verb() == "move" && goes_live(step, wanted);
    if (action.verb() == "create" || action.verb() == "move")
      forecast(
          workload, *subject_.world.at(wanted.replica->node).node, sleeps(wanted.replica->node),
          live ? fastest(main->node, wanted.replica->node) : std::optional<uint64_t>(), action);
    action.set_revision(wanted.revision);
    finish(std::move(step), workload.name(), wanted.replica->number, wanted.replica->node);
    result_.step_of[i] = result_.steps.size() - 1;
  }

  /// A machine that holds nothing but memory, and is to be on the other node what it is here.
  bool goes_live(const Step &step, const Desired &wanted) {
    if (step.leaving.size() != 1)
      return false;
    Leaving &old = result_.leaving[step.leaving.front()];
    const proto::Workload &workload = *wanted.replica->workload;
    const std::string &kind = wanted.spec.sandbox();
    if ((kind != "unikernel" && kind != "microvm") || workload.restarts() || workload.has_job() ||
        wanted.spec.gpus_size() != 0 || !old.stop_first.empty() || !old.there->spec ||
        old.there->revision != wanted.revision || old.there->reported_as != old.there->workload)
      return false;
    for (const proto::Mount &mount : wanted.spec.mounts())
      if (!mount.volume().empty())
        return false;
    for (const std::string &name : {old.there->node, wanted.replica->node}) {
      const proto::Node *node = subject_.world.at(name).node;
      bool able = false;
      for (int i = 0; node && i < node->capabilities_size(); ++i)
        able |= node->capabilities(i).name() == "migrate.live" && node->capabilities(i).available();
      if (!able)
        return false;
    }
    old.live = true;
    old.stop_first = explain::live();
    return true;
  }

  /// Of all links between one node or its site and the other; 0: none says.
  uint64_t fastest(const std::string &a, const std::string &b) const {
    const auto ends = [&](const std::string &name) {
      return std::set<std::string>{name, subject_.world.at(name).node->site()};
    };
    const std::set<std::string> one = ends(a), other = ends(b);
    uint64_t rate = 0;
    for (const proto::Link &link : subject_.world.links)
      if ((one.count(link.from()) && other.count(link.to())) ||
          (one.count(link.to()) && other.count(link.from())))
        rate = std::max(rate, link.bandwidth_bps());
    return rate;
  }

  void unwanted(const std::vector<const There *> &list) {
    const There &first = *list.front();
    Step step;
    step.action.set_verb("delete");
    step.action.set_from_revision(first.revision);
    explain::Unwanted why = explain::Unwanted::workload_gone;
    uint32_t number = 0;
    for (const proto::Workload &workload : subject_.intent.workloads())
      if (workload.name() == first.workload) {
        why = explain::Unwanted::fewer_replicas;
        number = workload.replicas_min();
      }
    if (subject_.plan.destroy())
      why = explain::Unwanted::destroyed;
    std::string reason = explain::delete_reason(why, number);
    std::set<std::string> volumes;
    for (const There *there : list) {
      leave(step, *there, "");
      if (there->spec)
        for (const proto::Mount &mount : there->spec->mounts())
          if (!mount.volume().empty() && mount.kind().empty())
            volumes.insert(mount.volume());
    }
    for (const std::string &volume : volumes)
      reason += "; volume " + volume + " is kept";
    step.action.set_reason(reason);
    finish(std::move(step), first.workload, first.replica, first.node);
  }

  void finish(Step step, const std::string &workload, uint32_t replica, const std::string &node) {
    step.action.set_id(explain::action_id(step.action.verb(), workload, replica));
    step.action.set_object(explain::object(workload, replica));
    step.action.set_node(node);
    result_.steps.push_back(std::move(step));
  }

  std::set<std::string> in_use_; ///< nodes that something of the stack is on
  const Case &subject_;
  const Claims claims_;
  const Cordons cordons_;
  const DesiredState &state_;
  Difference result_;
  std::map<std::pair<std::string, uint32_t>, std::vector<const There *>> by_name_;
  std::set<std::pair<std::string, uint32_t>> matched_;
};

} // namespace

Difference difference(const Case &subject, const DesiredState &state) {
  return Differing(subject, state).run();
}

} // namespace nemo::verify
