// What changes, in which order, and what is kept running meanwhile.
#include <algorithm>
#include <functional>
#include <map>
#include <random>
#include <set>

#include <catch2/catch.hpp>

#include "models.h"

using namespace nemo;
using namespace nemo::test;

namespace {

proto::Intent tiers() {
  proto::Intent intent;
  add_workload(intent, "app")->set_replicas_min(2);
  add_workload(intent, "web")->add_after("app");
  return intent;
}

const proto::Instance *instance(const proto::Plan &plan, const std::string &workload,
                                uint32_t replica, bool retiring) {
  for (const proto::Part &part : plan.parts())
    for (const proto::Instance &found : part.instances())
      if (found.workload() == workload && found.replica() == replica &&
          found.retiring() == retiring)
        return &found;
  return nullptr;
}

bool waits(const google::protobuf::RepeatedPtrField<proto::Gate> &gates, proto::Gate::Kind kind,
           const std::string &workload, uint32_t replica, const std::string &revision) {
  for (const proto::Gate &gate : gates)
    if (gate.kind() == kind && gate.workload() == workload && gate.replica() == replica &&
        gate.revision() == revision)
      return true;
  return false;
}

struct Twice {
  Inputs first;
  proto::Plan before;
};

Twice applied_once(proto::Intent intent) {
  Twice result;
  result.first = inputs(std::move(intent), two_sites());
  auto compiled = compiler::compile(result.first);
  INFO(said(compiled));
  REQUIRE(compiled.plan);
  result.before = *compiled.plan;
  return result;
}

proto::Plan then(const Twice &twice, proto::Intent intent) {
  auto compiled = compiler::compile(inputs(std::move(intent), applied(twice.first, twice.before)));
  INFO(said(compiled));
  REQUIRE(compiled.plan);
  return *compiled.plan;
}

} // namespace

TEST_CASE("what runs as wanted is kept") {
  const Twice twice = applied_once(tiers());
  CHECK(action(twice.before, "create web/0")->after_size() == 2);
  const proto::Plan plan = then(twice, tiers());
  for (const proto::Action &found : plan.actions())
    CHECK(found.verb() == "keep");
  CHECK(plan.actions_size() == 3);
}

TEST_CASE("a changed workload is replaced healthy-first, one replica after the other") {
  const Twice twice = applied_once(tiers());
  proto::Intent next = tiers();
  next.mutable_workloads(0)->add_env()->set_name("GREETING");
  const proto::Plan plan = then(twice, next);
  const proto::Action *first = action(plan, "replace app/0"),
                      *second = action(plan, "replace app/1");
  REQUIRE(first);
  REQUIRE(second);
  CHECK(first->handover() == "healthy-first");
  CHECK(first->reason().find("env GREETING") != std::string::npos);
  REQUIRE(second->after_size() == 1);
  CHECK(second->after(0) == "replace app/0");
  // The old one stops only when the new one is healthy, the second starts when the first is.
  const auto *young = instance(plan, "app", 0, false), *old = instance(plan, "app", 0, true);
  REQUIRE(young);
  REQUIRE(old);
  CHECK(waits(old->stop_after(), proto::Gate::HEALTHY, "app", 0, young->revision()));
  CHECK(waits(instance(plan, "app", 1, false)->start_after(), proto::Gate::HEALTHY, "app", 0,
              young->revision()));
  // Its address changes with it, so those who were given it are replaced too, and the old one
  // stays until they are gone.
  const proto::Action *web = action(plan, "replace web/0");
  REQUIRE(web);
  CHECK(web->reason().find("address of app/0") != std::string::npos);
  CHECK(waits(old->stop_after(), proto::Gate::STOPPED, "web", 0,
              instance(plan, "web", 0, true)->revision()));
}

TEST_CASE("a fixed address does not cascade") {
  proto::Intent intent = tiers();
  intent.mutable_workloads(0)->set_replicas_min(1);
  intent.mutable_workloads(0)->mutable_ports(0)->set_number(8080);
  const Twice twice = applied_once(intent);
  intent.mutable_workloads(0)->set_exec(0, "/bin/other");
  const proto::Plan plan = then(twice, intent);
  const proto::Action *app = action(plan, "replace app/0");
  REQUIRE(app);
  CHECK(app->handover() == "stop-first: port 8080 is fixed");
  CHECK(action(plan, "keep web/0"));
  const auto *young = instance(plan, "app", 0, false), *old = instance(plan, "app", 0, true);
  CHECK(waits(young->start_after(), proto::Gate::STOPPED, "app", 0, old->revision()));
  CHECK(old->stop_after().empty());
}

TEST_CASE("a volume has one writer and does not leave its node") {
  proto::Intent intent;
  proto::Mount *mount = add_workload(intent, "store")->add_mounts();
  mount->set_volume("visits");
  mount->set_target("/data");
  const Twice twice = applied_once(intent);
  REQUIRE(node_of(twice.before, "store") == "gw1");
  intent.mutable_workloads(0)->set_exec(0, "/bin/other");
  const proto::Plan plan = then(twice, intent);
  CHECK(action(plan, "replace store/0")->handover() == "stop-first: volume visits has one writer");
  proto::Rule away = rule(proto::Rule::REQUIRE,
                          op(proto::Expr::EQ, ref("node.name"), text("cloud1")), "require cloud1");
  *intent.mutable_workloads(0)->mutable_place()->add_rules() = away;
  auto compiled = compiler::compile(inputs(intent, applied(twice.first, twice.before)));
  CHECK_FALSE(compiled.plan);
  CHECK(said(compiled).find("volume visits stays on the node that it is on") != std::string::npos);
}

TEST_CASE("a replica moves when a rule forces it, healthy-first") {
  const Twice twice = applied_once(tiers());
  proto::Intent next = tiers();
  *next.mutable_workloads(1)->mutable_place()->add_rules() =
      rule(proto::Rule::REQUIRE, op(proto::Expr::EQ, ref("node.class"), word("cloud")),
           "require node.class == cloud");
  const proto::Plan plan = then(twice, next);
  const proto::Action *web = action(plan, "move web/0");
  REQUIRE(web);
  CHECK(web->from_node() == "gw1");
  CHECK(web->node() == "cloud1");
  CHECK(web->handover() == "healthy-first");
  CHECK(action(plan, "keep app/0"));
}

TEST_CASE("fewer replicas, removed workloads and destroyed stacks are deleted, users first") {
  const Twice twice = applied_once(tiers());
  proto::Intent fewer = tiers();
  fewer.mutable_workloads(0)->set_replicas_min(1);
  CHECK(action(then(twice, fewer), "delete app/1"));
  Inputs destroy = inputs(tiers(), applied(twice.first, twice.before));
  destroy.destroy = true;
  auto compiled = compiler::compile(destroy);
  INFO(said(compiled));
  REQUIRE(compiled.plan);
  CHECK(compiled.plan->placements().empty());
  const proto::Action *app = action(*compiled.plan, "delete app/0");
  REQUIRE(app);
  REQUIRE(app->after_size() == 1);
  CHECK(app->after(0) == "delete web/0");
  const auto *old = instance(*compiled.plan, "app", 0, true);
  CHECK(waits(old->stop_after(), proto::Gate::STOPPED, "web", 0,
              instance(*compiled.plan, "web", 0, true)->revision()));
}

TEST_CASE("what another source applied is not touched without being taken over") {
  const Twice twice = applied_once(tiers());
  Inputs other = inputs(tiers(), applied(twice.first, twice.before));
  other.source = "https://example.org/other.git";
  auto compiled = compiler::compile(other);
  CHECK_FALSE(compiled.plan);
  CHECK(has(compiled, "N0750"));
  other.take_over = true;
  CHECK(compiler::compile(other).plan);
}

TEST_CASE("a circle in the start order is named") {
  proto::Intent intent = tiers();
  intent.mutable_workloads(0)->add_after("web");
  auto compiled = compiler::compile(inputs(intent, two_sites()));
  CHECK_FALSE(compiled.plan);
  CHECK(has(compiled, "N0512"));
  CHECK(said(compiled).find("app after web after app") != std::string::npos);
}

TEST_CASE("an unfinished apply is finished: what still retires goes on retiring") {
  const Twice twice = applied_once(tiers());
  proto::Intent next = tiers();
  next.mutable_workloads(0)->add_env()->set_name("A");
  const proto::Plan half = then(twice, next);
  // Delivered, and everything of both revisions runs.
  proto::Fleet fleet = twice.first.fleet;
  for (const proto::Part &part : half.parts()) {
    *fleet.add_parts()->mutable_part() = part;
    for (const proto::Instance &found : part.instances()) {
      proto::Running *running = fleet.add_running();
      running->set_stack("shop");
      running->set_workload(found.workload());
      running->set_replica(found.replica());
      running->set_node(part.node());
      running->set_revision(found.revision());
      running->set_retiring(found.retiring());
      running->set_source(half.source());
    }
  }
  auto compiled = compiler::compile(inputs(next, fleet));
  REQUIRE(compiled.plan);
  REQUIRE(action(*compiled.plan, "replace app/0"));
  const auto *old = instance(*compiled.plan, "app", 0, true);
  REQUIRE(old);
  CHECK(waits(old->stop_after(), proto::Gate::HEALTHY, "app", 0,
              instance(*compiled.plan, "app", 0, false)->revision()));
}

TEST_CASE("waiting never goes in a circle, whatever changes into whatever") {
  std::mt19937 random(7);
  auto random_intent = [&] {
    proto::Intent intent;
    for (int w = 0; w < 4; ++w) {
      if (random() % 5 == 0)
        continue;
      proto::Workload *workload = add_workload(intent, "w" + std::to_string(w));
      workload->set_replicas_min(1 + random() % 2);
      workload->mutable_resources()->set_cpu_millicores(10 + random() % 3);
      if (random() % 3 == 0)
        workload->mutable_ports(0)->set_number(80 + random() % 2);
      for (int before = 0; before < intent.workloads_size() - 1; ++before)
        if (random() % 3 == 0)
          workload->add_after(intent.workloads(before).name());
    }
    return intent;
  };
  proto::Fleet fleet = two_sites();
  for (int n = 0; n < 2; ++n)
    *add_node(fleet, "n" + std::to_string(n), "athens", 4000, 1ull << 32)->mutable_sandboxes() =
        fleet.nodes(0).sandboxes();
  int compared = 0;
  for (int round = 0; round < 400; ++round) {
    Inputs first = inputs(random_intent(), fleet);
    auto before = compiler::compile(first);
    if (!before.plan)
      continue;
    Inputs second = inputs(random_intent(), applied(first, *before.plan));
    second.seed = 1 + random() % 3;
    auto after = compiler::compile(second);
    if (!after.plan)
      continue;
    ++compared;
    INFO("round " << round);
    // Instances as vertices, gates as edges: every gate leads to an instance, and none comes back.
    using Vertex = std::tuple<std::string, std::string, uint32_t, std::string>;
    std::map<Vertex, std::vector<Vertex>> waits_for;
    for (const proto::Part &part : after.plan->parts())
      for (const proto::Instance &found : part.instances()) {
        auto &list = waits_for[{part.node(), found.workload(), found.replica(), found.revision()}];
        for (const auto *gates : {&found.start_after(), &found.stop_after()})
          for (const proto::Gate &gate : *gates)
            list.emplace_back(gate.node(), gate.workload(), gate.replica(), gate.revision());
      }
    std::map<Vertex, int> mark;
    std::function<bool(const Vertex &)> acyclic = [&](const Vertex &at) {
      if (mark[at] != 0)
        return mark[at] == 2;
      mark[at] = 1;
      for (const Vertex &next : waits_for.at(at))
        if (!acyclic(next))
          return false;
      mark[at] = 2;
      return true;
    };
    for (const auto &vertex : waits_for)
      REQUIRE(acyclic(vertex.first));
    // Actions too: done in some order, each after those it names.
    std::set<std::string> done;
    for (bool progress = true; progress;) {
      progress = false;
      for (const proto::Action &found : after.plan->actions())
        if (!done.count(found.id()) &&
            std::all_of(found.after().begin(), found.after().end(),
                        [&](const std::string &id) { return done.count(id) > 0; }))
          progress |= done.insert(found.id()).second;
    }
    REQUIRE(done.size() == static_cast<size_t>(after.plan->actions_size()));
  }
  CHECK(compared > 100);
}
