// Which replicas the plan may touch, found again from its patterns: what they name, then what that
// cannot do without, less what is excluded and what could never start then. Round after round until
// nothing more follows.
#include <algorithm>

#include <fmt/format.h>

#include "base/pattern.h"
#include "compiler/explain/texts.h"
#include "compiler/verify/case.h"

namespace nemo::verify {

namespace {

using Unit = Case::Unit;
using Patterns = google::protobuf::RepeatedPtrField<std::string>;

bool any_names(const Patterns &patterns, const Unit &unit) {
  return std::any_of(patterns.begin(), patterns.end(), [&](const std::string &pattern) {
    return names_replica(pattern, unit.first, unit.second);
  });
}

void check_patterns(const char *field, const Patterns &patterns, const std::set<Unit> &units,
                    Faults &faults) {
  for (int i = 0; i < patterns.size(); ++i) {
    if (i > 0 && patterns[i - 1] >= patterns[i])
      faults.add(diag::N0721, fmt::format("{}[{}] is not in order", field, i));
    if (std::none_of(units.begin(), units.end(), [&](const Unit &unit) {
          return names_replica(patterns[i], unit.first, unit.second);
        }))
      faults.add(diag::N0721, fmt::format("{}[{}] selects nothing: '{}'", field, i, patterns[i]));
  }
}

/// What each cannot do without: to start, those it is after; to go, those that use it.
std::map<Unit, std::set<Unit>> requirements(const Case &subject, const std::vector<There> &there,
                                            const std::set<Unit> &units) {
  std::map<Unit, std::set<Unit>> result;
  auto require = [&](const Unit &user, const Unit &used) {
    if (user == used || !units.count(user) || !units.count(used))
      return;
    if (subject.plan.destroy())
      result[used].insert(user);
    else
      result[user].insert(used);
  };
  std::map<std::string, const proto::Workload *> blocks;
  for (const proto::Workload &workload : subject.intent.workloads())
    blocks.emplace(workload.name(), &workload);
  auto by_block = [&](const Unit &user) {
    if (const auto block = blocks.find(user.first); block != blocks.end())
      for (const std::string &name : block->second->after())
        for (auto used = units.lower_bound({name, 0}); used != units.end() && used->first == name;
             ++used)
          require(user, *used);
  };
  if (!subject.plan.destroy()) {
    for (const Unit &unit : units)
      by_block(unit);
    return result;
  }
  for (const There &one : there) {
    const Unit user{one.workload, one.replica};
    if (!one.spec) {
      by_block(user);
      continue;
    }
    for (const proto::Peer &peer : one.spec->peers())
      require(user, {subject.moves.name_of_now(peer.workload()), peer.replica()});
  }
  return result;
}

std::set<Unit> selected_units(const Case &subject, const std::vector<There> &there,
                              const std::set<Unit> &units, Faults &faults) {
  const proto::Plan &plan = subject.plan;
  const auto required = requirements(subject, there, units);
  std::set<Unit> serving, in, out;
  for (const There &one : there)
    if (one.serves())
      serving.emplace(one.workload, one.replica);
  for (const Unit &unit : units)
    if (plan.targets().empty() || any_names(plan.targets(), unit))
      in.insert(unit);
  for (size_t before = 0; before != in.size();) {
    before = in.size();
    for (const auto &[user, needs] : required)
      if (in.count(user))
        in.insert(needs.begin(), needs.end());
  }
  for (const Unit &unit : in)
    if (any_names(plan.excludes(), unit))
      out.insert(unit);
  for (bool more = true; more;) {
    more = false;
    for (const auto &[user, needs] : required)
      if (in.count(user) && !out.count(user) &&
          std::any_of(needs.begin(), needs.end(), [&](const Unit &need) {
            return out.count(need) && (plan.destroy() || !serving.count(need));
          })) {
        more = out.insert(user).second;
        if (any_names(plan.targets(), user))
          faults.add(diag::N0721, fmt::format("{}/{} is a target and needs what is left out",
                                              user.first, user.second));
      }
  }
  for (const Unit &unit : out)
    in.erase(unit);
  return in;
}

proto::Spec by_its_block(proto::Spec spec) {
  spec.clear_peers();
  spec.clear_accept_missing();
  spec.clear_gpus();
  return spec;
}

/// What has ended is the whole of it, and its block says what it was started from.
bool needs_no_run(const Case &subject, const There &ended, const std::vector<There> &there) {
  if (ended.retiring || subject.plan.destroy())
    return false;
  for (const There &other : there)
    if (&other != &ended && other.workload == ended.workload && other.replica == ended.replica)
      return false;
  const auto wants = [&](const proto::Workload &workload, uint32_t replicas) {
    return workload.name() == ended.workload && workload.has_job() && ended.replica < replicas &&
           (!ended.spec || by_its_block(*ended.spec).SerializeAsString() ==
                               by_its_block(lowered(subject.intent, workload)).SerializeAsString());
  };
  // Where others wait for room, the numbers up to theirs are decided; what is over is over.
  for (int w = 0; w < subject.intent.workloads_size(); ++w)
    if (wants(subject.intent.workloads(w),
              std::max(subject.intent.workloads(w).replicas_min(),
                       w < subject.plan.intent().workloads_size()
                           ? subject.plan.intent().workloads(w).replicas_min()
                           : 0)))
      return true;
  return false;
}

} // namespace

void split_selection(Case &subject, Faults &faults) {
  std::vector<There> there = what_is_there(subject.intent, subject.moves, subject.plan.facts());
  std::set<Unit> units;
  for (const There &one : there)
    units.emplace(one.workload, one.replica);
  if (!subject.plan.destroy())
    for (const proto::Workload &workload : subject.intent.workloads())
      for (uint32_t number = 0; number < workload.replicas_min(); ++number)
        units.emplace(workload.name(), number);
  check_patterns("targets", subject.plan.targets(), units, faults);
  check_patterns("excludes", subject.plan.excludes(), units, faults);
  subject.selective = subject.plan.targets_size() + subject.plan.excludes_size() != 0;
  if (subject.selective)
    subject.selected = selected_units(subject, there, units, faults);
  std::vector<bool> stays;
  for (const There &one : there)
    stays.push_back(one.over && (!subject.takes(one.workload, one.replica) ||
                                 needs_no_run(subject, one, there)));
  for (size_t i = 0; i < there.size(); ++i) {
    const bool taken = subject.takes(there[i].workload, there[i].replica);
    if (stays[i])
      subject.over.emplace(there[i].workload, there[i].replica);
    (stays[i] ? subject.finished
     : taken  ? subject.there
              : subject.frozen)
        .push_back(std::move(there[i]));
  }
}

bool Case::is_over(const proto::Workload &workload) const {
  for (uint32_t number = 0; number < workload.replicas_min(); ++number)
    if (!is_over(workload.name(), number))
      return false;
  return workload.replicas_min() > 0;
}

void check_left_out(const Case &subject, Faults &faults) {
  std::map<Unit, std::pair<const proto::Workload *, const There *>> sides;
  std::map<std::string, const proto::Workload *> blocks;
  for (const proto::Workload &workload : subject.intent.workloads()) {
    blocks[workload.name()] = &workload;
    if (!subject.plan.destroy())
      for (uint32_t number = 0; number < workload.replicas_min(); ++number)
        if (!subject.takes(workload.name(), number))
          sides[{workload.name(), number}].first = &workload;
  }
  for (const auto *list : {&subject.frozen, &subject.finished})
    for (const There &one : *list)
      if (!subject.takes(one.workload, one.replica) && !one.retiring &&
          !sides[{one.workload, one.replica}].second)
        sides[{one.workload, one.replica}].second = &one;
  google::protobuf::RepeatedPtrField<proto::Action> expected;
  auto would = [&](const Unit &unit, const char *verb, const There *there, std::string reason) {
    proto::Action &action = *expected.Add();
    action.set_id(explain::action_id(verb, unit.first, unit.second));
    action.set_object(explain::object(unit.first, unit.second));
    action.set_verb(verb);
    action.set_node(there ? there->node : "");
    action.set_reason(std::move(reason));
  };
  for (const auto &[unit, pair] : sides) {
    const auto &[wanted, there] = pair;
    if (!there) {
      if (wanted)
        would(unit, "create", nullptr, explain::create_reason());
      continue;
    }
    if (!wanted) {
      const proto::Workload *block = blocks.count(unit.first) ? blocks[unit.first] : nullptr;
      const auto why = subject.plan.destroy() ? explain::Unwanted::destroyed
                       : block                ? explain::Unwanted::fewer_replicas
                                              : explain::Unwanted::workload_gone;
      would(unit, "delete", there, explain::delete_reason(why, block ? block->replicas_min() : 0));
      continue;
    }
    if (there->reported_as != there->workload) {
      would(unit, "rename", there, explain::rename_reason(there->reported_as));
      continue;
    }
    std::vector<std::string> changed;
    if (there->spec)
      changed = explain::changed_fields(by_its_block(*there->spec),
                                        by_its_block(lowered(subject.intent, *wanted)));
    if (!changed.empty())
      would(unit, "replace", there, explain::replace_reason(changed));
    else if (wanted->protect() && !there->guarded)
      would(unit, "protect", there, explain::protect_reason());
  }
  faults.compare_lists(diag::N0717, "left_out", subject.plan.left_out(), expected);
}

} // namespace nemo::verify
