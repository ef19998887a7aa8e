// What people and programs are shown of a plan.
#include <catch2/catch.hpp>

#include "llvm/Support/JSON.h"
#include "llvm/Support/raw_ostream.h"

#include "compiler/plan/figures.h"
#include "compiler/plan/print.h"
#include "compiler/plan/table.h"
#include "scenario.h"

using namespace nemo;
using namespace nemo::test;
using Catch::Matchers::Contains;

namespace {

std::string shown(const proto::Plan &plan, plan::PrintStyle style = {}) {
  std::string text;
  llvm::raw_string_ostream out(text);
  plan::print(out, plan, style);
  return text;
}

proto::Plan named(const std::string &name) {
  for (Named &item : plans())
    if (item.name == name)
      return item.plan;
  throw std::out_of_range(name);
}

} // namespace

TEST_CASE("figures are exact decimals") {
  CHECK(plan::decimal(9313, 6) == "0.009313");
  CHECK(plan::decimal(1500000, 6) == "1.5");
  CHECK(plan::decimal(-20, 3) == "-0.02");
  CHECK(plan::decimal(0, 6) == "0");
  CHECK(plan::decimal(INT64_MIN, 6) == "-9223372036854.775808");
  CHECK(plan::percent(0.8125) == "81%");
  CHECK(plan::percent(0.0124) == "1.2%");
  CHECK(plan::percent(0.9984) == "99.8%");
  CHECK(plan::percent(1) == "100%");
  CHECK(plan::percent(0) == "0%");
  CHECK(plan::euros_per_hour(std::nullopt) == "unknown");
}

TEST_CASE("columns align by what a terminal shows") {
  plan::Table table(2);
  table.row({{"✓"}, {"app"}, {"1 W", plan::Tone::plain, true}, {"one two three four"}});
  table.row({{"?"}, {"longer"}, {"10 W", plan::Tone::plain, true}, {"x"}});
  std::string text;
  llvm::raw_string_ostream out(text);
  plan::PrintStyle style;
  style.width = 40;
  table.print(out, style);
  CHECK(text == "  ✓  app      1 W  one two three four\n"
                "  ?  longer  10 W  x\n");
}

TEST_CASE("a plan is shown with its actions, placements, expectations and figures") {
  const std::string text = shown(named("first apply"));
  CHECK_THAT(text, Contains("Plan for stack shop"));
  CHECK_THAT(text, Contains("+  create web/0"));
  CHECK_THAT(text, Contains("Placements"));
  CHECK_THAT(text, Contains("no model predicts"));
  CHECK_THAT(text, Contains("✓"));
  CHECK_THAT(text, Contains("EUR/month"));
  CHECK_THAT(text, Contains("minimize cost + carbon * 80EUR/tCO2e"));
  CHECK_THAT(text, Contains("no memory controller"));
  CHECK_THAT(text, Contains("Fan, Weber, Barroso"));
  CHECK_THAT(text, Contains("to create."));
  CHECK(text.find('\x1b') == std::string::npos);
}

TEST_CASE("levels and colour") {
  const proto::Plan update = named("update");
  plan::PrintStyle brief;
  brief.level = plan::Level::brief;
  const std::string line = shown(update, brief);
  CHECK(std::count(line.begin(), line.end(), '\n') == 2);
  plan::PrintStyle full;
  full.level = plan::Level::full;
  const std::string all = shown(update, full);
  CHECK(all.size() > shown(update).size());
  CHECK_THAT(all, Contains(update.digest()));
  CHECK_THAT(all, Contains(update.facts_digest()));
  plan::PrintStyle colored;
  colored.color = true;
  std::string text = shown(update, colored), plain;
  for (size_t i = 0; i < text.size(); ++i)
    if (text[i] == '\x1b')
      i = text.find('m', i);
    else
      plain += text[i];
  CHECK(plain == shown(update)); // colour says nothing that is not there without it
}

TEST_CASE("nothing to do is said") {
  const proto::Plan plan = named("nothing to do");
  CHECK(!plan::has_changes(plan));
  CHECK_THAT(shown(plan), Contains("No changes."));
  CHECK(plan::has_changes(named("removal")));
  CHECK_THAT(shown(named("removal")), Contains("Plan to remove stack shop"));
}

TEST_CASE("lines keep to the width that was asked for") {
  for (unsigned width : {80u, 100u, 140u}) {
    plan::PrintStyle style;
    style.width = width;
    llvm::StringRef text = "";
    const std::string all = shown(named("update"), style);
    text = all;
    while (!text.empty()) {
      auto [line, rest] = text.split('\n');
      INFO(line.str());
      CHECK(plan::cells(line) <= width + 24); // a table's columns before its last may take more
      text = rest;
    }
  }
}

TEST_CASE("the pinned JSON form") {
  const proto::Plan plan = named("update");
  std::string text;
  llvm::raw_string_ostream out(text);
  plan::print_json(out, plan);
  auto parsed = llvm::json::parse(text);
  REQUIRE(bool(parsed));
  const llvm::json::Object &json = *parsed->getAsObject();
  CHECK(json.getInteger("version") == 1);
  CHECK(json.getString("stack") == llvm::StringRef("shop"));
  for (const char *key : {"commit", "intent_digest", "fleet_digest", "digest"})
    CHECK(json.getString(key).has_value());
  CHECK(json.getBoolean("reproducible") == true);
  auto first = [&](const char *list, std::initializer_list<const char *> keys) {
    REQUIRE(json.getArray(list));
    REQUIRE(!json.getArray(list)->empty());
    for (const char *key : keys) {
      INFO(list << "." << key);
      CHECK(json.getArray(list)->front().getAsObject()->get(key));
    }
  };
  first("placements", {"workload", "replica", "node"});
  first("actions", {"id", "verb", "object", "node", "after", "reason"});
  first("expectations", {"object", "name", "target", "predicted", "unit", "met"});
  first("diagnostics", {"id", "severity", "message", "file", "line", "column", "end_line",
                        "end_column", "notes", "fix"});
  for (const char *key : {"value", "bound", "gap"})
    CHECK(json.getObject("objective")->get(key));
  for (const char *key : {"eur_per_hour", "watts", "gco2e_per_hour"})
    CHECK(json.getObject("totals")->get(key));
  CHECK_THAT(text, Contains("\"eur_per_hour\": " + plan::decimal(plan.after().ueur_per_hour(), 6)));

  proto::Plan unknown = plan;
  unknown.mutable_after()->clear_ueur_per_hour();
  text.clear();
  plan::print_json(out, unknown);
  CHECK_THAT(text, Contains("\"eur_per_hour\": null"));
}
