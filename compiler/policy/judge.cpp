// Verdicts by projection. Kleene logic makes the first step safe: what is decided while everything
// about nodes is unknown stays decided whatever the node.
#include "compiler/policy/judge.h"

#include "base/error.h"

namespace nemo::compiler {

namespace {

void strip_spans(proto::Expr &formula) {
  formula.clear_span();
  for (proto::Expr &operand : *formula.mutable_operands())
    strip_spans(operand);
}

} // namespace

std::string meaning(const proto::Rule &rule) {
  proto::Rule bare;
  bare.set_verb(rule.verb());
  *bare.mutable_formula() = rule.formula();
  strip_spans(*bare.mutable_formula());
  if (rule.has_where()) {
    *bare.mutable_where() = rule.where();
    strip_spans(*bare.mutable_where());
  }
  return bare.SerializeAsString();
}

RuleJudge::RuleJudge(const proto::Rule &rule, const proto::Intent &intent,
                     const std::vector<NodeView> &nodes)
    : rule_(rule), intent_(intent), nodes_(nodes), formula_(rule.formula()) {
  if (rule.has_where()) {
    where_apart_ = !asks(rule.where(), Supplier::node);
    if (where_apart_) {
      where_names_ = formula::references(rule.where());
    } else if (rule.verb() == proto::Rule::PREFER) {
      // It is about those for whom `where` is true, and asked apart.
    } else if (rule.verb() == proto::Rule::DENY) {
      proto::Expr both;
      both.set_op(proto::Expr::AND);
      *both.add_operands() = rule.where();
      *both.add_operands() = rule.formula();
      formula_ = std::move(both);
    } else {
      proto::Expr either;
      either.set_op(proto::Expr::OR);
      proto::Expr *elsewhere = either.add_operands();
      elsewhere->set_op(proto::Expr::NOT);
      *elsewhere->add_operands() = rule.where();
      *either.add_operands() = rule.formula();
      formula_ = std::move(either);
    }
  }
  std::vector<const proto::Ref *> asked = formula::references(formula_);
  if (is_split())
    for (const proto::Ref *ref : formula::references(rule.where()))
      asked.push_back(ref);
  for (const proto::Ref *ref : asked)
    (supplier(*ref) == Supplier::node ? node_names_ : workload_names_).push_back(ref);
}

llvm::Expected<RuleJudge::Truth> RuleJudge::truth(const proto::Expr &formula,
                                                  const Subject &subject) const {
  auto value =
      formula::evaluate(formula, [&](const proto::Ref &ref) { return lookup(ref, subject); });
  if (!value)
    return value.takeError();
  return value->is_true() ? Truth::yes : value->is_false() ? Truth::no : Truth::unknown;
}

bool RuleJudge::takes(Truth truth) const {
  return rule_.verb() == proto::Rule::DENY ? truth != Truth::no : truth != Truth::yes;
}

std::string RuleJudge::view_of(const std::vector<const proto::Ref *> &names,
                               const Subject &subject) const {
  std::string text;
  for (const proto::Ref *ref : names) {
    proto::Value value = lookup(*ref, subject);
    if (value.kind_case() == proto::Value::kUnknown)
      value.set_unknown(""); // whose fact is missing makes no difference to the verdict
    value.AppendToString(&text);
    text += '\x1f';
  }
  return text;
}

void RuleJudge::group_nodes() {
  if (!group_of_node_.empty() || nodes_.empty())
    return;
  std::unordered_map<std::string, uint32_t> groups;
  group_of_node_.reserve(nodes_.size());
  for (const NodeView &node : nodes_) {
    auto [group, fresh] = groups.try_emplace(view_of(node_names_, {&intent_, nullptr, &node}),
                                             static_cast<uint32_t>(groups_.size()));
    if (fresh)
      groups_.push_back(&node);
    group_of_node_.push_back(group->second);
  }
}

llvm::Expected<NodeBits> RuleJudge::judge(const proto::Workload &workload) {
  if (!is_split()) {
    auto anywhere = truth(formula_, {&intent_, &workload, nullptr});
    if (!anywhere)
      return anywhere.takeError();
    if (*anywhere != Truth::unknown || node_names_.empty())
      return NodeBits(nodes_.size(), takes(*anywhere));
  }
  group_nodes();
  std::vector<char> taken(groups_.size());
  for (size_t group = 0; group < groups_.size(); ++group) {
    auto here = truth(formula_, {&intent_, &workload, groups_[group]});
    if (!here)
      return here.takeError();
    taken[group] = takes(*here);
    if (!taken[group] || !is_split())
      continue;
    auto about = truth(rule_.where(), {&intent_, &workload, groups_[group]});
    if (!about)
      return about.takeError();
    taken[group] = *about == Truth::yes;
  }
  NodeBits bits(nodes_.size());
  for (size_t node = 0; node < nodes_.size(); ++node)
    if (taken[group_of_node_[node]])
      bits.set(node);
  return bits;
}

llvm::Expected<const NodeBits *> RuleJudge::excluded(const proto::Workload &workload) {
  const Subject subject{&intent_, &workload, nullptr};
  if (where_apart_) {
    auto [about, fresh] = where_cache_.try_emplace(view_of(where_names_, subject), Truth::unknown);
    if (fresh) {
      auto value = truth(rule_.where(), subject);
      if (!value)
        return value.takeError();
      about->second = *value;
    }
    if (about->second == Truth::no ||
        (about->second == Truth::unknown && rule_.verb() == proto::Rule::PREFER))
      return nullptr;
  }
  std::string view = view_of(workload_names_, subject);
  auto known = cache_.find(view);
  if (known == cache_.end()) {
    auto bits = judge(workload);
    if (!bits)
      return bits.takeError();
    known = cache_.emplace(std::move(view), std::move(*bits)).first;
  }
  return known->second.any() ? &known->second : nullptr;
}

} // namespace nemo::compiler
