// A rule that joins several by `and` is one expectation for each, so that each has its own margin.
#include "compiler/plan/assemble/expectations.h"

#include <algorithm>
#include <map>

#include <fmt/format.h>

#include "base/error.h"
#include "compiler/explain/texts.h"
#include "compiler/plan/assemble/totals.h"
#include "compiler/policy/explain.h"
#include "compiler/resolve/names.h"
#include "compiler/resolve/report.h"

namespace nemo::compiler {

namespace {

// The figures of a group of workloads, as the formulas see them.
class Prediction {
public:
  explicit Prediction(const Sums &sums) : sums_(sums) {}

  std::optional<proto::Value> value(const std::string &name) const {
    if (name == "energy")
      return of(sums_.milliwatts, 1000, "J s^-1", "W");
    if (name == "carbon")
      return of(sums_.milligrams_per_hour, 1000 * 3600, "gCO2e s^-1", "gCO2e/h");
    if (name == "cost")
      return of(sums_.ueur_per_hour, int64_t{1000000} * 3600, "EUR s^-1", "EUR/h");
    return std::nullopt;
  }
  static std::string model(const std::string &name) {
    return name == "energy"   ? explain::power_model().name()
           : name == "carbon" ? explain::carbon_model().name()
           : name == "cost"   ? explain::cost_model().name()
                              : std::string();
  }

private:
  static proto::Value of(const Sum &sum, int64_t parts, const char *dimension, const char *unit) {
    if (!sum.value)
      return formula::unknown(sum.missing);
    return measure(Rational::make(*sum.value, parts), dimension, unit);
  }
  const Sums &sums_;
};

void flatten(const proto::Expr &formula, std::vector<const proto::Expr *> &out) {
  if (formula.op() != proto::Expr::AND) {
    out.push_back(&formula);
    return;
  }
  for (const proto::Expr &operand : formula.operands())
    flatten(operand, out);
}

class Expecting {
public:
  Expecting(const stages::Inputs &inputs, const stages::Resolved &resolved,
            const stages::Placed &placed)
      : intent_(inputs.intent()), nodes_(views(resolved.world())),
        of_workload_(static_cast<size_t>(intent_.workloads_size())) {
    for (int r = 0; r < placed.replicas_size(); ++r)
      of_workload_[resolved.replicas(r).workload()].push_back(placed.replicas(r).node());
  }

  // Of what is planned only in part there is nothing to expect.
  bool whole(const std::vector<size_t> &workloads) const {
    return std::all_of(workloads.begin(), workloads.end(), [&](size_t w) {
      return of_workload_[w].size() == intent_.workloads(static_cast<int>(w)).replicas_min();
    });
  }

  Expected run() {
    for (size_t w = 0; w < of_workload_.size(); ++w) {
      const proto::Workload &workload = intent_.workloads(static_cast<int>(w));
      for (const proto::Rule &rule : workload.slo())
        about(rule, "workload." + workload.name(), {w});
      for (const proto::Rule &rule : workload.place().rules())
        if (rule.verb() == proto::Rule::PREFER)
          about(rule, "workload." + workload.name(), {w});
    }
    for (const proto::Policy &policy : intent_.policies())
      for (const proto::Rule &rule : policy.rules())
        if (rule.verb() == proto::Rule::PREFER || asks_figure(rule))
          about(rule, "policy." + policy.name(), everybody());
    for (const proto::Objective &objective : intent_.objectives())
      for (const proto::Rule &rule : objective.rules())
        if (rule.verb() == proto::Rule::REQUIRE || rule.verb() == proto::Rule::PREFER)
          about(rule, "objective." + objective.name(), everybody());
    for (const proto::Tenant &tenant : intent_.tenants())
      for (const proto::Attribute &rate : tenant.quota_rates())
        quota(tenant, rate);
    return std::move(result_);
  }

private:
  static bool asks_figure(const proto::Rule &rule) {
    return asks(rule.formula(), Supplier::figure) || asks(rule.where(), Supplier::figure);
  }
  std::vector<size_t> everybody() const {
    std::vector<size_t> list(of_workload_.size());
    for (size_t w = 0; w < list.size(); ++w)
      list[w] = w;
    return list;
  }

  void about(const proto::Rule &rule, const std::string &object, std::vector<size_t> workloads) {
    if (rule.has_where())
      std::erase_if(workloads, [&](size_t w) {
        const Subject subject{&intent_, &intent_.workloads(static_cast<int>(w)), nullptr};
        auto value = formula::evaluate(rule.where(),
                                       [&](const proto::Ref &ref) { return lookup(ref, subject); });
        if (!value) {
          llvm::consumeError(value.takeError());
          return false; // judged, and refused below if it matters
        }
        return value->is_false();
      });
    if (!whole(workloads))
      return;
    if (!asks_figure(rule)) {
      placed_well(rule, object, workloads);
      return;
    }
    std::vector<const proto::Expr *> parts;
    if (rule.verb() == proto::Rule::DENY)
      parts.push_back(&rule.formula());
    else
      flatten(rule.formula(), parts);
    const Sums sums = sum(workloads);
    const proto::Workload *only =
        workloads.size() == 1 ? &intent_.workloads(static_cast<int>(workloads[0])) : nullptr;
    for (const proto::Expr *part : parts)
      expect(rule, *part, object, sums, {&intent_, only, nullptr});
  }

  Sums sum(const std::vector<size_t> &workloads) const {
    Sums sums;
    for (size_t w : workloads)
      for (uint32_t node : of_workload_[w])
        sums.add(intent_.workloads(static_cast<int>(w)).resources(), nodes_[node]);
    return sums;
  }

  void expect(const proto::Rule &rule, const proto::Expr &part, const std::string &object,
              const Sums &sums, const Subject &subject) {
    const Prediction prediction(sums);
    auto value_of = [&](const proto::Ref &ref) {
      if (supplier(ref) != Supplier::figure)
        return lookup(ref, subject);
      const std::string name = formula::to_string(ref);
      return prediction.value(name).value_or(formula::unknown(name));
    };
    proto::Expectation entry;
    entry.set_object(object);
    entry.set_target(rule.text());
    entry.set_verb(rule.verb() == proto::Rule::PREFER ? "prefer"
                   : rule.verb() == proto::Rule::DENY ? "deny"
                                                      : "require");
    *entry.mutable_span() = rule.span();
    std::string no_model;
    for (const proto::Ref *ref : formula::references(part))
      if (supplier(*ref) == Supplier::figure) {
        const std::string name = formula::to_string(*ref);
        if (entry.name().empty())
          entry.set_name(name);
        if (Prediction::model(name).empty() && no_model.empty())
          no_model = name;
      }
    auto value = formula::evaluate(part, value_of, true);
    if (!value) {
      result_.diagnostics.push_back(report(
          diag::N0511, fmt::format("this rule has no value: {}", llvm::toString(value.takeError())),
          intent_, rule.span()));
      return;
    }
    compare(part, value_of, entry);
    if (no_model.empty())
      entry.set_model(Prediction::model(entry.name()));
    const bool deny = rule.verb() == proto::Rule::DENY;
    if (!value->is_unknown())
      entry.set_met(deny ? value->is_false() : value->is_true());
    if (!no_model.empty()) {
      entry.set_detail(explain::detail_no_model(no_model));
    } else if (value->is_unknown()) {
      entry.set_detail(explain::detail_missing(value->value.unknown()));
    } else {
      std::vector<std::pair<std::string, std::string>> shown;
      for (const formula::Part &piece : value->parts)
        if (!piece.text.empty())
          shown.emplace_back(piece.text, formula::to_string(piece.value));
      entry.set_detail(explain::detail_parts(shown));
    }
    if (rule.verb() != proto::Rule::PREFER && !(entry.has_met() && entry.met()))
      refuse(rule, part, entry, *value);
    result_.expectations.push_back(std::move(entry));
  }

  // Predicted value, limit and margin of "figure <= limit" and its like.
  void compare(const proto::Expr &part, formula::Lookup value_of, proto::Expectation &entry) {
    if (part.operands_size() != 2)
      return;
    const proto::Expr::Op op = part.op();
    const bool upper = op == proto::Expr::LE || op == proto::Expr::LT;
    const bool lower = op == proto::Expr::GE || op == proto::Expr::GT;
    if (!upper && !lower)
      return;
    const bool left = asks(part.operands(0), Supplier::figure);
    if (left == asks(part.operands(1), Supplier::figure))
      return;
    auto predicted = formula::evaluate(part.operands(left ? 0 : 1), value_of);
    auto limit = formula::evaluate(part.operands(left ? 1 : 0), value_of);
    if (!predicted || !limit) {
      llvm::consumeError(predicted.takeError());
      llvm::consumeError(limit.takeError());
      return;
    }
    if (limit->value.has_quantity())
      *entry.mutable_limit() = limit->value.quantity();
    if (!predicted->value.has_quantity())
      return;
    *entry.mutable_predicted() = predicted->value.quantity();
    auto p = formula::from_proto(entry.predicted());
    auto l = formula::from_proto(entry.limit());
    if (!p || !l || l->value.is_zero())
      return;
    auto rest = upper == left ? l->value.minus(p->value) : p->value.minus(l->value);
    auto share = rest ? rest->over(l->value) : std::nullopt;
    if (share)
      entry.set_margin(share->to_double());
  }

  void refuse(const proto::Rule &rule, const proto::Expr &part, const proto::Expectation &entry,
              const formula::Evaluation &value) {
    Diagnostic fault =
        entry.has_met() ? report(diag::N0604,
                                 fmt::format("{} does not hold: {} {}", entry.object(),
                                             entry.verb(), source_of(intent_, part, rule.text())),
                                 intent_, rule.span())
                        : report(diag::N0605,
                                 fmt::format("{} requires {}, which cannot be predicted",
                                             entry.object(), entry.name()),
                                 intent_, rule.span());
    if (entry.has_met())
      fault.notes.push_back(
          note(formula::explain(source_of(intent_, part, rule.text()), part, value)));
    fault.notes.push_back(note(entry.detail()));
    if (!else_text(rule).empty())
      fault.notes.push_back(note(else_text(rule)));
    fault.fix = entry.has_met() ? "loosen the limit, ask for less, or add cheaper nodes"
                                : "say the missing fact, or write `prefer` instead of `require`";
    result_.diagnostics.push_back(std::move(fault));
  }

  // A prefer about nodes: met when every replica stands on a node for which it is true.
  void placed_well(const proto::Rule &rule, const std::string &object,
                   const std::vector<size_t> &workloads) {
    if (rule.verb() != proto::Rule::PREFER)
      return;
    proto::Expectation entry;
    entry.set_object(object);
    entry.set_target(rule.text());
    entry.set_verb("prefer");
    *entry.mutable_span() = rule.span();
    if (auto names = formula::references(rule.formula()); !names.empty())
      entry.set_name(formula::to_string(*names[0]));
    bool all = true, unknown = false;
    for (size_t w : workloads) {
      const proto::Workload &workload = intent_.workloads(static_cast<int>(w));
      for (uint32_t node : of_workload_[w]) {
        const Subject subject{&intent_, &workload, &nodes_[node]};
        auto value = formula::evaluate(
            rule.formula(), [&](const proto::Ref &ref) { return lookup(ref, subject); }, true);
        if (!value) {
          llvm::consumeError(value.takeError());
          unknown = true;
          continue;
        }
        if (!value->is_true() && entry.detail().empty()) {
          std::vector<std::pair<std::string, std::string>> shown;
          for (const formula::Part &piece : value->parts)
            if (!piece.text.empty())
              shown.emplace_back(piece.text, formula::to_string(piece.value));
          entry.set_detail(fmt::format("{} on {}: {}", workload.name(), nodes_[node].node->name(),
                                       explain::detail_parts(shown)));
        }
        all &= value->is_true();
        unknown |= value->is_unknown();
      }
    }
    if (all || !unknown)
      entry.set_met(all);
    result_.expectations.push_back(std::move(entry));
  }

  void quota(const proto::Tenant &tenant, const proto::Attribute &rate) {
    std::vector<size_t> workloads;
    for (size_t w = 0; w < of_workload_.size(); ++w)
      if (intent_.workloads(static_cast<int>(w)).tenant() == tenant.name())
        workloads.push_back(w);
    if (!whole(workloads))
      return;
    proto::Rule rule;
    rule.set_verb(proto::Rule::REQUIRE);
    rule.set_text(fmt::format("quota: {} <= {}", rate.name(), formula::to_string(rate.value())));
    *rule.mutable_span() = compiler::is_known(rate.span()) ? rate.span() : tenant.span();
    rule.mutable_formula()->set_op(proto::Expr::LE);
    rule.mutable_formula()->add_operands()->mutable_ref()->add_path(rate.name());
    *rule.mutable_formula()->add_operands()->mutable_literal() = rate.value();
    expect(rule, rule.formula(), "tenant." + tenant.name(), sum(workloads),
           {&intent_, nullptr, nullptr});
  }

  const proto::Intent &intent_;
  const std::vector<NodeView> nodes_;
  std::vector<std::vector<uint32_t>> of_workload_;
  Expected result_;
};

} // namespace

Expected expectations(const stages::Inputs &inputs, const stages::Resolved &resolved,
                      const stages::Placed &placed) {
  if (inputs.destroy())
    return {};
  return Expecting(inputs, resolved, placed).run();
}

} // namespace nemo::compiler
