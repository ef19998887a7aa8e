// What write_fleet writes, parse_fleet reads back equal.
#include <catch2/catch.hpp>

#include <random>

#include "intent/fleet/fleet_file.h"
#include "protocol/formula/evaluate.h"

using namespace nemo;
using namespace nemo::fleet;

namespace {

void check_round_trip(const proto::Fleet &fleet) {
  const std::string text = write_fleet(fleet);
  const FleetFile read = parse_fleet("written.yaml", text);
  INFO(text);
  for (const Diagnostic &diagnostic : read.diagnostics)
    INFO(diagnostic.id << " " << diagnostic.message);
  CHECK(read.diagnostics.empty());
  CHECK(read.fleet.SerializeAsString() == fleet.SerializeAsString());
  CHECK(write_fleet(read.fleet) == text);
}

proto::Fleet random_fleet(unsigned seed) {
  std::mt19937_64 random(seed);
  const auto below = [&](uint64_t limit) { return random() % limit; };
  const auto amount = [&] { return (random() >> 2) >> below(60); };
  const auto maybe = [&] { return below(2) == 0; };
  const char *texts[] = {"plain",
                         "two words",
                         "7",
                         "true",
                         "null",
                         "1.5core",
                         "x: y",
                         "#no",
                         "\"q\" \\",
                         "a\nb",
                         "- a",
                         "{a}",
                         "\xc3\xa4\xe2\x82\xac",
                         "*x",
                         "&x",
                         "!tag",
                         "~",
                         "'",
                         "\t",
                         "yes",
                         "[",
                         "@",
                         "a, b",
                         "%x",
                         "key: ",
                         "2026-11-24"};
  const auto word = [&] { return std::string(texts[below(std::size(texts))]); };

  // The standard parts are those that reading gives.
  proto::Fleet fleet =
      parse_fleet("f", "fleet: 1\nat: 2026-11-24T08:00:00Z\nsites: {s0: {}, s1: {}}\n").fleet;
  for (proto::Site &site : *fleet.mutable_sites()) {
    if (maybe())
      site.set_country(word());
    if (maybe())
      site.set_location(word());
    if (maybe())
      site.set_carbon_mg_per_kwh(amount());
    if (maybe())
      site.set_price_neur_per_kwh(amount());
    for (uint64_t hours = below(4); hours > 0; --hours) {
      site.add_carbon_forecast_mg_per_kwh(amount());
      if (maybe())
        site.add_price_forecast_neur_per_kwh(amount());
    }
  }
  for (int i = 0; i < 5; ++i) {
    proto::Node node =
        parse_fleet("f", "fleet: 1\nsites: {s0: {}}\nnodes: [{name: n, site: s0, resources: {cpu: "
                         "1core, memory: 1B}, sandboxes: [process, wasm]" +
                             std::string(maybe() ? ", capabilities: [gates, metering]" : "") +
                             "}]\n")
            .fleet.nodes(0);
    node.set_name("n" + std::to_string(i));
    node.set_site("s" + std::to_string(below(2)));
    node.set_cpu_millicores(amount() + 1);
    node.set_memory_bytes(amount() + 1);
    if (maybe())
      node.set_disk_bytes(amount());
    if (maybe())
      node.set_gpu_milli(below(9) * 1000);
    else if (maybe())
      for (uint64_t n = below(4); n > 0; --n) {
        proto::Gpu &gpu = *node.add_gpus();
        gpu.set_model(word());
        if (maybe())
          gpu.set_memory_bytes(amount() + 1);
        if (maybe())
          gpu.set_profile("1g." + std::to_string(below(80)) + "gb");
        node.set_gpu_milli(static_cast<uint64_t>(node.gpus_size()) * 1000);
      }
    if (maybe())
      node.set_pids(below(100000));
    if (maybe()) {
      node.set_power_idle_mw(below(1000000));
      node.set_power_max_mw(node.power_idle_mw() + below(1000000));
    }
    if (maybe()) {
      node.set_power_suspended_mw(
          below(node.has_power_idle_mw() ? node.power_idle_mw() + 1 : 1000000));
      if (maybe())
        node.set_wake_ms(below(3600000));
    }
    if (maybe())
      node.set_price_neur_per_hour(amount());
    if (maybe())
      node.set_availability_ppb(below(1000000001));
    if (maybe())
      node.set_supply_mw(amount());
    if (maybe())
      node.set_duty_ppb(1 + below(1000000000));
    if (maybe())
      node.set_duty_period_ms(1 + amount());
    if (maybe())
      node.set_pull_bps(1 + amount());
    for (uint64_t images = below(3); images > 0; --images)
      node.add_images("registry.example/a@sha256:" + std::to_string(images));
    if (maybe())
      node.set_tpm(maybe());
    if (maybe()) {
      node.mutable_cordon()->set_drained(maybe());
      if (maybe())
        node.mutable_cordon()->set_reason(word());
    }
    if (maybe())
      node.set_trust(below(10));
    if (maybe())
      node.set_temperature_mdegc(static_cast<int64_t>(below(300000)) - 200000);
    for (uint64_t n = below(4); n > 0; --n) {
      proto::Fact &label = *node.add_labels();
      label.set_key(word() + std::to_string(n));
      switch (below(3)) {
      case 0:
        *label.mutable_value() = formula::text(word());
        break;
      case 1:
        *label.mutable_value() = formula::boolean(maybe());
        break;
      default:
        *label.mutable_value() = formula::integer(static_cast<int64_t>(below(1000)) - 500);
        break;
      }
    }
    *fleet.add_nodes() = node;
  }
  proto::Link &link = *fleet.add_links();
  link.set_from("n0");
  link.set_to("s1");
  if (maybe())
    link.set_latency_ns(amount());
  if (maybe())
    link.set_bandwidth_bps(amount());
  if (maybe())
    link.set_price_neur_per_gib(amount());
  proto::Running &running = *fleet.add_running();
  running.set_stack("shop");
  running.set_workload("web");
  running.set_replica(static_cast<uint32_t>(below(10)));
  running.set_node("n1");
  if (maybe())
    running.set_revision("0123456789abcdef");
  if (maybe())
    running.set_since("2026-11-24T07:30:00Z");
  running.set_state(proto::Running::RUNNING);
  running.set_healthy(true);
  return fleet;
}

} // namespace

TEST_CASE("fleets read back equal") {
  for (unsigned seed = 0; seed < 200; ++seed) {
    const proto::Fleet fleet = random_fleet(seed);
    CHECK(parse_fleet("f.yaml", write_fleet(fleet)).diagnostics.empty());
    check_round_trip(fleet);
  }
}

TEST_CASE("the text is what a person would write") {
  const std::string text =
      "fleet: 1\n"
      "at: 2026-11-24T08:00:00Z\n"
      "sites:\n"
      "  athens: {country: GR, carbon: 350gCO2e/kWh, price: 0.21EUR/kWh}\n"
      "nodes:\n"
      "  - {name: gw1, site: athens, class: edge, arch: arm64, resources: {cpu: 4core, memory: "
      "4GiB}, power: {idle: 3W, max: 12W}, price: 0.01EUR/h, sandboxes: [process, container], tpm: "
      "true, trust: 2, temperature: -1.5degC, labels: {cell: 7}}\n"
      "links:\n"
      "  - {from: gw1, to: athens, latency: 8ms, bandwidth: 1Gbit/s, price: 0.02EUR/GiB}\n"
      "running:\n"
      "  - {stack: shop, workload: web, replica: 0, node: gw1}\n";
  const FleetFile file = parse_fleet("f.yaml", text);
  CHECK(file.diagnostics.empty());
  CHECK(write_fleet(file.fleet) == text);
}

TEST_CASE("measurements and what a node lacks are not written") {
  proto::Fleet fleet =
      parse_fleet("f.yaml", "fleet: 1\nsites: {a: {}}\nnodes: [{name: n, site: a, resources: {cpu: "
                            "1core, memory: 1GiB}}]\n")
          .fleet;
  proto::Capability &lacking = *fleet.mutable_nodes(0)->add_capabilities();
  lacking.set_name("migrate.live");
  lacking.set_reason("no CRIU");
  const proto::Fleet read = parse_fleet("f.yaml", write_fleet(fleet)).fleet;
  for (const proto::Capability &capability : read.nodes(0).capabilities())
    CHECK(capability.name() != "migrate.live");
}
