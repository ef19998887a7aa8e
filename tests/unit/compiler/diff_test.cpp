// What differs between two plans, and what hostile names become in Markdown.
#include <catch2/catch.hpp>

#include "compiler/plan/diff/print.h"
#include "models.h"

using namespace nemo;
using namespace nemo::test;

namespace {

proto::Expectation expectation(const std::string &target, std::optional<bool> met) {
  proto::Expectation made;
  made.set_object("workload.web");
  made.set_name("latency.p99");
  made.set_verb("prefer");
  made.set_target(target);
  if (met)
    made.set_met(*met);
  return made;
}

proto::Plan promising(std::initializer_list<proto::Expectation> list) {
  proto::Plan plan;
  plan.set_stack("shop");
  for (const proto::Expectation &item : list)
    *plan.add_expectations() = item;
  return plan;
}

std::string markdown(const plan::Difference &difference, const plan::Sides &sides) {
  std::string text;
  llvm::raw_string_ostream out(text);
  plan::print_markdown(out, difference, sides);
  return out.str();
}

} // namespace

TEST_CASE("the same plan twice differs in nothing") {
  proto::Intent intent;
  add_workload(intent, "web")->set_replicas_min(2);
  const Inputs first = inputs(intent, two_sites());
  const auto before = compiler::compile(first);
  REQUIRE(before.plan);
  const auto after =
      compiler::compile(inputs(intent, plan::carried_out(first.fleet, *before.plan)));
  REQUIRE(after.plan);
  const plan::Difference difference = plan::difference(*before.plan, *after.plan);
  CHECK(difference.empty());
  CHECK(difference.kept == 2);
  CHECK_FALSE(difference.totals_changed());
}

TEST_CASE("what a plan adds to the fleet leaves other stacks alone") {
  proto::Intent intent;
  add_workload(intent, "web");
  Inputs first = inputs(intent, two_sites());
  proto::Running *other = first.fleet.add_running();
  other->set_stack("other");
  other->set_workload("web");
  const auto compiled = compiler::compile(first);
  REQUIRE(compiled.plan);
  const proto::Fleet once = plan::carried_out(first.fleet, *compiled.plan);
  CHECK(once.running_size() == 2);
  const proto::Fleet twice = plan::carried_out(once, *compiled.plan);
  CHECK(twice.SerializeAsString() == once.SerializeAsString());
  const proto::Fleet none = plan::without_stack(twice, compiled.plan->stack());
  CHECK(none.running_size() == 1);
  CHECK(none.parts_size() == 0);
}

TEST_CASE("expectations are paired by their rule, then by what they measure") {
  const proto::Plan before = promising({expectation("prefer latency.p99 <= 20ms", true),
                                        expectation("prefer latency.p99 <= 90ms", true)});
  SECTION("nothing changed, in another order") {
    const proto::Plan after = promising({expectation("prefer latency.p99 <= 90ms", true),
                                         expectation("prefer latency.p99 <= 20ms", true)});
    CHECK(plan::difference(before, after).promises.empty());
  }
  SECTION("one limit was rewritten, and fails") {
    const proto::Plan after = promising({expectation("prefer latency.p99 <= 90ms", true),
                                         expectation("prefer latency.p99 <= 5ms", false)});
    const auto promises = plan::difference(before, after).promises;
    REQUIRE(promises.size() == 1);
    REQUIRE(promises[0].before);
    CHECK(promises[0].before->target() == "prefer latency.p99 <= 20ms");
    CHECK(promises[0].newly_failing());
  }
  SECTION("one is gone, and one that failed still fails") {
    const proto::Plan failing = promising({expectation("prefer latency.p99 <= 20ms", false),
                                           expectation("prefer latency.p99 <= 90ms", true)});
    const proto::Plan after = promising({expectation("prefer latency.p99 <= 20ms", false)});
    const auto promises = plan::difference(failing, after).promises;
    REQUIRE(promises.size() == 1);
    CHECK_FALSE(promises[0].after);
    CHECK_FALSE(promises[0].newly_failing());
  }
  SECTION("unknown becomes not met") {
    const auto promises =
        plan::difference(promising({expectation("prefer latency.p99 <= 20ms", std::nullopt)}),
                         promising({expectation("prefer latency.p99 <= 20ms", false)}))
            .promises;
    REQUIRE(promises.size() == 1);
    CHECK(promises[0].newly_failing());
  }
}

TEST_CASE("remarks are compared by what they say, not by where they stand") {
  proto::Plan before = promising({}), after = promising({});
  auto remark = [](proto::Plan &plan, const char *message, uint32_t line) {
    proto::Diagnostic *made = plan.add_diagnostics();
    made->set_id("N0605");
    made->set_severity("warning");
    made->set_message(message);
    made->mutable_span()->set_line(line);
  };
  remark(before, "one", 1);
  remark(after, "one", 7);
  CHECK(plan::difference(before, after).empty());
  remark(after, "one", 9); // said twice now
  remark(before, "two", 2);
  const plan::Difference difference = plan::difference(before, after);
  REQUIRE(difference.found.size() == 1);
  REQUIRE(difference.gone.size() == 1);
  CHECK(difference.gone[0].message() == "two");
}

TEST_CASE("unknown totals have no difference") {
  proto::Plan before = promising({}), after = promising({});
  after.mutable_after()->set_milliwatts(5);
  const plan::Difference difference = plan::difference(before, after);
  CHECK(difference.totals_changed());
  CHECK_FALSE(difference.milliwatts.difference());
  before.mutable_after()->set_milliwatts(8);
  CHECK(plan::difference(before, after).milliwatts.difference() == -3);
}

TEST_CASE("a rename and a protection are told as what they are") {
  proto::Plan before = promising({}), after = promising({});
  for (const char *verb : {"rename", "protect", "replace", "some-day"}) {
    proto::Action *action = after.add_actions();
    action->set_verb(verb);
    action->set_object("workload.web/0");
    action->set_node("gw1");
  }
  const plan::Difference difference = plan::difference(before, after);
  std::string text;
  llvm::raw_string_ostream out(text);
  plan::print(out, difference, plan::Sides{"main", "", "topic", "", "", 1}, {});
  out.flush();
  INFO(text);
  CHECK(text.find("@  renamed web/0") != std::string::npos);
  CHECK(text.find("!  protected web/0") != std::string::npos);
  CHECK(text.find("?  changed web/0") != std::string::npos);
  CHECK(text.find("1 restarted, 1 renamed, 1 protected, 1 changed") != std::string::npos);
  CHECK(markdown(difference, plan::Sides{"main", "", "topic", "", "", 1})
            .find("| renamed | `web/0` |") != std::string::npos);
}

TEST_CASE("Markdown keeps below what a comment may hold, and counts what it leaves out") {
  proto::Plan before = promising({}), after = promising({});
  for (int i = 0; i < 50; ++i) {
    proto::Action *action = after.add_actions();
    action->set_verb("create");
    action->set_object(std::string(300, '`'));
    action->set_node(std::string(300, '|'));
    action->set_reason("why");
    proto::Diagnostic *remark = after.add_diagnostics();
    remark->set_id("N0605");
    remark->set_message(std::to_string(i) + std::string(300, '*'));
  }
  const std::string text =
      markdown(plan::difference(before, after), plan::Sides{"main", "", "topic", "", "", 1});
  CHECK(text.size() < 64 * 1024);
  CHECK(text.find("… and ") != std::string::npos);
}

TEST_CASE("nothing in Markdown can break a cell, link or mention") {
  proto::Plan before = promising({}), after = promising({});
  proto::Action *action = after.add_actions();
  action->set_verb("create");
  action->set_object("workload.a|b`c\\");
  action->set_node("n\nm");
  action->set_reason("<b>@all</b> | \\| #7 [x](http://e) see wWw.e.org !7 %3 99% ~x \x1b[31m\xff");
  const std::string text = markdown(plan::difference(before, after),
                                    {"main", "", "x`|<y>", "0123456789abcdef", "a\nb|", 1});
  INFO(text);
  CHECK(text.find("<code>a&#124;b&#96;c&#92;</code>") != std::string::npos);
  CHECK(text.find("`n m`") != std::string::npos);
  CHECK(text.find("\\<b\\>@\u200Ball\\</b\\> \\| \\\\\\| #\u200B7 \\[x\\](http:<!-- -->//e)") !=
        std::string::npos);
  CHECK(text.find("see wWw<!-- -->.e.org \\!\u200B7 %\u200B3 99% \\~\u200Bx") != std::string::npos);
  CHECK(text.find('\x1b') == std::string::npos);
  CHECK(text.find('\xff') == std::string::npos);
  CHECK(text.find("<code>x&#96;&#124;&#60;y&#62;</code>") != std::string::npos);
}
