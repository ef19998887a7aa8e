#include <catch2/catch.hpp>

#include <map>

#include "build.h"

using namespace nemo;
using namespace nemo::formula;
using namespace nemo::formula::test;

namespace {

proto::Value list_of(const std::vector<proto::Value> &items) {
  proto::Value value;
  value.mutable_list();
  for (const proto::Value &item : items)
    *value.mutable_list()->add_items() = item;
  return value;
}

/// A small world of facts.
proto::Value fact(const proto::Ref &ref) {
  static const std::map<std::string, proto::Value> facts = {
      {"node.class", enumerator("edge")},
      {"node.name", text("gw1")},
      {"node.tpm", boolean(true)},
      {"node.cpu", quantity_of("4", "core")},
      {"node.temperature", quantity_of("45", "degC")},
      {"node.trust", integer(2)},
      {"node.sandboxes", list_of({enumerator("process"), enumerator("container")})},
      {"node.labels.cell", integer(7)},
      {"node.labels.\"topology.kubernetes.io/zone\"", text("a")},
  };
  const auto found = facts.find(to_string(ref));
  return found == facts.end() ? unknown(to_string(ref) + " of gw1") : found->second;
}

/// The value as text; what evaluate refuses as "error: ...".
std::string value_of(const proto::Expr &expr) {
  auto result = evaluate(expr, fact);
  if (!result)
    return "error: " + llvm::toString(result.takeError());
  return to_string(result->value);
}

const proto::Expr yes = literal(boolean(true)), no = literal(boolean(false)),
                  maybe = literal(unknown("x"));

} // namespace

TEST_CASE("and, or, not are Kleene's") {
  const proto::Expr values[] = {no, maybe, yes};
  const std::string names[] = {"false", "unknown (x)", "true"};
  for (size_t a = 0; a < 3; ++a) {
    CHECK(value_of(make(proto::Expr::NOT, {values[a]})) == names[2 - a]);
    for (size_t b = 0; b < 3; ++b) {
      CHECK(value_of(make(proto::Expr::AND, {values[a], values[b]})) == names[std::min(a, b)]);
      CHECK(value_of(make(proto::Expr::OR, {values[a], values[b]})) == names[std::max(a, b)]);
    }
  }
  CHECK(value_of(make(proto::Expr::AND, {yes, yes, no})) == "false");
}

TEST_CASE("an unknown carries the name of the first fact that is missing") {
  const proto::Expr carbon = ref({"grid", "carbon"});
  CHECK(value_of(make(proto::Expr::GT, {carbon, number("350", "gCO2e/kWh")})) ==
        "unknown (grid.carbon of gw1)");
  CHECK(value_of(make(proto::Expr::AND,
                      {make(proto::Expr::LT, {ref({"slo", "slack"}), number("1")}),
                       make(proto::Expr::EQ, {carbon, carbon})})) == "unknown (slo.slack of gw1)");
  CHECK(value_of(make(proto::Expr::MUL, {number("0"), carbon})) == "unknown (grid.carbon of gw1)");
  CHECK(value_of(make(proto::Expr::NEG, {carbon})) == "unknown (grid.carbon of gw1)");
  CHECK(value_of(make(proto::Expr::IN, {carbon, literal(list_of({integer(1)}))})) ==
        "unknown (grid.carbon of gw1)");
}

TEST_CASE("arithmetic is exact and keeps the author's unit") {
  const auto one_fifth = number("0.2"), tenth = number("0.1");
  CHECK(value_of(make(proto::Expr::EQ,
                      {make(proto::Expr::ADD, {tenth, one_fifth}), number("0.3")})) == "true");
  CHECK(value_of(make(proto::Expr::ADD, {number("1", "h"), number("30", "min")})) == "1.5h");
  CHECK(value_of(make(proto::Expr::SUB, {number("1", "GiB"), number("512", "MiB")})) == "0.5GiB");
  CHECK(value_of(make(proto::Expr::MUL, {number("2"), number("20", "ms")})) == "40ms");
  CHECK(value_of(make(proto::Expr::MUL, {number("100", "W"), number("2", "h")})) == "0.2kWh");
  CHECK(value_of(make(proto::Expr::MUL, {number("1", "kW"), number("0.21", "EUR/kWh")})) ==
        "0.21EUR/h");
  CHECK(value_of(make(proto::Expr::DIV, {number("1", "h"), number("2", "h")})) == "0.5");
  CHECK(value_of(make(proto::Expr::NEG, {number("3")})) == "-3");
  CHECK(value_of(make(proto::Expr::MUL, {number("50", "%"), number("20", "ms")})) == "10ms");
}

TEST_CASE("what the checker would have refused is an error in plain words") {
  CHECK(value_of(make(proto::Expr::ADD, {number("20", "ms"), number("2", "MiB")})) ==
        "error: + cannot stand between 20ms (time) and 2MiB (data)");
  CHECK(value_of(make(proto::Expr::LT, {number("20", "ms"), number("2", "MiB")})) ==
        "error: < cannot stand between 20ms (time) and 2MiB (data)");
  CHECK(value_of(make(proto::Expr::ADD, {number("1", "EUR"), number("1", "USD")})) ==
        "error: + cannot stand between 1EUR (money (EUR)) and 1USD (money (USD))");
  CHECK(value_of(make(proto::Expr::DIV, {number("1"), number("0")})) ==
        "error: division by zero: 1 / 0");
  CHECK(value_of(make(proto::Expr::MUL, {number("1e30"), number("1e30")})) ==
        "error: 1e30 * 1e30 does not fit in 128 bits");
  CHECK(value_of(make(proto::Expr::AND, {yes, number("20", "ms")})) ==
        "error: `and` needs true or false, not 20ms");
  CHECK(value_of(make(proto::Expr::NOT, {number("1")})) ==
        "error: `not` needs true or false, not 1");
  CHECK(value_of(make(proto::Expr::LT, {ref({"node", "class"}), number("1")})) ==
        "error: < needs numbers, not edge");
  CHECK(value_of(make(proto::Expr::IN, {number("1"), number("1")})) ==
        "error: `in` needs a list or a range, not 1");
}

TEST_CASE("an error behind a side that decides does not matter") {
  const proto::Expr wrong =
      make(proto::Expr::GT, {make(proto::Expr::DIV, {number("1"), number("0")}), number("2")});
  CHECK(value_of(make(proto::Expr::AND, {no, wrong})) == "false");
  CHECK(value_of(make(proto::Expr::OR, {yes, wrong})) == "true");
  CHECK(value_of(make(proto::Expr::AND, {maybe, wrong})) == "error: division by zero: 1 / 0");
  CHECK(value_of(make(proto::Expr::AND, {wrong, no})) == "error: division by zero: 1 / 0");
}

TEST_CASE("a temperature only compares") {
  const proto::Expr heat = ref({"node", "temperature"});
  CHECK(value_of(make(proto::Expr::LE, {heat, number("85", "degC")})) == "true");
  CHECK(value_of(make(proto::Expr::GT, {heat, make(proto::Expr::NEG, {number("5", "degC")})})) ==
        "true");
  CHECK(value_of(make(proto::Expr::NEG, {number("5", "degC")})) == "-5degC");
  CHECK(value_of(make(proto::Expr::NEG, {heat})) ==
        "error: a temperature (45degC) only compares; - cannot be applied to it");
  for (const Op op : {proto::Expr::ADD, proto::Expr::SUB, proto::Expr::MUL, proto::Expr::DIV})
    CHECK(value_of(make(op, {heat, number("1", "degC")})).find("only compares") !=
          std::string::npos);
}

TEST_CASE("words compare by spelling") {
  const auto equal = [](const proto::Value &a, const proto::Value &b) {
    const std::string eq = value_of(make(proto::Expr::EQ, {literal(a), literal(b)}));
    const std::string ne = value_of(make(proto::Expr::NE, {literal(a), literal(b)}));
    CHECK((eq == "true") != (ne == "true"));
    CHECK(eq == value_of(make(proto::Expr::EQ, {literal(b), literal(a)})));
    return eq == "true";
  };
  CHECK(equal(enumerator("edge"), text("edge")));
  CHECK_FALSE(equal(enumerator("edge"), text("Edge")));
  proto::Value acme, other;
  acme.set_reference("tenant.acme");
  other.set_reference("workload.acme");
  CHECK(equal(acme, acme));
  CHECK_FALSE(equal(acme, other));
  CHECK(equal(acme, text("acme")));
  // Labels that a host reports as text.
  CHECK(equal(text("7"), integer(7)));
  CHECK(equal(text("7.0"), integer(7)));
  CHECK(equal(text("true"), boolean(true)));
  CHECK(equal(text("20ms"), quantity_of("20", "ms")));
  CHECK_FALSE(equal(text("seven"), integer(7)));
  CHECK_FALSE(equal(boolean(true), integer(1)));
  CHECK(equal(list_of({integer(1), text("a")}), list_of({integer(1), enumerator("a")})));
  CHECK_FALSE(equal(list_of({integer(1)}), list_of({integer(1), integer(2)})));
}

TEST_CASE("membership in lists") {
  const proto::Expr sandboxes = ref({"node", "sandboxes"});
  CHECK(value_of(make(proto::Expr::IN, {literal(enumerator("container")), sandboxes})) == "true");
  CHECK(value_of(make(proto::Expr::IN, {literal(text("container")), sandboxes})) == "true");
  CHECK(value_of(make(proto::Expr::IN, {literal(enumerator("microvm")), sandboxes})) == "false");
  CHECK(value_of(make(proto::Expr::NOT_IN, {literal(enumerator("microvm")), sandboxes})) == "true");
  CHECK(value_of(make(proto::Expr::IN, {number("1"), make(proto::Expr::LIST, {})})) == "false");
  const auto with_unknown = make(proto::Expr::LIST, {number("1"), ref({"tenant", "quota"})});
  CHECK(value_of(make(proto::Expr::IN, {number("1"), with_unknown})) == "true");
  CHECK(value_of(make(proto::Expr::IN, {number("2"), with_unknown})) ==
        "unknown (tenant.quota of gw1)");
  CHECK(value_of(make(proto::Expr::NOT_IN, {number("2"), with_unknown})) ==
        "unknown (tenant.quota of gw1)");
  CHECK(value_of(make(proto::Expr::LIST, {make(proto::Expr::LIST, {})})) ==
        "error: a list cannot hold lists");
}

TEST_CASE("membership in ranges, both ends included") {
  const auto range = make(proto::Expr::RANGE, {number("2"), number("6")});
  CHECK(value_of(range) == "2..6");
  for (const auto &[digits, inside] : std::vector<std::pair<std::string, std::string>>{
           {"1", "false"}, {"2", "true"}, {"4.5", "true"}, {"6", "true"}, {"6.0001", "false"}})
    CHECK(value_of(make(proto::Expr::IN, {number(digits), range})) == inside);
  CHECK(value_of(make(proto::Expr::IN,
                      {number("3"), make(proto::Expr::RANGE, {number("6"), number("2")})})) ==
        "false");
  CHECK(value_of(make(proto::Expr::IN,
                      {number("9"), make(proto::Expr::LIST,
                                         {number("1"), make(proto::Expr::RANGE,
                                                            {number("8"), number("9")})})})) ==
        "true");
  const auto half = make(proto::Expr::RANGE, {maybe, number("6")});
  CHECK(value_of(make(proto::Expr::IN, {number("7"), half})) == "false");
  CHECK(value_of(make(proto::Expr::IN, {number("5"), half})) == "unknown (x)");
  CHECK(value_of(make(proto::Expr::RANGE, {number("1", "s"), number("1", "B")})) ==
        "error: .. cannot stand between 1s (time) and 1B (data)");
  CHECK(value_of(make(proto::Expr::EQ, {number("1"), range})) ==
        "error: == cannot compare a range; use `in`");
}

TEST_CASE("hostile messages are refused, not followed") {
  CHECK(value_of(proto::Expr()) == "error: a malformed formula");
  CHECK(value_of(make(proto::Expr::AND, {yes})) == "error: a malformed formula");
  CHECK(value_of(make(proto::Expr::LE, {number("1"), number("2"), number("3")})) ==
        "error: a malformed formula");
  CHECK(value_of(make(static_cast<Op>(99), {yes, yes})) == "error: a malformed formula");
  proto::Expr both = yes;
  both.mutable_ref()->add_path("node");
  CHECK(value_of(both) == "error: a malformed formula");
  proto::Value bad;
  bad.mutable_quantity()->set_num("1e5");
  CHECK(value_of(literal(bad)) == "error: a malformed number");
  bad.mutable_quantity()->set_num("1");
  bad.mutable_quantity()->set_dimension("furlong");
  CHECK(value_of(literal(bad)) == "error: a malformed number");
  CHECK(value_of(literal(proto::Value())) == "error: an empty value");
  CHECK(value_of(literal(list_of({list_of({})}))) == "error: a malformed list");
  proto::Value range;
  *range.mutable_range()->mutable_low() = text("a");
  CHECK(value_of(literal(range)) == "error: a malformed range");
}

TEST_CASE("depth is bounded, and what is allowed does not exhaust the stack") {
  const auto chain = [](int levels) {
    proto::Expr expr = yes;
    for (int i = 1; i < levels; ++i) {
      proto::Expr outer;
      outer.set_op(proto::Expr::NOT);
      outer.add_operands()->Swap(&expr);
      expr.Swap(&outer);
    }
    return expr;
  };
  CHECK(value_of(chain(1000)) == "false");
  CHECK(value_of(chain(1001)) == "error: a formula that nests deeper than 1000 levels");
  CHECK(value_of(chain(5000)) == "error: a formula that nests deeper than 1000 levels");
  proto::Value deep = text("x");
  for (int i = 0; i < 5000; ++i) {
    proto::Value outer;
    outer.mutable_list()->add_items()->Swap(&deep);
    deep.Swap(&outer);
  }
  CHECK(to_string(deep).size() < 100);
  CHECK(value_of(literal(deep)) == "error: a malformed list");
}

TEST_CASE("references are listed in order, with repeats") {
  const auto formula =
      make(proto::Expr::OR, {make(proto::Expr::EQ, {ref({"node", "class"}), ref({"node", "name"})}),
                             ref({"node", "class"})});
  std::string names;
  for (const proto::Ref *one : references(formula))
    names += to_string(*one) + " ";
  CHECK(names == "node.class node.name node.class ");
}

TEST_CASE("names and values print as an author writes them") {
  CHECK(to_string(ref({"node", "labels", "topology.kubernetes.io/zone"}).ref()) ==
        "node.labels.\"topology.kubernetes.io/zone\"");
  CHECK(to_string(ref({"flow", "crosses-site"}).ref()) == "flow.crosses-site");
  CHECK(to_string(text("a \"b\"\n")) == "\"a \\\"b\\\"\\n\"");
  CHECK(to_string(list_of({integer(1), enumerator("a"), text("b")})) == "[1, a, \"b\"]");
  CHECK(to_string(unknown("node.tpm of gw1")) == "unknown (node.tpm of gw1)");
  const Quantity quantity{*Rational::parse("0.02"), *Dimension::parse("s"), "ms"};
  CHECK(to_string(*from_proto(to_proto(quantity))) == "20ms");
}
