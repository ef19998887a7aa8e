#include <catch2/catch.hpp>

#include "build.h"

using namespace nemo;
using namespace nemo::formula;
using namespace nemo::formula::test;

namespace {

proto::Value fact(const proto::Ref &ref) {
  if (ref.path(1) == "country")
    return text("DE");
  if (ref.path(1) == "cpu")
    return quantity_of("4", "core");
  return unknown("node.tpm of gw1");
}

const std::string source = "node.country == \"FR\" and (node.cpu * 2 > 4core or node.tpm)";

/// `shift` is where the formula begins in its file.
proto::Expr sample(uint32_t shift) {
  const auto at = [&](proto::Expr expr, const std::string &text) {
    proto::Expr result = placed(std::move(expr), source, text);
    result.mutable_span()->set_begin(result.span().begin() + shift);
    result.mutable_span()->set_end(result.span().end() + shift);
    return result;
  };
  const auto country = at(make(proto::Expr::EQ, {at(ref({"node", "country"}), "node.country"),
                                                 at(literal(text("FR")), "\"FR\"")}),
                          "node.country == \"FR\"");
  const auto twice =
      at(make(proto::Expr::MUL, {at(ref({"node", "cpu"}), "node.cpu"), at(number("2"), "2 >")}),
         "node.cpu * 2");
  const auto more =
      at(make(proto::Expr::GT, {twice, at(number("4", "core"), "4core")}), "node.cpu * 2 > 4core");
  const auto either = at(make(proto::Expr::OR, {more, at(ref({"node", "tpm"}), "node.tpm")}),
                         "node.cpu * 2 > 4core or node.tpm");
  return at(make(proto::Expr::AND, {country, either}), source);
}

Evaluation evaluated(const proto::Expr &expr) {
  auto result = evaluate(expr, fact, true);
  REQUIRE(static_cast<bool>(result));
  return std::move(*result);
}

} // namespace

TEST_CASE("values hang under the parts of a formula") {
  const proto::Expr expr = sample(0);
  CHECK("\n" + explain(source, expr, evaluated(expr)) == R"(
node.country == "FR" and (node.cpu * 2 > 4core or node.tpm)
|            |            |        |   |          |
"DE"         false        4core    |   true       unknown (node.tpm of gw1)
                                   8core)");
}

TEST_CASE("where the formula begins in its file does not matter") {
  const proto::Expr expr = sample(1234);
  CHECK(explain(source, expr, evaluated(expr)) == explain(source, sample(0), evaluated(sample(0))));
}

TEST_CASE("a formula that is too wide is explained as a list") {
  const proto::Expr expr = sample(7);
  CHECK("\n" + explain(source, expr, evaluated(expr), 40) == R"(
node.country == "FR" and (node.cpu * 2 > 4core or node.tpm)
  node.country          "DE"
  node.country == "FR"  false
  node.cpu              4core
  node.cpu * 2          8core
  node.cpu * 2 > 4core  true
  node.tpm              unknown (node.tpm of gw1))");
}

TEST_CASE("text that is not the formula's own is explained by names alone") {
  const proto::Expr expr = sample(0);
  CHECK(explain("something else", expr, evaluated(expr)) ==
        "something else\n  node.country  \"DE\"\n  node.cpu      4core\n"
        "  node.tpm      unknown (node.tpm of gw1)");
}

TEST_CASE("line ends inside a formula keep the columns") {
  std::string lines = source;
  lines[source.find(" and") + 4] = '\n';
  const proto::Expr expr = sample(0);
  CHECK(explain(lines, expr, evaluated(expr)) == explain(source, expr, evaluated(expr)));
}

TEST_CASE("positions that point nowhere are left out") {
  proto::Expr expr = sample(0);
  expr.mutable_operands(0)->mutable_span()->set_begin(4000000000u);
  expr.mutable_operands(0)->mutable_operands(0)->mutable_span()->set_end(4000000000u);
  const std::string text = explain(source, expr, evaluated(expr));
  CHECK(text.find("true") != std::string::npos);
  CHECK(text.find("false") == std::string::npos);
}
