// A rule that joins several by `and` is one expectation for each, so that each has its own margin.
#include "compiler/plan/assemble/expectations.h"

#include <algorithm>
#include <map>

#include <fmt/format.h>

#include "llvm/ADT/StringSwitch.h"

#include "base/error.h"
#include "compiler/explain/texts.h"
#include "compiler/placement/jobs.h"
#include "compiler/plan/assemble/risk.h"
#include "compiler/plan/assemble/services.h"
#include "compiler/plan/assemble/survival.h"
#include "compiler/plan/assemble/totals.h"
#include "compiler/plan/assemble/weigh.h"
#include "compiler/resolve/finished.h"
#include "compiler/resolve/names.h"
#include "compiler/resolve/report.h"
#include "compiler/resolve/selection.h"

namespace nemo::compiler {

namespace {

Prediction of_sum(const proto::Model &model, const Sum &sum, int64_t parts, const char *dimension,
                  const char *unit) {
  if (!sum.value)
    return Prediction::unknown(model.name(), sum.missing);
  return Prediction::exact(model.name(),
                           measure(Rational::make(*sum.value, parts), dimension, unit));
}

/// The share of the requests that a percentile leaves out: 0.01 for "latency.p99".
std::optional<double> tail_of(llvm::StringRef name) {
  return llvm::StringSwitch<std::optional<double>>(name)
      .Case("latency.p50", 0.5)
      .Case("latency.p90", 0.1)
      .Case("latency.p95", 0.05)
      .Case("latency.p99", 0.01)
      .Case("latency.p999", 0.001)
      .Default(std::nullopt);
}

/// Of a figure to which the services that are needed contribute.
bool needs_services(llvm::StringRef name) {
  return name == "availability" || name == "throughput" || tail_of(name);
}

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
      : inputs_(inputs), resolved_(resolved), intent_(inputs.intent()),
        nodes_(views(resolved.world())),
        of_workload_(static_cast<size_t>(intent_.workloads_size())),
        finished_(finished_replicas(intent_, resolved)),
        services_(intent_, resolved.world(), nodes_, of_workload_, finished_) {
    runs_.resize(of_workload_.size());
    sent_.resize(of_workload_.size());
    std::vector<Stand> stands;
    for (int r = 0; r < placed.replicas_size(); ++r)
      stands.push_back({resolved.replicas(r).workload(), placed.replicas(r).node()});
    const std::vector<Figure> sent =
        paid(intent_, resolved.world(), nodes_, !is_selective(inputs), stands);
    for (size_t r = 0; r < sent.size(); ++r)
      sent_[stands[r].workload].push_back(sent[r]);
    for (int r = 0; r < placed.replicas_size(); ++r) {
      const uint32_t w = resolved.replicas(r).workload();
      of_workload_[w].push_back(placed.replicas(r).node());
      runs_[w].push_back(run_of(intent_.workloads(static_cast<int>(w)),
                                placed.replicas(r).starts_at(), resolved.world().at()));
    }
  }

  // Of what is planned only in part there is nothing to expect.
  bool whole(const std::vector<size_t> &workloads) const {
    return std::all_of(workloads.begin(), workloads.end(), [&](size_t w) {
      return of_workload_[w].size() + finished_[w] ==
             intent_.workloads(static_cast<int>(w)).replicas_min();
    });
  }

  // Nor of what is over.
  bool over(size_t w) const { return finished_[w] > 0 && of_workload_[w].empty(); }

  Expected run() {
    auto survived = survivals(intent_, nodes_, of_workload_, finished_);
    for (size_t w = 0; w < of_workload_.size(); ++w) {
      const proto::Workload &workload = intent_.workloads(static_cast<int>(w));
      for (const proto::Rule &rule : workload.slo())
        about(rule, "workload." + workload.name(), {w});
      if (survived[w])
        result_.expectations.push_back(std::move(*survived[w]));
      for (const proto::Rule &rule : workload.place().rules())
        if (rule.verb() == proto::Rule::PREFER)
          about(rule, "workload." + workload.name(), {w});
    }
    for (const proto::Policy &policy : intent_.policies())
      for (const proto::Rule &rule : policy.rules())
        if (rule.verb() == proto::Rule::PREFER || asks_figure(rule))
          about(rule, "policy." + policy.name(), everybody());
    for (const proto::Objective &objective : intent_.objectives()) {
      for (const proto::Rule &rule : objective.rules())
        if (rule.verb() == proto::Rule::REQUIRE || rule.verb() == proto::Rule::PREFER)
          about(rule, "objective." + objective.name(), everybody());
      if (objective.has_overcommit_ppb())
        result_.expectations.push_back(risk_taken(objective, inputs_, resolved_, of_workload_));
    }
    for (const Flow &flow : services_.flows())
      for (const proto::Rule &rule : flow.object->rules())
        about(rule, flow);
    for (Diagnostic &fault : services_.overloads())
      result_.diagnostics.push_back(std::move(fault));
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
    const bool any = !workloads.empty();
    std::erase_if(workloads, [&](size_t w) { return over(w); });
    if (!whole(workloads) || (any && workloads.empty()))
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
    const proto::Workload *only =
        workloads.size() == 1 ? &intent_.workloads(static_cast<int>(workloads[0])) : nullptr;
    for (const proto::Expr *part : parts)
      expect(rule, *part, object, workloads, {&intent_, only, nullptr});
  }

  void about(const proto::Rule &rule, const Flow &flow) {
    std::vector<size_t> ends = {std::min(flow.from, flow.to), std::max(flow.from, flow.to)};
    ends.erase(std::unique(ends.begin(), ends.end()), ends.end());
    if (!whole(ends) || over(flow.from) || over(flow.to))
      return;
    const Subject subject{&intent_, nullptr, nullptr};
    if (rule.has_where()) {
      auto value = formula::evaluate(rule.where(),
                                     [&](const proto::Ref &ref) { return lookup(ref, subject); });
      if (!value)
        llvm::consumeError(value.takeError());
      else if (value->is_false())
        return;
    }
    std::vector<const proto::Expr *> parts;
    flatten(rule.formula(), parts);
    for (const proto::Expr *part : parts)
      expect(rule, *part, "flow." + flow.name(), ends, subject, &flow);
  }

  Sums sum(const std::vector<size_t> &workloads) const {
    Sums sums;
    for (size_t w : workloads)
      for (size_t r = 0; r < of_workload_[w].size(); ++r)
        sums.add(intent_.workloads(static_cast<int>(w)).resources(), nodes_[of_workload_[w][r]],
                 runs_[w][r] ? &*runs_[w][r] : nullptr, sent_[w].empty() ? nullptr : &sent_[w][r]);
    return sums;
  }

  void expect(const proto::Rule &rule, const proto::Expr &part, const std::string &object,
              const std::vector<size_t> &workloads, const Subject &subject,
              const Flow *flow = nullptr) {
    Predictions figures;
    std::optional<Sums> sums;
    for (const proto::Ref *ref : formula::references(part)) {
      const std::string name = formula::to_string(*ref);
      if (supplier(*ref) != Supplier::figure || figures.count(name))
        continue;
      if (needs_services(name) && !whole(services_.needed_by(workloads)))
        return;
      if (!sums)
        sums = sum(workloads);
      figures.emplace(name,
                      flow ? predict(name, workloads, *flow) : predict(name, workloads, *sums));
    }
    Weighed weighed = weigh(rule, part, object, figures, subject);
    if (weighed.expectation)
      result_.expectations.push_back(std::move(*weighed.expectation));
    if (weighed.fault)
      result_.diagnostics.push_back(std::move(*weighed.fault));
  }

  Prediction predict(const std::string &name, const std::vector<size_t> &workloads,
                     const Sums &sums) {
    if (name == "energy")
      return of_sum(explain::power_model(), sums.milliwatts, 1000, "J s^-1", "W");
    if (name == "carbon")
      return of_sum(explain::carbon_model(), sums.milligrams_per_hour, 1000 * 3600, "gCO2e s^-1",
                    "gCO2e/h");
    if (name == "cost")
      return of_sum(explain::cost_model(), sums.ueur_per_hour, int64_t{1000000} * 3600, "EUR s^-1",
                    "EUR/h");
    if (name == "availability")
      return services_.availability(workloads);
    if (name == "throughput")
      return services_.throughput(workloads);
    if (const auto tail = tail_of(name))
      return services_.latency(workloads, *tail);
    return Prediction::unknown("", name);
  }

  Prediction predict(const std::string &name, const std::vector<size_t> &ends, const Flow &flow) {
    if (name == "availability")
      return services_.availability(ends);
    if (name == "throughput")
      return services_.throughput(flow);
    if (tail_of(name))
      return services_.latency(flow);
    return Prediction::unknown("", name);
  }

  static bool holds(const proto::Expr &formula, const Subject &subject) {
    auto value =
        formula::evaluate(formula, [&](const proto::Ref &ref) { return lookup(ref, subject); });
    if (!value)
      llvm::consumeError(value.takeError());
    return value && value->is_true();
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
        if (rule.has_where() && !holds(rule.where(), subject))
          continue; // it is about those for whom that is true
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
    expect(rule, rule.formula(), "tenant." + tenant.name(), workloads,
           {&intent_, nullptr, nullptr});
  }

  const stages::Inputs &inputs_;
  const stages::Resolved &resolved_;
  const proto::Intent &intent_;
  const std::vector<NodeView> nodes_;
  std::vector<std::vector<uint32_t>> of_workload_;
  const std::vector<uint32_t> finished_;
  std::vector<std::vector<std::optional<Run>>> runs_; ///< of jobs, the same
  std::vector<std::vector<Figure>> sent_; ///< what replicas pay for what they send, if anybody does
  Services services_;
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
