#include "compiler/plan/diff/diff.h"

#include <algorithm>
#include <map>
#include <set>
#include <tuple>

#include <google/protobuf/util/message_differencer.h>

namespace nemo::plan {

namespace {

using google::protobuf::util::MessageDifferencer;

Change change(bool has_before, int64_t before, bool has_after, int64_t after) {
  return {has_before ? std::optional(before) : std::nullopt,
          has_after ? std::optional(after) : std::nullopt};
}

bool differs(const Change &change) { return change.before != change.after; }

bool same(const proto::Expectation &a, const proto::Expectation &b) {
  return a.target() == b.target() && a.has_met() == b.has_met() && a.met() == b.met() &&
         a.has_predicted() == b.has_predicted() &&
         MessageDifferencer::Equals(a.predicted(), b.predicted());
}

/// Pairs by rule first; what then is left of one object and metric is one rule that was rewritten.
std::vector<Promise> pair_promises(const proto::Plan &before, const proto::Plan &after) {
  const auto exact = [](const proto::Expectation &e) {
    return std::tuple(e.object(), e.name(), e.verb(), e.target());
  };
  const auto alike = [](const proto::Expectation &e) {
    return std::tuple(e.object(), e.name(), e.verb(), std::string());
  };
  std::vector<bool> used(static_cast<size_t>(before.expectations_size()));
  std::vector<Promise> pairs;
  for (const proto::Expectation &item : after.expectations())
    pairs.push_back({std::nullopt, item});
  for (const auto key : {+exact, +alike}) {
    std::multimap<decltype(key(pairs[0].after.value())), size_t> free;
    for (size_t i = 0; i < used.size(); ++i)
      if (!used[i])
        free.emplace(key(before.expectations(static_cast<int>(i))), i);
    for (Promise &pair : pairs) {
      const auto found = pair.before ? free.end() : free.find(key(*pair.after));
      if (found == free.end())
        continue;
      pair.before = before.expectations(static_cast<int>(found->second));
      used[found->second] = true;
      free.erase(found);
    }
  }
  std::erase_if(pairs,
                [](const Promise &pair) { return pair.before && same(*pair.before, *pair.after); });
  for (size_t i = 0; i < used.size(); ++i)
    if (!used[i])
      pairs.push_back({before.expectations(static_cast<int>(i)), std::nullopt});
  return pairs;
}

/// What `of` has and `other` has not, by `key`.
template <typename List, typename Key> auto only_in(const List &of, const List &other, Key key) {
  std::multimap<decltype(key(of[0])), int> known;
  for (const auto &item : other)
    known.emplace(key(item), 0);
  std::vector<std::decay_t<decltype(of[0])>> result;
  for (const auto &item : of) {
    const auto found = known.find(key(item));
    if (found == known.end())
      result.push_back(item);
    else
      known.erase(found);
  }
  return result;
}

} // namespace

bool Promise::newly_failing() const {
  const bool failed_before = before && before->has_met() && !before->met();
  return after && after->has_met() && !after->met() && !failed_before;
}

std::optional<int64_t> Change::difference() const {
  return before && after ? std::optional(*after - *before) : std::nullopt;
}

bool Difference::objective_changed() const {
  return objective_before.text() != objective_after.text() ||
         objective_before.has_value_ueur_per_hour() != objective_after.has_value_ueur_per_hour() ||
         objective_before.value_ueur_per_hour() != objective_after.value_ueur_per_hour();
}

bool Difference::totals_changed() const {
  return differs(ueur_per_hour) || differs(milliwatts) || differs(mg_co2e_per_hour);
}

bool Difference::empty() const {
  return actions.empty() && promises.empty() && !totals_changed() && !objective_changed() &&
         found.empty() && gone.empty() && lost.empty() && regained.empty() && stack == stack_before;
}

Difference difference(const proto::Plan &before, const proto::Plan &after) {
  Difference result;
  result.stack = after.stack();
  result.stack_before = before.stack();
  for (const proto::Action &action : after.actions())
    if (action.verb() == "keep")
      ++result.kept;
    else
      result.actions.push_back(action);
  result.promises = pair_promises(before, after);
  const proto::Totals &a = before.after(), &b = after.after();
  result.ueur_per_hour =
      change(a.has_ueur_per_hour(), a.ueur_per_hour(), b.has_ueur_per_hour(), b.ueur_per_hour());
  result.milliwatts =
      change(a.has_milliwatts(), a.milliwatts(), b.has_milliwatts(), b.milliwatts());
  result.mg_co2e_per_hour = change(a.has_mg_co2e_per_hour(), a.mg_co2e_per_hour(),
                                   b.has_mg_co2e_per_hour(), b.mg_co2e_per_hour());
  result.objective_before = before.objective();
  result.objective_after = after.objective();
  const auto finding = [](const proto::Diagnostic &d) { return std::pair(d.id(), d.message()); };
  result.found = only_in(after.diagnostics(), before.diagnostics(), finding);
  result.gone = only_in(before.diagnostics(), after.diagnostics(), finding);
  const auto shortfall = [](const proto::Shortfall &s) {
    return std::tuple(s.workload(), s.node(), s.capability());
  };
  result.lost = only_in(after.shortfalls(), before.shortfalls(), shortfall);
  result.regained = only_in(before.shortfalls(), after.shortfalls(), shortfall);
  result.same_text = before.intent_digest() == after.intent_digest();
  return result;
}

proto::Fleet without_stack(const proto::Fleet &fleet, const std::string &stack) {
  proto::Fleet result = fleet;
  auto of_stack = [&](const auto &item) { return item.stack() == stack; };
  auto &running = *result.mutable_running();
  running.erase(std::remove_if(running.begin(), running.end(), of_stack), running.end());
  auto &parts = *result.mutable_parts();
  parts.erase(std::remove_if(parts.begin(), parts.end(),
                             [&](const auto &state) { return of_stack(state.part()); }),
              parts.end());
  return result;
}

proto::Fleet carried_out(const proto::Fleet &fleet, const proto::Plan &plan) {
  proto::Fleet result = without_stack(fleet, plan.stack());
  using Key = std::tuple<uint32_t, std::string, std::string>; // replica, node, revision
  std::set<std::pair<std::string, Key>> ended;
  for (const proto::Running &running : fleet.running())
    if (running.stack() == plan.stack() && running.state() == proto::Running::EXITED &&
        running.exit_code() == 0)
      ended.emplace(running.workload(), Key{running.replica(), running.node(), running.revision()});
  for (const proto::Part &part : plan.parts()) {
    proto::PartState *state = result.add_parts();
    *state->mutable_part() = part;
    state->mutable_part()->clear_instances();
    for (const proto::Instance &instance : part.instances()) {
      if (instance.retiring())
        continue;
      *state->mutable_part()->add_instances() = instance;
      proto::Running *running = result.add_running();
      running->set_stack(part.stack());
      running->set_workload(instance.workload());
      running->set_replica(instance.replica());
      running->set_node(part.node());
      running->set_revision(instance.revision());
      running->set_source(part.source());
      const Key key{instance.replica(), part.node(), instance.revision()};
      const std::string &name =
          instance.renamed_from().empty() ? instance.workload() : instance.renamed_from();
      running->set_state(ended.count({name, key}) ? proto::Running::EXITED
                                                  : proto::Running::RUNNING);
    }
  }
  return result;
}

} // namespace nemo::plan
