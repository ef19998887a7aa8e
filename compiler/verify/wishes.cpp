#include "compiler/verify/wishes.h"

#include <algorithm>

#include "compiler/verify/rules.h"

namespace nemo::verify {

namespace {

constexpr int64_t price = 10'000; // 0.01 EUR/h for a weight of 1

bool about_nodes(const proto::Expr &formula) {
  const auto refs = formula::references(formula);
  return std::any_of(refs.begin(), refs.end(),
                     [](const proto::Ref *ref) { return is_of_node(*ref); });
}

/// Names that are neither of nodes nor of workloads are predicted, or nobody's.
bool is_wish(const proto::Rule &rule) {
  if (rule.verb() != proto::Rule::PREFER)
    return false;
  for (const proto::Ref *ref : formula::references(rule.formula())) {
    const std::string root = ref->path_size() ? ref->path(0) : "";
    if (!is_of_node(*ref) && root != "workload" && root != "tenant")
      return false;
  }
  return about_nodes(rule.formula()) || about_nodes(rule.where());
}

int64_t worth_of(const proto::Rule &rule) {
  constexpr int64_t most = 1'000'000'000'000;
  if (rule.weight().num().empty())
    return price;
  const auto weight = formula::from_proto(rule.weight());
  const auto worth = weight ? weight->value.times(Rational(price)) : std::nullopt;
  const auto up = worth ? worth->ceil() : std::nullopt;
  return up && *up < most ? std::max<int64_t>(0, static_cast<int64_t>(*up)) : most;
}

} // namespace

Wishes::Wishes(const proto::Intent &intent, const World &world) : intent_(intent) {
  for (const proto::Policy &policy : intent.policies())
    for (const proto::Rule &rule : policy.rules())
      if (is_wish(rule))
        shared_.push_back(make(rule, world));
  any_ = !shared_.empty();
  for (const proto::Workload &workload : intent.workloads())
    for (const proto::Rule &rule : workload.place().rules())
      if (is_wish(rule)) {
        of_workload_[workload.name()].push_back(make(rule, world));
        any_ = true;
      }
}

Wishes::Wish Wishes::make(const proto::Rule &rule, const World &world) const {
  Wish wish{&rule, worth_of(rule), {}, {}, {}};
  std::vector<const proto::Ref *> of_node;
  for (const proto::Expr *formula : {&rule.formula(), &rule.where()})
    for (const proto::Ref *ref : formula::references(*formula))
      (is_of_node(*ref) ? of_node : wish.of_workload).push_back(ref);
  std::map<std::string, uint32_t> looks;
  for (const auto &[name, node] : world.nodes)
    wish.look_of_node[&node] =
        looks
            .try_emplace(values_of(of_node, {intent_, nullptr, world.at(name)}),
                         static_cast<uint32_t>(looks.size()))
            .first->second;
  return wish;
}

bool Wishes::kept(Wish &wish, const proto::Workload &workload, const Place &place) const {
  const Question question{intent_, &workload, place};
  std::map<uint32_t, bool> &answers =
      wish.kept[values_of(wish.of_workload, {intent_, &workload, {}})];
  const auto [answer, fresh] = answers.try_emplace(wish.look_of_node.at(place.node));
  if (fresh)
    answer->second =
        (wish.rule->has_where() && !truth(wish.rule->where(), question, /*when_unknown=*/false)) ||
        truth(wish.rule->formula(), question, /*when_unknown=*/false);
  return answer->second;
}

int64_t Wishes::of(const proto::Workload &workload, const Place &place) const {
  int64_t sum = 0;
  for (Wish &wish : shared_)
    sum += kept(wish, workload, place) ? 0 : wish.worth;
  if (const auto own = of_workload_.find(workload.name()); own != of_workload_.end())
    for (Wish &wish : own->second)
      sum += kept(wish, workload, place) ? 0 : wish.worth;
  return sum;
}

std::string Wishes::look(const proto::Workload &workload) const {
  std::string bytes;
  for (const Wish &wish : shared_)
    bytes += values_of(wish.of_workload, {intent_, &workload, {}}) + ';';
  if (of_workload_.count(workload.name()))
    bytes += workload.name(); // its own
  return bytes;
}

} // namespace nemo::verify
