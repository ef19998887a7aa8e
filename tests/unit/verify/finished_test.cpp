// Jobs that have ended well give back what they took, cost nothing more, and are not started again;
// and a plan is only good as long as they stay ended.
#include <random>
#include <stdexcept>

#include <catch2/catch.hpp>
#include <fmt/format.h>

#include "compiler/plan/binding.h"
#include "compiler/resolve/facts.h"
#include "compiler/verify/verify.h"
#include "scenario.h"

using namespace nemo;
using namespace nemo::test;

namespace {

const char *one_node = R"(fleet: 1
at: 2026-11-24T08:00:00Z
sites:
  s: {price: 0.10EUR/kWh}
nodes:
  - {name: n, site: s, resources: {cpu: 4core, memory: 4GiB}, power: {idle: 3W, max: 12W}, price: 0.01EUR/h}
)";

std::string batch(const std::string &name, const std::string &more = "",
                  const std::string &command = "/bin/run") {
  return fmt::format("workload {} {{\n  exec = [\"{}\"]\n  resources {{ cpu = 2core; memory = 1GiB "
                     "}}\n  job {{ duration = 1h; deadline = 8h }}\n  {}\n}}\n",
                     name, command, more);
}

std::string service(const std::string &name, int cores, const std::string &more = "") {
  return fmt::format("workload {} {{\n  exec = [\"/bin/serve\"]\n  resources {{ cpu = {}core; "
                     "memory = 1GiB }}\n  {}\n}}\n",
                     name, cores, more);
}

proto::Intent written(const std::string &blocks, const std::string &stack = "default") {
  return intent_of(fmt::format("nemo = 1\nstack = \"{}\"\n", stack) + blocks);
}

void finish(proto::Fleet &fleet, const std::string &workload, uint32_t replica, int code = 0) {
  for (proto::Running &running : *fleet.mutable_running())
    if (running.workload() == workload && running.replica() == replica) {
      running.set_state(proto::Running::EXITED);
      running.set_exit_code(code);
    }
}

proto::Plan sound(const proto::Intent &intent, const proto::Fleet &fleet) {
  proto::Plan plan = plan_of(intent, fleet);
  const std::vector<Diagnostic> faults = verify::verify(plan);
  INFO(said(faults));
  CHECK(faults.empty());
  return plan;
}

/// None where none is made.
std::vector<proto::Plan> compile_of(const proto::Intent &intent, const proto::Fleet &fleet) {
  try {
    return {plan_of(intent, fleet)};
  } catch (const std::runtime_error &) {
    return {};
  }
}

std::string verb(const proto::Plan &plan, const std::string &object) {
  for (const proto::Action &action : plan.actions())
    if (action.object() == "workload." + object)
      return action.verb();
  return "";
}

} // namespace

TEST_CASE("what a finished job took is for others, and without it nothing fits") {
  const proto::Fleet fleet = fleet_of(one_node);
  const proto::Plan first = sound(written(batch("nightly")), fleet);
  proto::Fleet then = applied(first, fleet);
  const proto::Intent more = written(batch("nightly") + service("web", 4));
  finish(then, "nightly", 0, 1); // badly: it may be looked at, and holds what it has
  CHECK(compile_of(more, then).empty());
  finish(then, "nightly", 0);
  const proto::Plan plan = sound(more, then);
  REQUIRE(plan.placements_size() == 1);
  CHECK(plan.placements(0).workload() == "web");
  CHECK(verb(plan, "nightly/0") == "keep");
  CHECK(plan.before().ueur_per_hour() == 0);
  REQUIRE(plan.parts_size() == 1);
  CHECK(plan.parts(0).instances_size() == 2);
  // Without the fact the plan is another's; and what is over is in its node's part, or runs again.
  proto::Plan wrong = plan;
  wrong.mutable_facts()->mutable_running(0)->clear_state();
  CHECK_FALSE(verify::verify(sealed(wrong)).empty());
  wrong = plan;
  wrong.mutable_parts(0)->mutable_instances()->DeleteSubrange(0, 1);
  CHECK_FALSE(verify::verify(sealed(wrong)).empty());
  wrong = plan;
  wrong.mutable_actions()->RemoveLast();
  CHECK_FALSE(verify::verify(sealed(wrong)).empty());
}

TEST_CASE("a finished job runs again for another block only, and counts its deadline anew") {
  const proto::Fleet fleet = fleet_of(one_node);
  proto::Fleet then = applied(sound(written(batch("nightly")), fleet), fleet);
  finish(then, "nightly", 0);
  then.set_at("2026-11-25T08:00:00Z"); // long after its deadline
  CHECK(sound(written(batch("nightly")), then).placements().empty());
  CHECK(sound(written(batch("nightly", "protect = true")), then).parts(0).instances(0).protect());
  const proto::Plan again = sound(written(batch("nightly", "", "/bin/other")), then);
  REQUIRE(again.placements_size() == 1);
  CHECK(verb(again, "nightly/0") == "replace");
  for (const proto::Instance &instance : again.parts(0).instances())
    if (!instance.retiring())
      CHECK(instance.planned_at() == "2026-11-25T08:00:00Z");
  const proto::Plan renamed = sound(
      written(batch("backup") + "moved { from = workload.nightly; to = workload.backup }\n"), then);
  CHECK(renamed.placements().empty());
  CHECK(verb(renamed, "backup/0") == "rename");
  CHECK(renamed.parts(0).instances(0).renamed_from() == "nightly");
  CHECK(verb(sound(written(service("web", 1)), then), "nightly/0") == "delete");
}

TEST_CASE("a plan is stale when what it took for finished runs, or it moves what has finished") {
  const proto::Fleet fleet = fleet_of(one_node);
  const proto::Intent intent = written(batch("nightly"));
  const auto moved = [](const proto::Plan &plan, const proto::Fleet &now) {
    return plan::what_moved(plan, compiler::facts_read(plan.intent(), now));
  };
  const proto::Plan first = sound(intent, fleet);
  const proto::Fleet runs = applied(first, fleet);
  proto::Fleet over = runs;
  finish(over, "nightly", 0);
  CHECK(moved(first, over).empty()); // the plan's own doing
  CHECK(moved(sound(intent, runs), over).empty());
  const proto::Plan after = sound(written(batch("nightly") + service("web", 4)), over);
  CHECK(moved(after, over).empty());
  CHECK(moved(after, runs) ==
        std::vector<std::string>{"nightly/0 on n had finished, and runs again"});
  const proto::Plan replaced = sound(written(batch("nightly", "", "/bin/other")), runs);
  CHECK(moved(replaced, over) == std::vector<std::string>{"nightly/0 on n has finished"});
}

TEST_CASE("another stack's finished job takes nothing") {
  const proto::Fleet fleet = fleet_of(one_node);
  proto::Fleet then = applied(sound(written(batch("nightly"), "other"), fleet), fleet);
  const proto::Intent web = written(service("web", 4));
  CHECK(compile_of(web, then).empty());
  finish(then, "nightly", 0);
  const proto::Plan plan = sound(web, then);
  CHECK(plan.placements_size() == 1);
  CHECK(plan::what_moved(plan, compiler::facts_read(plan.intent(), then)).empty());
}

TEST_CASE("plans of stacks in which some jobs have finished hold") {
  std::mt19937 random(11);
  const auto below = [&](uint32_t limit) { return random() % limit; };
  int finished = 0, waited = 0;
  for (int round = 0; round < 120; ++round) {
    std::string nodes = "fleet: 1\nat: 2026-11-24T08:00:00Z\nsites:\n  s: {price: 0.10EUR/kWh}\n"
                        "nodes:\n";
    const uint32_t count = 1 + below(4);
    for (uint32_t n = 0; n < count; ++n)
      nodes += fmt::format("  - {{name: n{}, site: s, resources: {{cpu: {}core, memory: 8GiB}}, "
                           "power: {{idle: 3W, max: 12W}}, price: 0.0{}EUR/h}}\n",
                           n, 4 + below(5), 1 + below(9));
    const proto::Fleet fleet = fleet_of(nodes);
    std::string blocks;
    for (uint32_t j = 0; j < 1 + below(3); ++j) {
      std::string more = fmt::format("replicas = {}\n", 1 + below(3));
      if (below(3) == 0)
        more += "place { spread = node }\n";
      if (below(3) == 0)
        more += fmt::format("priority = {}\n", below(3));
      if (below(4) == 0)
        more += "gang = true\n";
      blocks += batch(fmt::format("job{}", j), more);
    }
    const auto compiled = compile_of(written(blocks), fleet);
    if (compiled.empty())
      continue;
    proto::Fleet then = applied(compiled.front(), fleet);
    for (proto::Running &running : *then.mutable_running())
      if (below(2) == 0) {
        running.set_state(proto::Running::EXITED);
        ++finished;
      }
    for (uint32_t s = 0; s < below(4); ++s)
      blocks += service(fmt::format("web{}", s), 1 + static_cast<int>(below(4)),
                        below(2) == 0 ? fmt::format("priority = {}", below(3)) : "");
    if (below(3) == 0)
      blocks += service("late", 1, "after = [job0]");
    for (const proto::Plan &plan : compile_of(written(blocks), then)) {
      const std::vector<Diagnostic> faults = verify::verify(plan);
      INFO(blocks << nodes << said(faults));
      CHECK(faults.empty());
      waited += plan.waiting_size();
      for (const proto::Running &running : then.running())
        for (const proto::Placement &placement : plan.placements())
          CHECK_FALSE((running.state() == proto::Running::EXITED &&
                       running.workload() == placement.workload() &&
                       running.replica() == placement.replica()));
    }
  }
  CHECK(finished > 50);
  CHECK(waited > 0);
}
