// One look at every rule, before any is applied.
#include "compiler/policy/refusals.h"

#include "compiler/resolve/names.h"
#include "compiler/resolve/report.h"

#include <fmt/format.h>

namespace nemo::compiler {

namespace {

const proto::Ref *first_of(const proto::Rule &rule, Supplier who) {
  for (const proto::Expr *part : {&rule.formula(), &rule.where()})
    for (const proto::Ref *ref : formula::references(*part))
      if (supplier(*ref) == who)
        return ref;
  return nullptr;
}

void check(const proto::Intent &intent, const proto::Rule &rule, const std::string &owner,
           std::vector<Diagnostic> &out) {
  auto refuse = [&](std::string message, std::string cause, std::string fix) {
    Diagnostic fault = report(diag::N0603, std::move(message), intent, rule.span());
    if (!cause.empty())
      fault.notes.push_back(note(std::move(cause)));
    fault.fix = std::move(fix);
    out.push_back(std::move(fault));
  };
  if (rule.verb() == proto::Rule::WHEN) {
    refuse(fmt::format("{} has a trigger, and no backend here acts on triggers", owner),
           rule.text(), "leave `when` out; plan again when the facts have changed");
    return;
  }
  if (const proto::Ref *ref = first_of(rule, Supplier::nobody)) {
    refuse(fmt::format("{} asks for {}, and nothing here supplies it", owner,
                       formula::to_string(*ref)),
           rule.text(), "leave the rule out, or use a backend that delivers what it speaks about");
    return;
  }
  if (first_of(rule, Supplier::figure) && first_of(rule, Supplier::node)) {
    refuse(fmt::format("{} mixes the figure {} with facts of single nodes", owner,
                       formula::to_string(*first_of(rule, Supplier::figure))),
           rule.text(), "write two rules: one for the figure, one for the nodes");
    return;
  }
  if (rule.has_otherwise() && rule.otherwise().literal().kind_case() != proto::Value::kText)
    refuse(fmt::format("{} asks for an action when a rule fails, and no backend here takes one",
                       owner),
           rule.text(), "give a text to show after `else`");
}

} // namespace

bool restricts(const proto::Rule &rule) {
  return (rule.verb() == proto::Rule::REQUIRE || rule.verb() == proto::Rule::DENY) &&
         !first_of(rule, Supplier::figure);
}

std::vector<Diagnostic> refused_rules(const proto::Intent &intent) {
  std::vector<Diagnostic> out;
  for (const proto::Policy &policy : intent.policies())
    for (const proto::Rule &rule : policy.rules())
      check(intent, rule, "policy " + policy.name(), out);
  for (const proto::Objective &objective : intent.objectives())
    for (const proto::Rule &rule : objective.rules())
      if (rule.verb() == proto::Rule::REQUIRE || rule.verb() == proto::Rule::PREFER)
        check(intent, rule, "objective " + objective.name(), out);
  for (const proto::Workload &workload : intent.workloads()) {
    for (const proto::Rule &rule : workload.place().rules())
      check(intent, rule, "workload " + workload.name(), out);
    for (const proto::Rule &rule : workload.slo())
      check(intent, rule, "workload " + workload.name(), out);
  }
  return out;
}

} // namespace nemo::compiler
