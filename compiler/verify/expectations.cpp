// What the author expects, against the sums of the models. A rule that joins several by `and` is an
// expectation for each.
#include "compiler/explain/texts.h"
#include "compiler/verify/egress.h"
#include "compiler/verify/levels.h"
#include "compiler/verify/overcommit.h"
#include "compiler/verify/runs.h"
#include "compiler/verify/sums.h"
#include "compiler/verify/survival.h"

#include <fmt/format.h>

#include "base/error.h"

namespace nemo::verify {

namespace {

Predicted of_sum(const proto::Model &model, const Sum &sum, int64_t parts, const char *dimension,
                 const char *unit) {
  Predicted figure;
  figure.model = model.name();
  figure.low = sum.value ? formula::quantity({*Rational::make(*sum.value, parts),
                                              *formula::Dimension::parse(dimension), unit})
                         : formula::unknown(sum.missing);
  figure.high = figure.low;
  return figure;
}

std::string shown_parts(const formula::Evaluation &evaluation, const Predictions &figures = {}) {
  std::vector<std::pair<std::string, std::string>> shown;
  for (const formula::Part &part : evaluation.parts) {
    if (part.text.empty())
      continue;
    const auto figure = figures.find(part.text);
    const bool wide =
        figure != figures.end() && figure->second.bounded &&
        formula::to_string(figure->second.low) != formula::to_string(figure->second.high);
    shown.emplace_back(part.text, wide ? explain::bounds(figure->second.low, figure->second.high)
                                       : formula::to_string(part.value));
  }
  return explain::detail_parts(shown);
}

class Expecting {
public:
  Expecting(const Case &subject, Faults &faults)
      : subject_(subject), runs_(subject), sent_(Egress(subject).planned()), faults_(faults),
        levels_(subject, [this](const proto::Workload *workload) -> decltype(auto) {
          return replicas_of(workload);
        }) {
    for (const Replica &replica : subject.replicas)
      replicas_[replica.workload].push_back(&replica);
  }

  google::protobuf::RepeatedPtrField<proto::Expectation> run() {
    const proto::Intent &intent = subject_.intent;
    WorkloadList all;
    for (const proto::Workload &workload : intent.workloads())
      all.push_back(&workload);
    const std::map<std::string, proto::Expectation> survived = promises(subject_);
    for (const proto::Workload &workload : intent.workloads()) {
      for (const proto::Rule &rule : workload.slo())
        consider(rule, "workload." + workload.name(), {&workload});
      if (const auto promise = survived.find(workload.name()); promise != survived.end())
        *expected_.Add() = promise->second;
      for (const proto::Rule &rule : workload.place().rules())
        if (rule.verb() == proto::Rule::PREFER)
          consider(rule, "workload." + workload.name(), {&workload});
    }
    for (const proto::Policy &policy : intent.policies())
      for (const proto::Rule &rule : policy.rules())
        if (rule.verb() == proto::Rule::PREFER || is_figure(rule))
          consider(rule, "policy." + policy.name(), all);
    for (const proto::Objective &objective : intent.objectives()) {
      for (const proto::Rule &rule : objective.rules())
        if (rule.verb() == proto::Rule::REQUIRE || rule.verb() == proto::Rule::PREFER)
          consider(rule, "objective." + objective.name(), all);
      if (objective.has_overcommit_ppb())
        *expected_.Add() = risk_taken(subject_, objective);
    }
    for (const Flow &flow : levels_.flows())
      for (const proto::Rule &rule : flow.block->rules())
        consider(rule, flow);
    levels_.check_links(faults_);
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
  bool is_whole(const WorkloadList &workloads) const {
    for (const proto::Workload *workload : workloads)
      for (uint32_t number = 0; number < workload->replicas_min(); ++number)
        if (!subject_.takes(workload->name(), number) &&
            !subject_.is_over(workload->name(), number))
          return false;
    return true;
  }

  Sums sums_of(const WorkloadList &workloads) const {
    Sums sums;
    for (const proto::Workload *workload : workloads)
      for (const Replica *replica : replicas_of(workload))
        sums.add(workload->resources(), subject_.world.at(replica->node), runs_.of(*replica),
                 sent_.empty() ? nullptr
                               : &sent_[static_cast<size_t>(replica - subject_.replicas.data())]);
    return sums;
  }

  const std::vector<const Replica *> &replicas_of(const proto::Workload *workload) const {
    static const std::vector<const Replica *> none;
    const auto found = replicas_.find(workload);
    return found == replicas_.end() ? none : found->second;
  }

  void consider(const proto::Rule &rule, const std::string &object,
                const WorkloadList &candidates) {
    WorkloadList about;
    for (const proto::Workload *workload : candidates) {
      bool in = true;
      if (rule.has_where())
        in = truth(rule.where(), {subject_.intent, workload, {}}, /*when_unknown=*/true);
      if (in)
        about.push_back(workload);
    }
    const bool any = !about.empty();
    std::erase_if(about, [&](const auto *workload) { return subject_.is_over(*workload); });
    if (!is_whole(about) || (any && about.empty()))
      return;
    if (!is_figure(rule)) {
      if (rule.verb() == proto::Rule::PREFER)
        about_nodes(rule, object, about);
      return;
    }
    const Question question{subject_.intent, about.size() == 1 ? about[0] : nullptr, {}};
    each_part(rule, [&](const proto::Expr &part) { expect(rule, part, object, about, question); });
  }

  void consider(const proto::Rule &rule, const Flow &flow) {
    WorkloadList ends = {levels_.workload(flow.from)};
    if (flow.to != flow.from)
      ends.push_back(levels_.workload(flow.to));
    if (!is_whole(ends) || std::any_of(ends.begin(), ends.end(),
                                       [&](const auto *end) { return subject_.is_over(*end); }))
      return;
    const Question question{subject_.intent, nullptr, {}};
    if (rule.has_where() && !truth(rule.where(), question, /*when_unknown=*/true))
      return;
    each_part(rule, [&](const proto::Expr &part) {
      expect(rule, part, "flow." + flow.block->labels(0), ends, question, &flow);
    });
  }

  /// Left to right through nested `and`s; a deny is taken whole.
  static void each_part(const proto::Rule &rule,
                        const std::function<void(const proto::Expr &)> &take) {
    std::vector<const proto::Expr *> open = {&rule.formula()};
    while (!open.empty()) {
      const proto::Expr *part = open.back();
      open.pop_back();
      if (part->op() == proto::Expr::AND && rule.verb() != proto::Rule::DENY)
        for (int i = part->operands_size(); i-- > 0;)
          open.push_back(&part->operands(i));
      else
        take(*part);
    }
  }

  std::optional<Predictions> predict(const proto::Expr &part, const WorkloadList &about,
                                     const Flow *flow) {
    Predictions figures;
    const Sums sums = sums_of(about);
    for (const proto::Ref *ref : formula::references(part)) {
      const std::string metric = formula::to_string(*ref);
      if (!is_predicted(*ref) || figures.count(metric))
        continue;
      Predicted &figure = figures[metric];
      figure.low = figure.high = formula::unknown(metric);
      static const std::map<std::string, long double> tails = {{"latency.p50", 0.5L},
                                                               {"latency.p90", 0.1L},
                                                               {"latency.p95", 0.05L},
                                                               {"latency.p99", 0.01L},
                                                               {"latency.p999", 0.001L}};
      const auto tail = tails.find(metric);
      const bool of_services =
          tail != tails.end() || metric == "availability" || metric == "throughput";
      if (of_services && !is_whole(levels_.needed_by(about)))
        return std::nullopt;
      if (metric == "availability")
        figure = levels_.availability(about);
      else if (metric == "throughput")
        figure = flow ? levels_.throughput(*flow) : levels_.throughput(about);
      else if (tail != tails.end())
        figure = flow ? levels_.network_delay(*flow) : levels_.response(about, tail->second);
      else if (metric == "energy" && !flow)
        figure = of_sum(explain::power_model(), sums.milliwatts, 1000, "J s^-1", "W");
      else if (metric == "carbon" && !flow)
        figure = of_sum(explain::carbon_model(), sums.milligrams_per_hour, 3600000, "gCO2e s^-1",
                        "gCO2e/h");
      else if (metric == "cost" && !flow)
        figure = of_sum(explain::cost_model(), sums.micro_euros_per_hour, 3600000000, "EUR s^-1",
                        "EUR/h");
    }
    return figures;
  }

  /// Of a bare figure, what the plan says where that is close enough to what was found here.
  void settle(const proto::Expr &part, Predictions &figures) const {
    const int index = expected_.size();
    if (index >= subject_.plan.expectations_size() || part.operands_size() != 2)
      return;
    const proto::Expectation &claimed = subject_.plan.expectations(index);
    for (const proto::Expr &side : part.operands())
      if (side.has_ref() && is_predicted(side.ref()) && claimed.has_predicted_low() &&
          claimed.has_predicted_high()) {
        Predicted &figure = figures.at(formula::to_string(side.ref()));
        if (figure.bounded && close(figure, claimed.predicted_low(), claimed.predicted_high())) {
          *figure.low.mutable_quantity() = claimed.predicted_low();
          *figure.high.mutable_quantity() = claimed.predicted_high();
        }
      }
  }

  void expect(const proto::Rule &rule, const proto::Expr &part, const std::string &object,
              const WorkloadList &about, const Question &question, const Flow *flow = nullptr) {
    std::optional<Predictions> predicted = predict(part, about, flow);
    if (!predicted)
      return;
    Predictions &figures = *predicted;
    settle(part, figures);
    auto others = [&](const proto::Ref &ref) { return value_of(ref, question); };
    proto::Expectation &item = *expected_.Add();
    item.set_object(object);
    item.set_target(rule.text());
    item.set_verb(rule.verb() == proto::Rule::PREFER ? "prefer"
                  : rule.verb() == proto::Rule::DENY ? "deny"
                                                     : "require");
    *item.mutable_span() = rule.span();
    std::string without_model, unbounded;
    for (const proto::Ref *ref : formula::references(part)) {
      if (!is_predicted(*ref))
        continue;
      const std::string metric = formula::to_string(*ref);
      if (item.name().empty())
        item.set_name(metric);
      if (without_model.empty() && figures.at(metric).model.empty())
        without_model = metric;
      if (unbounded.empty())
        unbounded = figures.at(metric).unbounded;
    }
    auto verdict = holds(part, figures, others);
    auto result = evaluate_at(part, figures, {}, others);
    if (!verdict || !result) {
      faults_.at(diag::N0716,
                 "a rule has no value: " +
                     llvm::toString(llvm::joinErrors(verdict.takeError(), result.takeError())),
                 rule.span());
      return;
    }
    limits(part, figures, others, item);
    if (*verdict)
      item.set_met(**verdict != (rule.verb() == proto::Rule::DENY));
    if (!without_model.empty()) {
      item.set_detail(explain::detail_no_model(without_model));
    } else {
      if (!item.name().empty())
        item.set_model(figures.at(item.name()).model);
      else if (const auto names = formula::references(part); !names.empty())
        item.set_name(formula::to_string(*names.front()));
      item.set_detail(!unbounded.empty()     ? unbounded
                      : result->is_unknown() ? explain::detail_missing(result->value.unknown())
                                             : shown_parts(*result, figures));
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
  void limits(const proto::Expr &part, const Predictions &figures, formula::Lookup others,
              proto::Expectation &item) {
    const bool at_most = part.op() == proto::Expr::LE || part.op() == proto::Expr::LT;
    const bool at_least = part.op() == proto::Expr::GE || part.op() == proto::Expr::GT;
    if ((!at_most && !at_least) || part.operands_size() != 2 ||
        asks_predicted(part.operands(0)) == asks_predicted(part.operands(1)))
      return;
    const int side = asks_predicted(part.operands(0)) ? 0 : 1;
    if (const auto limit = extremes(part.operands(1 - side), figures, others))
      *item.mutable_limit() = limit->first;
    const auto predicted = extremes(part.operands(side), figures, others);
    if (!predicted)
      return;
    const bool ceiling = at_most == (side == 0);
    const bool high_is_worse = ceiling != (item.verb() == "deny");
    *item.mutable_predicted() = high_is_worse ? predicted->second : predicted->first;
    for (const auto &[name, figure] : figures)
      if (figure.bounded) {
        *item.mutable_predicted_low() = predicted->first;
        *item.mutable_predicted_high() = predicted->second;
      }
    const auto p = formula::from_proto(item.predicted());
    const auto l = item.has_limit() ? formula::from_proto(item.limit()) : std::nullopt;
    if (!p || !l || l->value.is_zero())
      return;
    const auto left = ceiling ? l->value.minus(p->value) : p->value.minus(l->value);
    if (const auto share = left ? left->over(l->value) : std::nullopt)
      item.set_margin(share->to_double());
  }

  /// A preference about nodes: met when it is true wherever a replica stands.
  void about_nodes(const proto::Rule &rule, const std::string &object, const WorkloadList &about) {
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
        if (rule.has_where() && !truth(rule.where(), question, /*when_unknown=*/false))
          continue; // it is about those for whom that is true
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
    WorkloadList own;
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
    expect(rule, formula, "tenant." + tenant.name(), own, {subject_.intent, nullptr, {}});
  }

  const Case &subject_;
  const Runs runs_;
  const std::vector<Figure> sent_; ///< what replicas pay for what they send
  Faults &faults_;
  std::map<const proto::Workload *, std::vector<const Replica *>> replicas_;
  Levels levels_;
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
