#include "compiler/policy/wishes.h"

#include <algorithm>
#include <memory>

#include "base/error.h"

namespace nemo::compiler {

namespace {

int64_t worth(const proto::Rule &rule) {
  constexpr int64_t most = 1'000'000'000'000; // a million EUR/h
  if (rule.weight().num().empty())
    return wish_price;
  const auto weight = formula::from_proto(rule.weight());
  const auto product = weight ? weight->value.times(Rational(wish_price)) : std::nullopt;
  const auto whole = product ? product->ceil() : std::nullopt;
  return static_cast<int64_t>(std::clamp<Rational::Int>(whole.value_or(most), 0, most));
}

} // namespace

bool is_wish(const proto::Rule &rule) {
  return rule.verb() == proto::Rule::PREFER && !asks(rule.formula(), Supplier::figure) &&
         !asks(rule.formula(), Supplier::nobody) &&
         (asks(rule.formula(), Supplier::node) || asks(rule.where(), Supplier::node));
}

bool has_wishes(const proto::Intent &intent) {
  auto any = [](const auto &rules) { return std::any_of(rules.begin(), rules.end(), is_wish); };
  return std::any_of(intent.policies().begin(), intent.policies().end(),
                     [&](const proto::Policy &policy) { return any(policy.rules()); }) ||
         std::any_of(
             intent.workloads().begin(), intent.workloads().end(),
             [&](const proto::Workload &workload) { return any(workload.place().rules()); });
}

Wishes::Wishes(const proto::Intent &intent, const std::vector<NodeView> &nodes)
    : class_of_(static_cast<size_t>(intent.workloads_size())) {
  std::map<std::string, std::unique_ptr<RuleJudge>> judges;
  using Parts = std::vector<std::pair<const NodeBits *, int64_t>>;
  std::map<Parts, uint32_t> known;
  std::vector<const proto::Rule *> shared;
  for (const proto::Policy &policy : intent.policies())
    for (const proto::Rule &rule : policy.rules())
      if (is_wish(rule))
        shared.push_back(&rule);
  for (size_t w = 0; w < class_of_.size(); ++w) {
    const proto::Workload &workload = intent.workloads(static_cast<int>(w));
    Parts parts;
    auto add = [&](const proto::Rule &rule) {
      std::unique_ptr<RuleJudge> &judge = judges[meaning(rule)];
      if (!judge)
        judge = std::make_unique<RuleJudge>(rule, intent, nodes);
      auto broken = judge->excluded(workload);
      if (!broken)
        return llvm::consumeError(broken.takeError()); // the expectation says so
      if (*broken)
        parts.emplace_back(*broken, worth(rule));
    };
    for (const proto::Rule *rule : shared)
      add(*rule);
    for (const proto::Rule &rule : workload.place().rules())
      if (is_wish(rule))
        add(rule);
    if (parts.empty())
      continue;
    const auto [entry, fresh] =
        known.try_emplace(parts, static_cast<uint32_t>(classes_.size() + 1));
    class_of_[w] = entry->second;
    if (!fresh)
      continue;
    std::vector<int64_t> &amounts = classes_.emplace_back(nodes.size());
    for (const auto &[bits, amount] : parts)
      bits->for_each([&, more = amount](size_t node) { amounts[node] += more; });
  }
}

} // namespace nemo::compiler
