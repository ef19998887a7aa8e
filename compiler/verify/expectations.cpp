// What the author expects, against the sums of the models. A rule that joins several by `and` is an
// expectation for each.
#include "compiler/explain/texts.h"
#include "compiler/verify/sums.h"

#include <fmt/format.h>

#include "base/error.h"

namespace nemo::verify {

namespace {

/// What a model says of a metric for a group of replicas; a metric without a model has no value.
struct Predicted {
  std::string model;
  proto::Value value;
};

Predicted predict(const std::string &metric, const Sums &sums) {
  auto figure = [](const Sum &sum, int64_t parts, const char *dimension, const char *unit) {
    if (!sum.value)
      return formula::unknown(sum.missing);
    return formula::quantity(
        {*Rational::make(*sum.value, parts), *formula::Dimension::parse(dimension), unit});
  };
  if (metric == "energy")
    return {explain::power_model().name(), figure(sums.milliwatts, 1000, "J s^-1", "W")};
  if (metric == "carbon")
    return {explain::carbon_model().name(),
            figure(sums.milligrams_per_hour, 3600000, "gCO2e s^-1", "gCO2e/h")};
  if (metric == "cost")
    return {explain::cost_model().name(),
            figure(sums.micro_euros_per_hour, 3600000000, "EUR s^-1", "EUR/h")};
  return {"", formula::unknown(metric)};
}

std::string shown_parts(const formula::Evaluation &evaluation) {
  std::vector<std::pair<std::string, std::string>> shown;
  for (const formula::Part &part : evaluation.parts)
    if (!part.text.empty())
      shown.emplace_back(part.text, formula::to_string(part.value));
  return explain::detail_parts(shown);
}

using Workloads = std::vector<const proto::Workload *>;

class Expecting {
public:
  Expecting(const Case &subject, Faults &faults) : subject_(subject), faults_(faults) {
    for (const Replica &replica : subject.replicas)
      replicas_[replica.workload].push_back(&replica);
  }

  google::protobuf::RepeatedPtrField<proto::Expectation> run() {
    const proto::Intent &intent = subject_.intent;
    Workloads all;
    for (const proto::Workload &workload : intent.workloads())
      all.push_back(&workload);
    for (const proto::Workload &workload : intent.workloads()) {
      for (const proto::Rule &rule : workload.slo())
        consider(rule, "workload." + workload.name(), {&workload});
      for (const proto::Rule &rule : workload.place().rules())
        if (rule.verb() == proto::Rule::PREFER)
          consider(rule, "workload." + workload.name(), {&workload});
    }
    for (const proto::Policy &policy : intent.policies())
      for (const proto::Rule &rule : policy.rules())
        if (rule.verb() == proto::Rule::PREFER || is_figure(rule))
          consider(rule, "policy." + policy.name(), all);
    for (const proto::Objective &objective : intent.objectives())
      for (const proto::Rule &rule : objective.rules())
        if (rule.verb() == proto::Rule::REQUIRE || rule.verb() == proto::Rule::PREFER)
          consider(rule, "objective." + objective.name(), all);
    for (const proto::Tenant &tenant : intent.tenants())
      for (const proto::Attribute &rate : tenant.quota_rates())
        quota(tenant, rate);
    return std::move(expected_);
  }

private:
  static bool is_figure(const proto::Rule &rule) {
    return asks_predicted(rule.formula()) || asks_predicted(rule.where());
  }

  /// All of their replicas are planned: of a part there is nothing to expect.
  bool is_whole(const Workloads &workloads) const {
    for (const proto::Workload *workload : workloads)
      for (uint32_t number = 0; number < workload->replicas_min(); ++number)
        if (!subject_.takes(workload->name(), number))
          return false;
    return true;
  }

  Sums sums_of(const Workloads &workloads) const {
    Sums sums;
    for (const proto::Workload *workload : workloads)
      for (const Replica *replica : replicas_of(workload))
        sums.add(workload->resources(), subject_.world.at(replica->node));
    return sums;
  }

  const std::vector<const Replica *> &replicas_of(const proto::Workload *workload) const {
    static const std::vector<const Replica *> none;
    const auto found = replicas_.find(workload);
    return found == replicas_.end() ? none : found->second;
  }

  void consider(const proto::Rule &rule, const std::string &object, const Workloads &candidates) {
    Workloads about;
    for (const proto::Workload *workload : candidates) {
      bool in = true;
      if (rule.has_where())
        in = truth(rule.where(), {subject_.intent, workload, {}}, /*when_unknown=*/true);
      if (in)
        about.push_back(workload);
    }
    if (!is_whole(about))
      return;
    if (!is_figure(rule)) {
      if (rule.verb() == proto::Rule::PREFER)
        about_nodes(rule, object, about);
      return;
    }
    const Question question{subject_.intent, about.size() == 1 ? about[0] : nullptr, {}};
    const Sums sums = sums_of(about);
    // Left to right through nested `and`s; a deny is taken whole.
    std::vector<const proto::Expr *> open = {&rule.formula()};
    while (!open.empty()) {
      const proto::Expr *part = open.back();
      open.pop_back();
      if (part->op() == proto::Expr::AND && rule.verb() != proto::Rule::DENY)
        for (int i = part->operands_size(); i-- > 0;)
          open.push_back(&part->operands(i));
      else
        expect(rule, *part, object, sums, question);
    }
  }

  void expect(const proto::Rule &rule, const proto::Expr &part, const std::string &object,
              const Sums &sums, const Question &question) {
    auto lookup = [&](const proto::Ref &ref) {
      return is_predicted(ref) ? predict(formula::to_string(ref), sums).value
                               : value_of(ref, question);
    };
    proto::Expectation &item = *expected_.Add();
    item.set_object(object);
    item.set_target(rule.text());
    item.set_verb(rule.verb() == proto::Rule::PREFER ? "prefer"
                  : rule.verb() == proto::Rule::DENY ? "deny"
                                                     : "require");
    *item.mutable_span() = rule.span();
    std::string without_model;
    for (const proto::Ref *ref : formula::references(part)) {
      if (!is_predicted(*ref))
        continue;
      const std::string metric = formula::to_string(*ref);
      if (item.name().empty())
        item.set_name(metric);
      if (without_model.empty() && predict(metric, sums).model.empty())
        without_model = metric;
    }
    auto result = formula::evaluate(part, lookup, /*with_parts=*/true);
    if (!result) {
      faults_.at(diag::N0716, "a rule has no value: " + llvm::toString(result.takeError()),
                 rule.span());
      return;
    }
    limits(part, lookup, item);
    if (!result->is_unknown())
      item.set_met(rule.verb() == proto::Rule::DENY ? result->is_false() : result->is_true());
    if (!without_model.empty()) {
      item.set_detail(explain::detail_no_model(without_model));
    } else {
      item.set_model(predict(item.name(), sums).model);
      item.set_detail(result->is_unknown() ? explain::detail_missing(result->value.unknown())
                                           : shown_parts(*result));
    }
    if (rule.verb() != proto::Rule::PREFER && !item.met()) {
      Diagnostic &fault = faults_.at(
          diag::N0716,
          fmt::format("{} {}: {}", object,
                      item.has_met() ? "does not hold" : "cannot be shown to hold", rule.text()),
          rule.span());
      fault.notes.push_back({item.detail(), {}, {}});
    }
  }

  /// Of "figure <= limit" and its like, on either side.
  void limits(const proto::Expr &part, formula::Lookup lookup, proto::Expectation &item) {
    const bool at_most = part.op() == proto::Expr::LE || part.op() == proto::Expr::LT;
    const bool at_least = part.op() == proto::Expr::GE || part.op() == proto::Expr::GT;
    if ((!at_most && !at_least) || part.operands_size() != 2 ||
        asks_predicted(part.operands(0)) == asks_predicted(part.operands(1)))
      return;
    const int side = asks_predicted(part.operands(0)) ? 0 : 1;
    auto predicted = formula::evaluate(part.operands(side), lookup);
    auto limit = formula::evaluate(part.operands(1 - side), lookup);
    const bool failed = !predicted || !limit;
    if (!predicted)
      llvm::consumeError(predicted.takeError());
    if (!limit)
      llvm::consumeError(limit.takeError());
    if (failed)
      return;
    if (limit->value.has_quantity())
      *item.mutable_limit() = limit->value.quantity();
    if (!predicted->value.has_quantity())
      return;
    *item.mutable_predicted() = predicted->value.quantity();
    const auto p = formula::from_proto(item.predicted());
    const auto l = formula::from_proto(item.limit());
    if (!p || !l || l->value.is_zero())
      return;
    const bool ceiling = at_most == (side == 0);
    const auto left = ceiling ? l->value.minus(p->value) : p->value.minus(l->value);
    if (const auto share = left ? left->over(l->value) : std::nullopt)
      item.set_margin(share->to_double());
  }

  /// A preference about nodes: met when it is true wherever a replica stands.
  void about_nodes(const proto::Rule &rule, const std::string &object, const Workloads &about) {
    proto::Expectation &item = *expected_.Add();
    item.set_object(object);
    item.set_target(rule.text());
    item.set_verb("prefer");
    *item.mutable_span() = rule.span();
    if (const auto names = formula::references(rule.formula()); !names.empty())
      item.set_name(formula::to_string(*names.front()));
    bool all = true, doubtful = false;
    for (const proto::Workload *workload : about)
      for (const Replica *replica : replicas_of(workload)) {
        const Question question = subject_.question(*replica);
        auto result = formula::evaluate(
            rule.formula(), [&](const proto::Ref &ref) { return value_of(ref, question); }, true);
        if (!result) {
          llvm::consumeError(result.takeError());
          doubtful = true;
          continue;
        }
        if (!result->is_true() && item.detail().empty())
          item.set_detail(
              fmt::format("{} on {}: {}", workload->name(), replica->node, shown_parts(*result)));
        all &= result->is_true();
        doubtful |= result->is_unknown();
      }
    if (all || !doubtful)
      item.set_met(all);
  }

  void quota(const proto::Tenant &tenant, const proto::Attribute &rate) {
    Workloads own;
    for (const proto::Workload &workload : subject_.intent.workloads())
      if (workload.tenant() == tenant.name())
        own.push_back(&workload);
    if (!is_whole(own))
      return;
    proto::Rule rule;
    rule.set_verb(proto::Rule::REQUIRE);
    rule.set_text(fmt::format("quota: {} <= {}", rate.name(), formula::to_string(rate.value())));
    *rule.mutable_span() = rate.span().line() ? rate.span() : tenant.span();
    proto::Expr &formula = *rule.mutable_formula();
    formula.set_op(proto::Expr::LE);
    formula.add_operands()->mutable_ref()->add_path(rate.name());
    *formula.add_operands()->mutable_literal() = rate.value();
    expect(rule, formula, "tenant." + tenant.name(), sums_of(own), {subject_.intent, nullptr, {}});
  }

  const Case &subject_;
  Faults &faults_;
  std::map<const proto::Workload *, std::vector<const Replica *>> replicas_;
  google::protobuf::RepeatedPtrField<proto::Expectation> expected_;
};

} // namespace

void check_expectations(const Case &subject, Faults &faults) {
  google::protobuf::RepeatedPtrField<proto::Expectation> expected;
  if (!subject.plan.destroy())
    expected = Expecting(subject, faults).run();
  faults.compare_lists(diag::N0716, "expectations", subject.plan.expectations(), expected);
}

} // namespace nemo::verify
