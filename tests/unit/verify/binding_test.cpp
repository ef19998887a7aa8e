// A plan and the fleet of now: what counts as moved, and what does not.
#include <catch2/catch.hpp>

#include "compiler/plan/binding.h"
#include "scenario.h"

using namespace nemo;
using namespace nemo::test;

namespace {

struct Scene {
  proto::Fleet fleet = fleet_of(three_nodes());
  proto::Plan first = plan_of(intent_of(shop(), {pages("v1")}), fleet);
  proto::Fleet running = applied(first, fleet);
  proto::Plan update = plan_of(intent_of(shop_changed(), {pages("v2")}), running);

  std::vector<std::string> moved(const proto::Fleet &now) const {
    return plan::what_moved(update, now);
  }
};

proto::Node &node(proto::Fleet &fleet, const std::string &name) {
  for (proto::Node &item : *fleet.mutable_nodes())
    if (item.name() == name)
      return item;
  throw std::out_of_range(name);
}

using Moves = std::vector<std::string>;

} // namespace

TEST_CASE("the fleet that a plan was made for has not moved") {
  Scene scene;
  CHECK(scene.moved(scene.running) == Moves{});
  CHECK(plan::what_moved(scene.first, scene.fleet) == Moves{});
}

TEST_CASE("load, prices and other measurements do not move a fleet") {
  Scene scene;
  proto::Fleet now = scene.running;
  const std::string digest = plan::fleet_digest(scene.update.facts());
  now.set_at("2026-11-24T09:00:00Z");
  node(now, "gw1").set_price_neur_per_hour(1);
  node(now, "gw1").set_temperature_mdegc(90000);
  now.mutable_sites(0)->set_price_neur_per_kwh(1);
  now.mutable_sites(0)->set_carbon_mg_per_kwh(1);
  for (proto::Running &running : *now.mutable_running()) {
    running.set_state(proto::Running::BACKOFF);
    running.set_restarts(9);
    running.set_pid(1);
  }
  CHECK(scene.moved(now) == Moves{});
  proto::Fleet facts = scene.update.facts();
  facts.mutable_sites(0)->set_price_neur_per_kwh(1);
  CHECK(plan::fleet_digest(facts) == digest);
  CHECK(plan::facts_digest(facts) != plan::facts_digest(scene.update.facts()));
}

TEST_CASE("the order in which a fleet is reported does not matter") {
  Scene scene;
  proto::Fleet facts = scene.update.facts();
  facts.mutable_nodes()->SwapElements(0, 1);
  facts.mutable_running()->SwapElements(0, 2);
  CHECK(plan::fleet_digest(facts) == plan::fleet_digest(scene.update.facts()));
}

TEST_CASE("every state that the plan's own actions lead to is accepted") {
  Scene scene;
  proto::Fleet now = scene.running;
  // One instance after the other is replaced by what the plan wants in its place.
  const proto::Fleet end = applied(scene.update, scene.running, 2);
  for (const proto::Running &wanted : end.running()) {
    *now.add_running() = wanted;
    CHECK(scene.moved(now) == Moves{});
  }
  CHECK(scene.moved(end) == Moves{});
}

TEST_CASE("what moved is named") {
  Scene scene;
  proto::Fleet now = scene.running;
  SECTION("resources") {
    node(now, "gw1").set_memory_bytes(2ull << 30);
    CHECK(scene.moved(now) == Moves{"node gw1: memory 4GiB → 2GiB"});
  }
  SECTION("an unknown fact") {
    node(now, "gw1").clear_trust();
    CHECK(scene.moved(now) == Moves{"node gw1: trust 2 → unknown"});
  }
  SECTION("a fact that was not known then") {
    node(now, "cloud1").set_tpm(true);
    CHECK(scene.moved(now) == Moves{});
  }
  SECTION("a sandbox") {
    node(now, "cloud1").mutable_sandboxes()->RemoveLast();
    CHECK(scene.moved(now) == Moves{"node cloud1 no longer offers the sandbox microvm"});
  }
  SECTION("a site's country") {
    now.mutable_sites(0)->set_country("DE");
    CHECK(scene.moved(now) == Moves{"site athens: country GR → DE"});
  }
  SECTION("a node") {
    for (int i = now.nodes_size(); i-- > 0;)
      if (now.nodes(i).name() == "cloud1")
        now.mutable_nodes()->DeleteSubrange(i, 1);
    CHECK(scene.moved(now) == Moves{"node cloud1 is gone"});
  }
  SECTION("a replica that nobody planned") {
    proto::Running &extra = *now.add_running();
    extra = now.running(0);
    extra.set_replica(77);
    CHECK(scene.moved(now) == Moves{extra.workload() + "/77 runs on " + extra.node() + " now"});
  }
  SECTION("another revision") {
    proto::Running &other = *now.mutable_running(0);
    other.set_revision("feedfeedfeedfeed");
    const Moves moved = scene.moved(now);
    REQUIRE(!moved.empty());
    CHECK(moved[0] == other.workload() + "/" + std::to_string(other.replica()) + " on " +
                          other.node() + " runs another revision now: feedfeedfeedfeed");
  }
  SECTION("what the plan keeps") {
    std::string kept;
    for (const proto::Action &action : scene.update.actions())
      if (action.verb() == "keep")
        kept = action.object().substr(9);
    REQUIRE(!kept.empty());
    std::string on;
    for (int i = now.running_size(); i-- > 0;)
      if (now.running(i).workload() + "/" + std::to_string(now.running(i).replica()) == kept) {
        on = now.running(i).node();
        now.mutable_running()->DeleteSubrange(i, 1);
      }
    CHECK(scene.moved(now) == Moves{kept + " no longer runs on " + on});
  }
  SECTION("room that another stack took") {
    proto::PartState &other = *now.add_parts();
    other.mutable_part()->set_stack("other");
    other.mutable_part()->set_node("gw1");
    proto::Spec &spec = *other.mutable_part()->add_instances()->mutable_spec();
    spec.mutable_resources()->set_cpu_millicores(1500);
    spec.add_ports()->set_number(9000);
    CHECK(scene.moved(now) == Moves{"node gw1: other stacks take 0core → 1.5core of cpu",
                                    "node gw1: another stack holds port 9000 now"});
    CHECK(plan::what_moved(plan_of(intent_of(shop(), {pages("v1")}), now), scene.running) ==
          Moves{});
  }
  SECTION("somebody else's delivery") {
    proto::PartState &part = *now.mutable_parts(0);
    part.set_generation(5);
    part.mutable_part()->set_plan_digest("another plan");
    CHECK(scene.moved(now) == Moves{"stack shop on " + part.part().node() +
                                    " was delivered by bob@host, pid 411 since: generation 1 → 5"});
    part.mutable_part()->set_plan_digest(scene.update.digest());
    CHECK(scene.moved(now) == Moves{});
  }
}
