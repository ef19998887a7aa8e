// Hand-made models.
#include "models.h"

#include "compiler/plan/diff/diff.h"

#include "llvm/ADT/StringRef.h"

namespace nemo::test {

proto::Expr ref(const std::string &path) {
  proto::Expr expr;
  llvm::StringRef rest = path;
  while (!rest.empty()) {
    auto [member, more] = rest.split('.');
    expr.mutable_ref()->add_path(member.str());
    rest = more;
  }
  return expr;
}

proto::Expr word(const std::string &enumerator) {
  proto::Expr expr;
  expr.mutable_literal()->set_enumerator(enumerator);
  return expr;
}

proto::Expr text(const std::string &value) {
  proto::Expr expr;
  expr.mutable_literal()->set_text(value);
  return expr;
}

proto::Expr amount(int64_t num, int64_t den, const std::string &dimension,
                   const std::string &unit) {
  proto::Expr expr;
  proto::Quantity *quantity = expr.mutable_literal()->mutable_quantity();
  quantity->set_num(std::to_string(num));
  if (den != 1)
    quantity->set_den(std::to_string(den));
  quantity->set_dimension(dimension);
  quantity->set_unit(unit);
  return expr;
}

proto::Expr op(proto::Expr::Op op, proto::Expr a, proto::Expr b) {
  proto::Expr expr;
  expr.set_op(op);
  *expr.add_operands() = std::move(a);
  *expr.add_operands() = std::move(b);
  return expr;
}

proto::Rule rule(proto::Rule::Verb verb, proto::Expr formula, const std::string &written) {
  proto::Rule rule;
  rule.set_verb(verb);
  *rule.mutable_formula() = std::move(formula);
  rule.set_text(written);
  return rule;
}

proto::Fleet two_sites() {
  return parse<proto::Fleet>(R"(
    version: 1 at: "2026-11-24T08:00:00Z"
    sites { name: "athens" country: "GR" zone: "GR" region: "south" carbon_mg_per_kwh: 350000
            price_neur_per_kwh: 210000000 }
    sites { name: "paris" country: "FR" zone: "FR" region: "west" carbon_mg_per_kwh: 50000
            price_neur_per_kwh: 200000000 }
    nodes { name: "gw1" site: "athens" node_class: "edge" arch: "arm64" cpu_millicores: 4000
            memory_bytes: 4294967296 power_idle_mw: 3000 power_max_mw: 12000
            price_neur_per_hour: 10000000 sandboxes: "process" sandboxes: "container" }
    nodes { name: "cloud1" site: "paris" node_class: "cloud" arch: "x86_64" cpu_millicores: 64000
            memory_bytes: 274877906944 power_idle_mw: 90000 power_max_mw: 400000
            price_neur_per_hour: 1100000000 sandboxes: "process" sandboxes: "container" })");
}

proto::Node *add_node(proto::Fleet &fleet, const std::string &name, const std::string &site,
                      uint64_t millicores, uint64_t bytes) {
  proto::Node *node = fleet.add_nodes();
  node->set_name(name);
  node->set_site(site);
  node->set_cpu_millicores(millicores);
  node->set_memory_bytes(bytes);
  node->add_sandboxes("process");
  return node;
}

proto::Workload *add_workload(proto::Intent &intent, const std::string &name) {
  proto::Workload *workload = intent.add_workloads();
  workload->set_name(name);
  workload->add_exec("/bin/" + name);
  workload->set_sandbox("process");
  workload->set_network("host");
  workload->set_replicas_min(1);
  workload->set_replicas_max(1);
  workload->mutable_resources()->set_cpu_millicores(100);
  workload->mutable_resources()->set_memory_bytes(64 << 20);
  workload->add_ports()->set_name("http");
  return workload;
}

Inputs inputs(proto::Intent intent, proto::Fleet fleet) {
  if (intent.stack().empty())
    intent.set_stack("shop");
  Inputs result;
  result.intent = std::move(intent);
  result.fleet = std::move(fleet);
  result.source = "https://example.org/shop.git";
  return result;
}

proto::Fleet applied(const Inputs &inputs, const proto::Plan &plan) {
  return plan::carried_out(inputs.fleet, plan);
}

const proto::Action *action(const proto::Plan &plan, const std::string &id) {
  for (const proto::Action &action : plan.actions())
    if (action.id() == id)
      return &action;
  return nullptr;
}

std::string node_of(const proto::Plan &plan, const std::string &workload, uint32_t replica) {
  for (const proto::Placement &placement : plan.placements())
    if (placement.workload() == workload && placement.replica() == replica)
      return placement.node();
  return {};
}

bool has(const Compiled &compiled, const std::string &id) {
  for (const Diagnostic &found : compiled.diagnostics)
    if (found.id == id)
      return true;
  return false;
}

std::string said(const Compiled &compiled) {
  std::string text;
  for (const Diagnostic &found : compiled.diagnostics) {
    text += found.id + " " + found.message + "\n";
    for (const Note &note : found.notes)
      text += "  " + note.text + "\n";
    text += "  fix: " + found.fix + "\n";
  }
  return text;
}

} // namespace nemo::test
