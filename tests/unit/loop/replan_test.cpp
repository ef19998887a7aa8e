#include <catch2/catch.hpp>

#include <algorithm>

#include "compiler/plan/diff/diff.h"
#include "compiler/verify/verify.h"
#include "intent/fleet/fleet_file.h"
#include "orchestrator/loop/replan.h"
#include "orchestrator/make_plan.h"
#include "orchestrator/silent.h"

namespace nemo::loop {

namespace {

constexpr const char *shop = R"(nemo = 1
stack = "shop"
workload web {
  replicas = 2
  exec = ["/bin/sleep", "1000"]
  resources { cpu = 1core; memory = 100MiB }
}
)";

std::string fleet_text(const std::vector<std::string> &nodes) {
  std::string text = "fleet: 1\nat: 2026-11-24T08:00:00Z\nsites:\n  s: {country: GR, price: "
                     "0.20EUR/kWh}\nnodes:\n";
  int price = 1;
  for (const std::string &node : nodes)
    text += "  - {name: " + node +
            ", site: s, class: edge, arch: x86_64, resources: {cpu: 2core, memory: 4GiB}, power: "
            "{idle: 3W, max: 12W}, price: 0.0" +
            std::to_string(price++) + "EUR/h, sandboxes: [process]}\n";
  return text;
}

struct World {
  explicit World(const std::string &intent = shop,
                 const std::vector<std::string> &nodes = {"a", "b", "c"}) {
    want(intent);
    const fleet::FleetFile file = fleet::parse_fleet("fleet.yaml", fleet_text(nodes));
    REQUIRE_FALSE(has_errors(file.diagnostics));
    fleet = file.fleet;
    backends::Choice choice;
    choice.name = "null";
    choice.fleet = fleet;
    auto seen = orchestrator::look(choice);
    REQUIRE(bool(seen));
    backend = seen->capabilities;
  }

  void want(const std::string &text) {
    proto::SourceFile file;
    file.set_path("shop.nemo");
    file.set_text(text);
    checked = check::check_texts({file}, {});
    REQUIRE_FALSE(has_errors(checked.diagnostics));
  }

  Step step(const Policy &policy = {}, const proto::Plan *before = nullptr) const {
    return replan({checked, "shop.nemo", "git.example/shop", std::nullopt, fleet, backend, lost,
                   approved, 1, 200, waiting},
                  policy, before);
  }

  /// As if agents had taken what the plan gives them, and made it true.
  void carry_out(const proto::Plan &plan) { fleet = plan::carried_out(fleet, plan); }

  std::vector<std::string> where() const {
    std::vector<std::string> nodes;
    for (const proto::Running &one : fleet.running())
      nodes.push_back(one.node());
    std::sort(nodes.begin(), nodes.end());
    return nodes;
  }

  check::Checked checked;
  proto::Fleet fleet;
  proto::BackendCapabilities backend;
  std::vector<LostNode> lost;
  std::set<std::string> approved;
  std::optional<Waiting> waiting;
};

Policy manual() {
  Policy policy;
  policy.manual = true;
  return policy;
}

} // namespace

TEST_CASE("what is wanted and not there is delivered, and then there is nothing to do") {
  World world;
  const Step first = world.step();
  REQUIRE(first.next == Step::Next::deliver);
  CHECK(first.actions.size() == 2);
  CHECK(verify::verify(*first.plan).empty());
  world.carry_out(*first.plan);
  CHECK(world.step({}, &*first.plan).next == Step::Next::nothing);
  CHECK(world.step().next == Step::Next::nothing); // whoever leads next finds the same
  CHECK(left_to_do(*first.plan, world.fleet).empty());
}

TEST_CASE("a dead node's replicas go elsewhere, and nothing else moves") {
  World world;
  const Step first = world.step();
  world.carry_out(*first.plan);
  const std::string dead = world.where().front();
  world.lost = {{dead, "no heartbeat for 0.93 s"}};
  const Step second = world.step({}, &*first.plan);
  REQUIRE(second.next == Step::Next::deliver);
  CHECK(second.because ==
        std::vector<std::string>{"node " + dead + " is lost: no heartbeat for 0.93 s"});
  for (const proto::Part &part : second.plan->parts())
    CHECK(part.node() != dead);
  for (const proto::Placement &placement : second.plan->placements())
    CHECK(placement.node() != dead);
  const auto on_dead = std::count_if(world.fleet.running().begin(), world.fleet.running().end(),
                                     [&](const auto &one) { return one.node() == dead; });
  CHECK(static_cast<std::ptrdiff_t>(second.actions.size()) == on_dead);
  for (const proto::Action &action : second.actions)
    CHECK(action.from_node() == dead);
}

TEST_CASE("what goes on where it is cut off is not started elsewhere, and what stops there is") {
  World world(R"(nemo = 1
stack = "shop"
workload camera {
  exec = ["/bin/sleep", "1000"]
  partition = run
  place { require node.name == "a" or node.name == "b" }
}
workload ledger { exec = ["/bin/sleep", "1000"]; partition = stop }
)");
  const Step first = world.step();
  REQUIRE(first.plan);
  world.carry_out(*first.plan);
  CHECK(world.where() == std::vector<std::string>{"a", "a"});
  world.lost = {{"a", "no heartbeat for 0.93 s", false}};
  const Step step = world.step();
  REQUIRE(step.plan);
  REQUIRE(step.plan->placements_size() == 1);
  CHECK(step.plan->placements(0).workload() == "ledger");
  CHECK(step.plan->placements(0).node() == "b");
  // The same three grant it, and the token is a higher one.
  auto lease_in = [](const proto::Plan &plan, const std::string &node) {
    for (const proto::Part &part : plan.parts())
      for (const proto::Instance &instance : part.instances())
        if (part.node() == node && instance.workload() == "ledger" && instance.has_lease())
          return instance.lease();
    return proto::Lease();
  };
  const proto::Lease before = lease_in(*first.plan, "a"), after = lease_in(*step.plan, "b");
  CHECK(before.granters_size() == 3);
  CHECK(after.token() > before.token());
  CHECK(std::equal(before.granters().begin(), before.granters().end(), after.granters().begin(),
                   after.granters().end()));
}

TEST_CASE("what must not run twice and has no lease is not started elsewhere") {
  World world(R"(nemo = 1
stack = "shop"
workload ledger { exec = ["/bin/sleep", "1000"]; partition = stop }
)");
  REQUIRE(world.fleet.nodes_size() == 3);
  const proto::Node third = world.fleet.nodes(2);
  world.fleet.mutable_nodes()->RemoveLast();
  auto leases_in = [](const proto::Plan &plan) {
    int count = 0;
    for (const proto::Part &part : plan.parts())
      for (const proto::Instance &instance : part.instances())
        count += instance.has_lease() ? 1 : 0;
    return count;
  };
  const Step first = world.step();
  REQUIRE(first.plan);
  CHECK(leases_in(*first.plan) == 0);
  world.carry_out(*first.plan);
  const std::string there = world.where().front();
  // Three nodes by now, one of which is cut off: it may well run there.
  *world.fleet.add_nodes() = third;
  world.lost = {{there, "no heartbeat for 0.93 s", false}};
  const Step cut = world.step({}, &*first.plan);
  REQUIRE(cut.plan);
  CHECK(cut.plan->placements().empty());
  CHECK(cut.actions.empty());
  // Three that can be told: it gets a lease, and from then on it can go elsewhere.
  world.lost.clear();
  const Step again = world.step({}, &*first.plan);
  REQUIRE(again.next == Step::Next::deliver);
  CHECK(leases_in(*again.plan) == 1);
  world.carry_out(*again.plan);
  world.lost = {{there, "no heartbeat for 0.93 s", false}};
  const Step moved = world.step({}, &*again.plan);
  REQUIRE(moved.next == Step::Next::deliver);
  CHECK(moved.plan->placements(0).node() != there);
}

TEST_CASE("what a node that is back still runs is ended once it runs elsewhere, and no earlier") {
  World world;
  const Step first = world.step();
  world.carry_out(*first.plan);
  const std::string dead = world.where().front();
  world.lost = {{dead, "silent", true}};
  const Step second = world.step(manual(), &*first.plan);
  REQUIRE(second.next == Step::Next::ask);
  const proto::Fleet before = world.fleet;
  world.carry_out(*second.plan);
  for (const proto::PartState &state : before.parts())
    if (state.part().node() == dead)
      *world.fleet.add_parts() = state;
  const Step third = world.step(manual(), &*second.plan);
  REQUIRE(third.next == Step::Next::clear);
  REQUIRE(third.plan->parts_size() == 1);
  CHECK(third.plan->parts(0).node() == dead);
  CHECK(third.plan->parts(0).instances().empty());
  world.lost[0].heard = false; // it cannot be told
  CHECK(world.step(manual(), &*second.plan).next == Step::Next::nothing);
  world.lost[0].heard = true;
  for (proto::PartState &state : *world.fleet.mutable_parts())
    for (proto::Instance &instance : *state.mutable_part()->mutable_instances())
      instance.set_protect(state.part().node() == dead);
  CHECK(world.step(manual(), &*second.plan).next == Step::Next::nothing);
}

TEST_CASE("what a person looks at is what is approved") {
  World world;
  const Step first = world.step(manual());
  REQUIRE(first.next == Step::Next::ask);
  CHECK_FALSE(first.objections.empty());
  world.fleet.set_at("2026-11-24T08:00:30Z"); // time goes on, prices change
  world.fleet.mutable_nodes(0)->set_price_neur_per_hour(7);
  const Step again = world.step(manual(), &*first.plan);
  REQUIRE(again.plan);
  CHECK(again.plan->digest() == first.plan->digest());
  world.approved.insert(first.plan->digest());
  CHECK(world.step(manual(), &*first.plan).next == Step::Next::deliver);
  // Of another intent, or with a node less, it is another plan, and nobody has seen that.
  World other(std::string(shop) + "workload db { exec = [\"/bin/sleep\", \"9\"]; resources { cpu "
                                  "= 1core; memory = 10MiB } }\n");
  other.approved = world.approved;
  CHECK(other.step(manual(), &*first.plan).next == Step::Next::ask);
  world.lost = {{first.plan->placements(0).node(), "silent"}};
  const Step lost = world.step(manual(), &*first.plan);
  CHECK(lost.next == Step::Next::ask);
  CHECK(lost.plan->digest() != first.plan->digest());
}

TEST_CASE("who leads next goes on with the plan that waits, as long as it is the same") {
  World world;
  const Step first = world.step(manual());
  REQUIRE(first.next == Step::Next::ask);
  const std::string &digest = first.plan->digest();
  world.fleet.set_at("2026-11-24T08:10:00Z");
  const Step own = world.step(manual());
  CHECK(own.plan->digest() != digest); // it is for another time
  world.waiting = Waiting{digest, first.plan->facts().at()};

  SECTION("and asks for it, or carries it out where it is approved") {
    const Step next = world.step(manual());
    CHECK(next.next == Step::Next::ask);
    CHECK(next.plan->digest() == digest);
    CHECK_FALSE(next.objections.empty());
    CHECK(next.actions.size() == first.actions.size());
    world.approved.insert(digest);
    const Step approved = world.step(manual());
    CHECK(approved.next == Step::Next::deliver);
    CHECK(approved.plan->digest() == digest);
  }
  SECTION("but what nobody has to be asked for is of now") {
    CHECK(world.step().plan->digest() == own.plan->digest());
  }
  SECTION("but not where it has a plan already") {
    CHECK(world.step(manual(), &*own.plan).plan->digest() == own.plan->digest());
  }
  SECTION("but not where things have moved, whatever was approved") {
    world.approved.insert(digest);
    world.lost = {{first.plan->placements(0).node(), "silent"}};
    const Step lost = world.step(manual());
    CHECK(lost.next == Step::Next::ask);
    CHECK(lost.plan->digest() != digest);
    world.lost.clear();
    world.fleet.mutable_nodes(0)->set_price_neur_per_hour(7);
    CHECK(world.step(manual()).next == Step::Next::ask);
  }
  SECTION("but not when it is of no time that can be, or of another plan") {
    world.approved.insert(digest);
    for (const char *at : {"", "soon", "2026-11-24T08:30:00Z", "2026-11-22T08:00:00Z"}) {
      world.waiting->at = at;
      CHECK(world.step(manual()).plan->digest() == own.plan->digest());
    }
    world.waiting = Waiting{std::string(64, 'a'), first.plan->facts().at()};
    const Step other = world.step(manual());
    CHECK(other.next == Step::Next::ask);
    CHECK(other.plan->digest() == own.plan->digest());
  }
}

TEST_CASE("a limit counts what a death costs, too") {
  World world;
  const Step first = world.step();
  world.carry_out(*first.plan);
  world.lost = {{world.where().front(), "silent"}};
  Policy none;
  none.moves = 0;
  const Step asked = world.step(none, &*first.plan);
  REQUIRE(asked.next == Step::Next::ask);
  CHECK_THAT(asked.objections.front(), Catch::Contains("and 0 may be"));
  none.moves = 2;
  CHECK(world.step(none, &*first.plan).next == Step::Next::deliver);
  Policy cheap;
  cheap.ueur_per_hour = 0; // c is dearer than a or b
  const Step dear = world.step(cheap, &*first.plan);
  REQUIRE(dear.next == Step::Next::ask);
  CAPTURE(dear.objections.front());
  CHECK_THAT(dear.objections.front(), Catch::Contains("to the cost"));
}

TEST_CASE("part of a plan that was delivered is not done again") {
  std::string three = shop;
  three.replace(three.find("= 2\n"), 3, "= 3");
  World world(three, {"a", "b"});
  const Step first = world.step();
  REQUIRE(first.plan->parts_size() == 2);
  proto::Plan half = *first.plan;
  half.mutable_parts()->RemoveLast();
  world.carry_out(half);
  const std::string done = half.parts(0).node();
  const Step again = world.step({}, &*first.plan);
  REQUIRE(again.next == Step::Next::deliver);
  CHECK(again.plan->digest() == first.plan->digest());
  CHECK(first.actions.size() == 3);
  REQUIRE_FALSE(again.actions.empty());
  CHECK(again.actions.size() == 3 - static_cast<size_t>(half.parts(0).instances_size()));
  for (const proto::Action &action : again.actions)
    CHECK(action.node() != done);
}

TEST_CASE("without room there is no plan, and the reason is given") {
  World world(shop, {"a"});
  world.lost = {{"a", "silent"}};
  const Step step = world.step();
  CHECK(step.next == Step::Next::stuck);
  CHECK_FALSE(step.plan);
  CHECK(has_errors(step.diagnostics));
}

TEST_CASE("a node that is silent and was cordoned meanwhile is given nothing") {
  std::string small = shop;
  small.replace(small.find("1core"), 5, "0.4core");
  World world(small);
  const Step first = world.step();
  world.carry_out(*first.plan);
  REQUIRE(world.where() == std::vector<std::string>{"a", "a"}); // the cheapest
  const proto::Fleet before = world.fleet;
  small.replace(small.find("replicas = 2"), 12, "replicas = 4");
  world.want(small);
  const auto on_a = [&](const std::map<std::string, proto::Cordon> &closed) {
    world.fleet = before;
    world.fleet.mutable_nodes()->DeleteSubrange(0, 1);
    world.fleet.clear_running();
    world.fleet.clear_parts();
    orchestrator::keep_silent(world.fleet, before, closed);
    const Step step = world.step({}, &*first.plan);
    REQUIRE(step.next == Step::Next::deliver);
    CHECK(verify::verify(*step.plan).empty());
    return std::count_if(step.plan->placements().begin(), step.plan->placements().end(),
                         [](const auto &one) { return one.node() == "a"; });
  };
  CHECK(on_a({}) == 4);
  std::map<std::string, proto::Cordon> closed;
  closed["a"].set_reason("its disk fails");
  CHECK(on_a(closed) == 2);
  closed["a"].set_drained(true);
  CHECK(on_a(closed) == 0);
}

} // namespace nemo::loop
