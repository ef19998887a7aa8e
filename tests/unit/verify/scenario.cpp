#include "scenario.h"

#include "scenario_texts.h"

#include <stdexcept>

#include "compiler/plan/binding.h"
#include "intent/check/check.h"
#include "intent/fleet/fleet_file.h"
#include "protocol/artifact/artifact.h"

namespace nemo::test {

std::string said(const std::vector<Diagnostic> &diagnostics) {
  std::string text;
  for (const Diagnostic &item : diagnostics) {
    text += item.id + ": " + item.message + "\n";
    for (const Note &note : item.notes)
      text += "    " + note.text + "\n";
  }
  return text;
}

proto::Intent intent_of(const std::string &text, const std::vector<proto::Artifact> &artifacts) {
  proto::SourceFile file;
  file.set_path("shop.nemo");
  file.set_text(text);
  check::Checked checked = check::check_texts({file}, artifacts);
  if (has_errors(checked.diagnostics))
    throw std::runtime_error(said(checked.diagnostics));
  return checked.intent;
}

proto::Fleet fleet_of(const std::string &yaml) {
  fleet::FleetFile file = fleet::parse_fleet("fleet.yaml", yaml);
  if (has_errors(file.diagnostics))
    throw std::runtime_error(said(file.diagnostics));
  return file.fleet;
}

proto::Plan plan_of(const proto::Intent &intent, const proto::Fleet &fleet, bool destroy,
                    const std::vector<std::string> &targets,
                    const std::vector<std::string> &excludes,
                    const std::vector<proto::AskedMove> &asked) {
  compiler::Inputs inputs;
  inputs.intent = intent;
  inputs.fleet = fleet;
  inputs.source = "https://example.org/shop.git";
  inputs.commit = "0123456789abcdef0123456789abcdef01234567";
  inputs.intent_path = "shop";
  inputs.destroy = destroy;
  inputs.targets = targets;
  inputs.excludes = excludes;
  inputs.asked = asked;
  compiler::Compiled compiled = compiler::compile(inputs);
  if (!compiled.plan)
    throw std::runtime_error(said(compiled.diagnostics));
  return *compiled.plan;
}

proto::Fleet applied(const proto::Plan &plan, proto::Fleet fleet, uint64_t generation) {
  auto own = [&](const auto &item) { return item.stack() == plan.stack(); };
  proto::Fleet kept = fleet;
  kept.clear_running();
  kept.clear_parts();
  for (const proto::Running &running : fleet.running())
    if (!own(running))
      *kept.add_running() = running;
  for (const proto::PartState &state : fleet.parts())
    if (!own(state.part()))
      *kept.add_parts() = state;
  for (const proto::Part &part : plan.parts()) {
    proto::PartState &state = *kept.add_parts();
    *state.mutable_part() = part;
    state.mutable_part()->clear_instances();
    state.mutable_part()->set_plan_digest(plan.digest());
    state.set_generation(generation);
    state.set_holder("bob@host, pid 411");
    for (const proto::Instance &instance : part.instances()) {
      if (instance.retiring())
        continue;
      *state.mutable_part()->add_instances() = instance;
      proto::Running &running = *kept.add_running();
      running.set_stack(part.stack());
      running.set_workload(instance.workload());
      running.set_replica(instance.replica());
      running.set_node(part.node());
      running.set_uid("u-" + instance.workload() + "-" + std::to_string(instance.replica()));
      running.set_revision(instance.revision());
      running.set_source(part.source());
      running.set_state(proto::Running::RUNNING);
      running.set_healthy(true);
      running.set_pid(4711);
    }
  }
  return kept;
}

proto::Plan sealed(proto::Plan plan) {
  plan.set_digest(plan::plan_digest(plan));
  return plan;
}

std::string three_nodes() {
  return R"(fleet: 1
at: 2026-11-24T08:00:00Z
sites:
  athens: {country: GR, zone: GR, region: south, carbon: 350gCO2e/kWh, price: 0.21EUR/kWh}
  paris:  {country: FR, zone: FR, region: west, carbon: 50gCO2e/kWh, price: 0.20EUR/kWh}
nodes:
  - {name: gw1, site: athens, class: edge, arch: arm64, resources: {cpu: 4core, memory: 4GiB},
     power: {idle: 3W, max: 12W}, price: 0.010EUR/h, sandboxes: [process, container], tpm: true, trust: 2, labels: {cell: 7}}
  - {name: gw2, site: athens, class: edge, arch: arm64, resources: {cpu: 2core, memory: 2GiB},
     power: {idle: 3W, max: 12W}, price: 0.008EUR/h, sandboxes: [process], trust: 1}
  - {name: cloud1, site: paris, class: cloud, arch: x86_64, resources: {cpu: 64core, memory: 256GiB},
     power: {idle: 90W, max: 400W}, price: 1.10EUR/h, sandboxes: [process, container, microvm]}
links:
  - {from: gw1, to: cloud1, latency: 8ms, bandwidth: 1Gbit/s, price: 0.02EUR/GiB}
)";
}

std::string shop() {
  return R"(nemo  = 1
stack = "shop"
cells = 1..9

node gw2 { price = 0.009EUR/h; availability = 98.5%; sandboxes = [process]; labels { rack = "r2" } }
node spare { class = edge }
site athens { availability = 99.9% }
site paris { availability = 99.99% }
node gw1 { availability = 99% }
node cloud1 { availability = 99.95% }
link athens athens { latency = 200us; bandwidth = 1Gbit/s }

secret token { file = "/etc/shop/token" }

tenant retail { quota { cpu = 8core; memory = 16GiB; cost = 2EUR/h } }

select edges { require node.class == edge }

template tier {
  param size { type = data; default = 64MiB }
  resources { cpu = 0.3core; memory = size }
  tenant = retail
}

workload web {
  exec     = ["/bin/sh", "/web/start.sh"]
  after    = [app]
  tenant   = retail
  resources { cpu = 0.2core; memory = 64MiB }
  ports  { http = 8088 }
  mount  { source = "pages"; target = "/web" }
  health { tcp = http; every = 1s; timeout = 500ms; grace = 10s }
  place  { on = [edges]; require node.trust >= 1 }
}

workload app {
  exec     = ["/usr/bin/python3", "/app/app.py"]
  after    = [store]
  tenant   = retail
  replicas = 2..4
  resources { cpu = 0.3core; memory = 96MiB }
  ports  { http = auto }
  env    { GREETING = "Welcome" }
  secrets = [token]
  place  { spread = node }
  rollout { quorum = majority }
  load   { rate = 20req/s; service-time = 500us; concurrency = 2 }
  slo    { min-available = 1; prefer latency.p99 <= 20ms; prefer latency.max <= 1s }
}

workload store {
  exec = ["/usr/bin/redis-server"]
  resources { cpu = 0.2core; memory = 64MiB }
  ports { redis = auto }
  data  { class = personal }
  load  { rate = 40req/s; service-time = 400us }
  slo   { require availability >= 95% }
  mount { volume = "visits"; target = "/data" }
}

workload batch {
  exec = ["/usr/bin/true"]
  resources { cpu = 0.1core; memory = 16MiB }
  labels { shift = "night" }
  connect = [443]
}

policy residency {
  deny workload.data.class == personal and node.site.country not in ["GR", "FR"] else "personal data stays in these countries"
  prefer node.labels.cell in cells
}

flow visits {
  from = app.http; to = store
  bandwidth = 2Mbit/s
  require throughput >= 2Mbit/s
  require latency.p99 <= 20ms
}

objective frugal {
  minimize cost + carbon * 80EUR/tCO2e
  require  cost   <= 0.05EUR/h and energy <= 9W
  prefer   carbon <= 5gCO2e/h
}
)";
}

namespace {

std::string shop_with(std::initializer_list<std::pair<std::string, std::string>> changes) {
  std::string text = shop();
  for (const auto &[from, to] : changes) {
    const size_t at = text.find(from);
    if (at == std::string::npos)
      throw std::runtime_error("the shop does not say: " + from);
    text.replace(at, from.size(), to);
  }
  return text;
}

} // namespace

std::string shop_changed() {
  return shop_with({{"GREETING = \"Welcome\"", "GREETING = \"Hello\""},
                    {"workload batch {", "workload nightly {"},
                    {"ports  { http = 8088 }", "ports  { http = 8089 }"}});
}

std::string shop_renamed() {
  return shop_with({{"workload store {", "workload db {\n  protect = true"},
                    {"after    = [store]", "after    = [db]"},
                    {"to = store\n", "to = db\n"},
                    {"workload batch {", "workload batch {\n  protect = true"}}) +
         "moved { from = workload.store; to = workload.db }\n";
}

proto::Artifact pages(const std::string &content) {
  proto::Artifact artifact;
  artifact.set_source("pages");
  for (const char *name : {"index.html", "start.sh"}) {
    proto::Artifact::File &file = *artifact.add_files();
    file.set_path(name);
    file.set_executable(file.path() == "start.sh");
    file.set_content(content + name);
  }
  artifact.set_digest(artifact::digest(artifact));
  return artifact;
}

std::vector<Named> plans() {
  proto::Fleet fleet = fleet_of(three_nodes());
  for (proto::Node &node : *fleet.mutable_nodes())
    if (node.name() == "gw1") {
      proto::Capability &missing = *node.add_capabilities();
      missing.set_name("limit.memory");
      missing.set_reason("no memory controller");
    }
  proto::PartState &other = *fleet.add_parts();
  other.mutable_part()->set_stack("other");
  other.mutable_part()->set_node("gw2");
  proto::Instance &taken = *other.mutable_part()->add_instances();
  taken.set_workload("cam");
  taken.mutable_spec()->mutable_resources()->set_cpu_millicores(300);
  taken.mutable_spec()->mutable_resources()->set_memory_bytes(64ull << 20);

  const proto::Intent first = intent_of(shop(), {pages("v1")});
  std::vector<Named> list;
  list.push_back({"first apply", plan_of(first, fleet)});
  proto::Fleet running = applied(list[0].plan, fleet);
  list.push_back({"nothing to do", plan_of(first, running)});
  // The node under one app replica goes, so that it moves; the rest is changed in the text.
  proto::Fleet smaller = running;
  std::string lost;
  for (const proto::Placement &placement : list[0].plan.placements())
    if (placement.workload() == "app")
      lost = placement.node();
  for (int i = smaller.nodes_size(); i-- > 0;)
    if (smaller.nodes(i).name() == lost && lost != "gw1")
      smaller.mutable_nodes()->DeleteSubrange(i, 1);
  list.push_back({"update", plan_of(intent_of(shop_changed(), {pages("v2")}), smaller)});
  list.push_back({"new names", plan_of(intent_of(shop_renamed(), {pages("v1")}), running)});
  list.push_back({"part of it", plan_of(intent_of(shop_changed(), {pages("v2")}), running, false,
                                        {"web"}, {"store"})});
  list.push_back({"removal", plan_of(first, running, true)});
  const proto::Intent tending = intent_of(tended());
  const proto::Plan there = plan_of(tending, fleet_of(two_gateways()));
  proto::Fleet tended = applied(there, fleet_of(two_gateways()));
  proto::AskedMove move;
  move.set_workload("web");
  move.set_replica(1);
  move.set_node("gw2");
  list.push_back({"asked", plan_of(tending, tended, false, {"web/1"}, {}, {move})});
  proto::Cordon &cordon = *tended.mutable_nodes(0)->mutable_cordon();
  cordon.set_reason("its disk fails");
  list.push_back({"cordoned", plan_of(intent_of(tended_more()), tended)});
  cordon.set_drained(true);
  list.push_back({"drained", plan_of(tending, tended)});
  // A job that waits, and one that has begun a while ago.
  proto::Fleet grid = fleet_of(two_gateways());
  for (uint64_t hour : {350'000, 300'000, 90'000, 120'000})
    grid.mutable_sites(0)->add_carbon_forecast_mg_per_kwh(hour);
  for (uint64_t hour : {210'000'000, 200'000'000, 50'000'000})
    grid.mutable_sites(0)->add_price_forecast_neur_per_kwh(hour);
  const proto::Intent night = intent_of(night_shift());
  list.push_back({"night shift", plan_of(night, grid)});
  proto::Fleet begun = applied(list.back().plan, grid);
  begun.set_at("2026-11-24T11:20:00Z");
  list.push_back({"night shift begun", plan_of(night, begun)});
  for (proto::Running &running : *begun.mutable_running())
    running.set_state(proto::Running::EXITED);
  list.push_back({"night shift finished", plan_of(night, begun)});
  proto::Fleet holding = fleet_of(two_gateways());
  for (proto::Node &node : *holding.mutable_nodes())
    node.add_sandboxes("container");
  holding.mutable_nodes(0)->add_images("registry.example/vision@sha256:9f2c");
  list.push_back({"images", plan_of(intent_of(images()), holding)});
  const proto::Intent sending = intent_of(frames());
  list.push_back({"frames", plan_of(sending, fleet_of(three_nodes()))});
  list.push_back(
      {"frames run", plan_of(sending, applied(list.back().plan, fleet_of(three_nodes())))});
  list.push_back({"motes", plan_of(intent_of(motes()), fleet_of(two_gateways()))});
  for (Named &named : resource_plans())
    list.push_back(std::move(named));
  list.push_back({"crowd", plan_of(intent_of(crowd()), fleet_of(two_gateways()))});
  list.push_back({"distances", plan_of(intent_of(distances()), fleet_of(three_nodes()))});
  list.push_back({"survivors", plan_of(intent_of(survivors()), fleet_of(two_gateways()))});
  proto::Fleet shared = fleet_of(three_nodes());
  proto::PartState &keeper = *shared.add_parts();
  keeper.mutable_part()->set_stack("keeper");
  keeper.mutable_part()->set_node("cloud1");
  keeper.mutable_part()->add_instances()->set_workload("vault");
  keeper.mutable_part()->mutable_instances(0)->mutable_spec()->set_exclusive(true);
  const proto::Plan apart = plan_of(intent_of(lonely(false)), shared);
  list.push_back({"exclusive", apart});
  list.push_back({"exclusive exchange", plan_of(intent_of(lonely(true)), applied(apart, shared))});
  list.push_back({"overfull", plan_of(intent_of(overfull()), fleet_of(two_gateways()))});
  list.push_back({"cluster", plan_of(intent_of(clustered()), fleet_of(three_nodes()))});
  list.push_back({"asleep", plan_of(intent_of(asleep()), fleet_of(two_gateways()))});
  return list;
}

} // namespace nemo::test
