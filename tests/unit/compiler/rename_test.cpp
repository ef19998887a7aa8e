// `moved`: what runs gets a new name, and nothing else happens to it or to those that use it.
#include <catch2/catch.hpp>

#include "models.h"

using namespace nemo;
using namespace nemo::test;

namespace {

proto::Intent pair(const std::string &used, const std::string &user = "web") {
  proto::Intent intent;
  add_workload(intent, used)->set_exec(0, "/bin/server");
  add_workload(intent, user)->add_after(used);
  return intent;
}

proto::Intent moved(proto::Intent intent, const std::string &from, const std::string &to) {
  proto::Moved *block = intent.add_moved();
  block->set_from("workload." + from);
  block->set_to("workload." + to);
  return intent;
}

/// The fleet once `intent` has been applied to what is there.
proto::Fleet after(const proto::Intent &intent, const proto::Fleet &fleet = two_sites()) {
  const Inputs given = inputs(intent, fleet);
  auto compiled = compiler::compile(given);
  INFO(said(compiled));
  REQUIRE(compiled.plan);
  return applied(given, *compiled.plan);
}

proto::Plan plan(const proto::Intent &intent, const proto::Fleet &fleet) {
  auto compiled = compiler::compile(inputs(intent, fleet));
  INFO(said(compiled));
  REQUIRE(compiled.plan);
  return *compiled.plan;
}

const proto::Instance *instance(const proto::Plan &plan, const std::string &workload,
                                bool retiring = false) {
  for (const proto::Part &part : plan.parts())
    for (const proto::Instance &found : part.instances())
      if (found.workload() == workload && found.retiring() == retiring)
        return &found;
  return nullptr;
}

} // namespace

TEST_CASE("a renamed workload goes on under its revision, and so do those that use it") {
  const proto::Intent second = moved(pair("store"), "db", "store");
  const proto::Fleet first = after(pair("db"));
  const proto::Plan renaming = plan(second, first);
  CHECK(renaming.actions_size() == 2);
  REQUIRE(action(renaming, "rename store/0"));
  REQUIRE(action(renaming, "keep web/0"));
  CHECK(action(renaming, "keep web/0")->after().empty());
  const proto::Instance *store = instance(renaming, "store");
  REQUIRE(store);
  CHECK(store->renamed_from() == "db");
  CHECK_FALSE(instance(renaming, "db", true));
  // The user keeps its revision; from its next start it finds the address by both names.
  const proto::Instance *web = instance(renaming, "web");
  for (const proto::PartState &state : first.parts())
    for (const proto::Instance &before : state.part().instances())
      CHECK(before.revision() ==
            (before.workload() == "web" ? web->revision() : store->revision()));
  REQUIRE(web->spec().peers_size() == 1);
  CHECK(web->spec().peers(0).workload() == "store");
  REQUIRE(web->spec().peers(0).formerly_size() == 1);
  CHECK(web->spec().peers(0).formerly(0) == "db");

  SECTION("once done, the block changes nothing, and taking it out neither") {
    const proto::Fleet running = after(second, first);
    for (const proto::Intent &intent : {second, pair("store")}) {
      const proto::Plan again = plan(intent, running);
      CHECK(action(again, "keep store/0"));
      CHECK(action(again, "keep web/0"));
      CHECK(instance(again, "store")->renamed_from().empty());
    }
    CHECK(instance(plan(pair("store"), running), "web")->spec().peers(0).formerly().empty());
  }
  SECTION("and back") {
    const proto::Fleet running = after(second, first);
    const proto::Plan back = plan(moved(pair("db"), "store", "db"), running);
    CHECK(action(back, "rename db/0"));
    CHECK(action(back, "keep web/0"));
  }
  SECTION("what is new under the old revision gets another one") {
    // web was started for `db` and kept its revision for `store`; a `db` of its own is another one.
    const proto::Fleet running = after(second, first);
    proto::Intent other = pair("db");
    const proto::Plan replaced = plan(other, running);
    REQUIRE(action(replaced, "replace web/0"));
    CHECK(instance(replaced, "web")->revision() != web->revision());
  }
}

TEST_CASE("chains of names lead from the first to the last") {
  const proto::Intent chain = moved(moved(pair("c"), "a", "b"), "b", "c");
  CHECK(instance(plan(chain, after(pair("a"))), "c")->renamed_from() == "a");
  CHECK(instance(plan(chain, after(pair("b"))), "c")->renamed_from() == "b");
  CHECK(action(plan(chain, after(pair("c"))), "keep c/0"));
  CHECK(action(plan(chain, two_sites()), "create c/0"));
}

TEST_CASE("a new name with a new specification is a replacement that keeps who it is") {
  proto::Intent changed = moved(pair("store"), "db", "store");
  changed.mutable_workloads(0)->add_exec("--fast");
  const proto::Plan found = plan(changed, after(pair("db")));
  REQUIRE(action(found, "replace store/0"));
  CHECK(action(found, "replace store/0")->handover() == "healthy-first");
  const proto::Instance *old = instance(found, "store", true);
  REQUIRE(old);
  CHECK(old->renamed_from() == "db");
  CHECK(instance(found, "store")->renamed_from().empty());
  REQUIRE(old->stop_after_size() > 0);
  CHECK(old->stop_after(0).workload() == "store");
}

TEST_CASE("nothing is renamed onto a name that is taken") {
  proto::Intent both = pair("db");
  add_workload(both, "store");
  const proto::Fleet running = after(both);
  auto compiled = compiler::compile(inputs(moved(pair("store"), "db", "store"), running));
  CHECK_FALSE(compiled.plan);
  CHECK(has(compiled, "N0752"));
}

TEST_CASE("what runs protected may be renamed, and stays protected") {
  proto::Intent first = pair("db");
  first.mutable_workloads(0)->set_protect(true);
  const proto::Plan found = plan(moved(pair("store"), "db", "store"), after(first));
  CHECK(action(found, "rename store/0"));
  CHECK(instance(found, "store")->protect());
}

TEST_CASE("a chain of names is followed to its end, from wherever one stands on it") {
  const proto::Fleet first = after(pair("n0"));
  proto::Intent intent = pair("n60");
  for (int i = 59; i >= 0; --i)
    intent = moved(intent, "n" + std::to_string(i), "n" + std::to_string(i + 1));
  const proto::Plan renamed = plan(intent, first);
  REQUIRE(action(renamed, "rename n60/0"));
  REQUIRE(instance(renamed, "web"));
  CHECK(instance(renamed, "web")->spec().peers(0).formerly_size() == 60);
}

TEST_CASE("thousands of new names at once are planned") {
  constexpr int many = 1500;
  proto::Fleet fleet;
  add_node(fleet, "big", "here", 64000000, 1ull << 50);
  proto::Intent before, now;
  for (int i = 0; i < many; ++i) {
    const std::string old = "old" + std::to_string(i), name = "new" + std::to_string(i);
    add_workload(before, old)->set_exec(0, "/bin/server");
    add_workload(now, name)->set_exec(0, "/bin/server");
    if (i > 0) {
      before.mutable_workloads(i)->add_after("old" + std::to_string(i - 1));
      now.mutable_workloads(i)->add_after("new" + std::to_string(i - 1));
    }
    now = moved(std::move(now), old, name);
  }
  const proto::Plan renaming = plan(now, after(before, fleet));
  CHECK(action(renaming, "rename new0/0"));
  CHECK(renaming.actions_size() == many);
}
