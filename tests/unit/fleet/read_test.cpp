#include <catch2/catch.hpp>

#include <filesystem>
#include <fstream>

#include <unistd.h>

#include <fmt/format.h>

#include "intent/fleet/fleet_file.h"
#include "protocol/formula/evaluate.h"

using namespace nemo;
using namespace nemo::fleet;

namespace {

const char *const documented = R"(fleet: 1
at: 2026-11-24T08:00:00Z
sites:
  athens: {country: GR, zone: GR, region: south, carbon: 350gCO2e/kWh, price: 0.21EUR/kWh}
  paris:  {country: FR, zone: FR, region: west, carbon: 50gCO2e/kWh, price: 0.20EUR/kWh}
nodes:
  - {name: gw1, site: athens, class: edge, arch: arm64, resources: {cpu: 4core, memory: 4GiB},
     power: {idle: 3W, max: 12W}, price: 0.010EUR/h, sandboxes: [process, container], tpm: true, trust: 2, labels: {cell: 7}}
  - {name: cloud1, site: paris, class: cloud, arch: x86_64, resources: {cpu: 64core, memory: 256GiB},
     power: {idle: 90W, max: 400W}, price: 1.10EUR/h, sandboxes: [process, container, microvm]}
links:
  - {from: gw1, to: cloud1, latency: 8ms, bandwidth: 1Gbit/s, price: 0.02EUR/GiB}
running:                                    # what runs now; absent = nothing
  - {stack: shop, workload: web, replica: 0, node: gw1}
)";

FleetFile good(const std::string &text) {
  FleetFile file = parse_fleet("fleet.yaml", text);
  for (const Diagnostic &diagnostic : file.diagnostics)
    INFO(diagnostic.id << " " << diagnostic.message);
  REQUIRE(file.diagnostics.empty());
  return file;
}

std::string minimal(const std::string &node) {
  return "fleet: 1\nsites: {a: {}}\nnodes:\n- {name: n, site: a, resources: {cpu: 1core, memory: "
         "1GiB}" +
         node + "}\n";
}

} // namespace

TEST_CASE("the documented form reads as documented") {
  const proto::Fleet fleet = good(documented).fleet;
  CHECK(fleet.version() == 1);
  CHECK(fleet.at() == "2026-11-24T08:00:00Z");
  REQUIRE(fleet.sites_size() == 2);
  CHECK(fleet.sites(0).name() == "athens");
  CHECK(fleet.sites(0).country() == "GR");
  CHECK(fleet.sites(0).carbon_mg_per_kwh() == 350000);
  CHECK(fleet.sites(0).price_neur_per_kwh() == 210000000);
  CHECK_FALSE(fleet.sites(0).has_location());
  REQUIRE(fleet.nodes_size() == 2);
  const proto::Node &gateway = fleet.nodes(0);
  CHECK(gateway.site() == "athens");
  CHECK(gateway.node_class() == "edge");
  CHECK(gateway.arch() == "arm64");
  CHECK(gateway.cpu_millicores() == 4000);
  CHECK(gateway.memory_bytes() == 4294967296);
  CHECK_FALSE(gateway.has_disk_bytes());
  CHECK(gateway.power_idle_mw() == 3000);
  CHECK(gateway.power_max_mw() == 12000);
  CHECK(gateway.price_neur_per_hour() == 10000000);
  CHECK(gateway.sandboxes_size() == 2);
  CHECK(gateway.tpm());
  CHECK(gateway.trust() == 2);
  REQUIRE(gateway.labels_size() == 1);
  CHECK(gateway.labels(0).key() == "cell");
  CHECK(formula::to_string(gateway.labels(0).value()) == "7");
  CHECK_FALSE(fleet.nodes(1).has_tpm());
  REQUIRE(fleet.links_size() == 1);
  CHECK(fleet.links(0).latency_ns() == 8000000);
  CHECK(fleet.links(0).bandwidth_bps() == 1000000000);
  CHECK(fleet.links(0).price_neur_per_gib() == 20000000);
  REQUIRE(fleet.running_size() == 1);
  CHECK(fleet.running(0).stack() == "shop");
  CHECK(fleet.running(0).workload() == "web");
  CHECK(fleet.running(0).node() == "gw1");
  CHECK(fleet.running(0).state() == proto::Running::RUNNING);
}

TEST_CASE("what is left out is unknown or standard") {
  const proto::Node node = good(minimal("")).fleet.nodes(0);
  REQUIRE(node.sandboxes_size() == 1);
  CHECK(node.sandboxes(0) == "process");
  CHECK_FALSE(node.has_node_class());
  CHECK_FALSE(node.has_price_neur_per_hour());
  CHECK_FALSE(node.has_power_max_mw());
  std::string names;
  for (const proto::Capability &capability : node.capabilities()) {
    CHECK(capability.available());
    names += capability.name() + " ";
  }
  CHECK(names == "gates landlock.files landlock.tcp limit.cpu limit.memory limit.pids network.own "
                 "sandbox.process seccomp ");
}

TEST_CASE("devices are listed one by one, and counted") {
  const proto::Node node =
      good(minimal(", gpus: [{model: A100, memory: 40GiB}, {model: A100, profile: 1g.10gb}]"))
          .fleet.nodes(0);
  REQUIRE(node.gpus_size() == 2);
  CHECK(node.gpus(0).model() == "A100");
  CHECK(node.gpus(0).memory_bytes() == uint64_t{40} << 30);
  CHECK_FALSE(node.gpus(1).has_memory_bytes());
  CHECK(node.gpus(1).profile() == "1g.10gb");
  CHECK(node.gpu_milli() == 2000);
  const auto fault_of = [](const std::string &text) {
    const FleetFile file = parse_fleet("fleet.yaml", text);
    return file.diagnostics.empty() ? "" : file.diagnostics.front().id;
  };
  CHECK(fault_of(minimal(", gpus: [{memory: 40GiB}]")) == "N0407");
  CHECK(fault_of(minimal(", gpus: [{model: A100, cores: 3}]")) == "N0405");
  CHECK(fault_of("fleet: 1\nsites: {a: {}}\nnodes:\n- {name: n, site: a, resources: {cpu: 1core, "
                 "memory: 1GiB, gpu: 3}, gpus: [{model: A100}]}\n") == "N0411");
  std::string many = "{model: A100}";
  for (int i = 0; i < 64; ++i)
    many += ", {model: A100}";
  CHECK(fault_of(minimal(", gpus: [" + many + "]")) == "N0411");
}

TEST_CASE("stated capabilities are all there are") {
  const proto::Node node = good(minimal(", capabilities: [limit.memory]")).fleet.nodes(0);
  REQUIRE(node.capabilities_size() == 2);
  CHECK(node.capabilities(0).name() == "limit.memory");
  CHECK(node.capabilities(1).name() == "sandbox.process");
}

TEST_CASE("labels keep what kind of value they are") {
  const proto::Node node =
      good(minimal(R"(, labels: {a: 7, b: "7", c: true, d: 20ms, e: gold, "f/g": 'it''s'})"))
          .fleet.nodes(0);
  std::string values;
  for (const proto::Fact &label : node.labels())
    values += label.key() + "=" + formula::to_string(label.value()) + " ";
  CHECK(values == "a=7 b=\"7\" c=true d=20ms e=\"gold\" f/g=\"it's\" ");
}

TEST_CASE("times are kept in UTC") {
  CHECK(good("fleet: 1\nat: 2026-11-24T10:00:00+02:00\n").fleet.at() == "2026-11-24T08:00:00Z");
  CHECK(good("fleet: 1\nat: 2026-11-24T08:00:00.25Z\n").fleet.at() == "2026-11-24T08:00:00.250Z");
}

TEST_CASE("temperatures may lie below zero") {
  CHECK(good(minimal(", temperature: -5.5degC")).fleet.nodes(0).temperature_mdegc() == -5500);
}

TEST_CASE("prices are rounded to a thousand-millionth of a euro") {
  CHECK(good(minimal(", price: 1EUR/d")).fleet.nodes(0).price_neur_per_hour() == 41666667);
}

TEST_CASE("block style, a byte order mark and other line ends read as well") {
  const FleetFile file =
      good("\xef\xbb\xbf"
           "fleet: 1\r\nsites:\r\n  a:\r\n    country: FR\r\nnodes:\r\n  - name: n\r\n"
           "    site: a\r\n    resources:\r\n      cpu: 1core\r\n      memory: 1GiB\r\n");
  CHECK(file.fleet.nodes(0).memory_bytes() == 1073741824);
  CHECK(file.fleet.sites(0).country() == "FR");
}

TEST_CASE("an empty fleet is a fleet") {
  CHECK(good("fleet: 1\nnodes:\nlinks: []\n").fleet.nodes().empty());
}

TEST_CASE("ten thousand nodes and a hundred thousand replicas read whole") {
  std::string text = "fleet: 1\nsites:\n";
  for (int i = 0; i < 100; ++i)
    text += fmt::format("  s{}: {{country: FR, carbon: {}gCO2e/kWh, price: 0.2EUR/kWh}}\n", i, i);
  text += "nodes:\n";
  for (int i = 0; i < 10000; ++i)
    text += fmt::format("  - {{name: n{}, site: s{}, class: edge, arch: arm64, resources: {{cpu: "
                        "4core, memory: 4GiB}}, power: {{idle: 3W, max: 12W}}, price: 0.010EUR/h, "
                        "sandboxes: [process, container], tpm: true, labels: {{cell: {}}}}}\n",
                        i, i % 100, i % 7);
  text += "running:\n";
  for (int i = 0; i < 100000; ++i)
    text +=
        fmt::format("  - {{workload: w{}, replica: {}, node: n{}}}\n", i / 100, i % 100, i % 10000);
  const proto::Fleet fleet = good(text).fleet;
  CHECK(fleet.nodes_size() == 10000);
  CHECK(fleet.nodes(9999).site() == "s99");
  CHECK(fleet.running_size() == 100000);
}

TEST_CASE("files are read from disk") {
  namespace fs = std::filesystem;
  const fs::path directory =
      fs::temp_directory_path() / ("nemo-fleet-test-" + std::to_string(getpid()));
  fs::create_directory(directory);
  const std::string path = (directory / "fleet.yaml").string();
  std::ofstream(path) << documented;
  const FleetFile file = read_fleet_file(path);
  CHECK(file.diagnostics.empty());
  CHECK(file.fleet.nodes_size() == 2);
  CHECK(file.path == path);
  CHECK(file.text == documented);
  for (const std::string &wrong : {directory.string(), path + ".missing"}) {
    const FleetFile none = read_fleet_file(wrong);
    REQUIRE(none.diagnostics.size() == 1);
    CHECK(none.diagnostics[0].id == "N0402");
    CHECK(none.diagnostics[0].message.find(wrong) == 0);
  }
  const FleetFile endless = read_fleet_file("/dev/zero");
  REQUIRE(endless.diagnostics.size() == 1);
  CHECK(endless.diagnostics[0].id == "N0404");
  fs::remove_all(directory);
}

TEST_CASE("how often sites and nodes are up, to the billionth") {
  const FleetFile file = parse_fleet(
      "f.yaml",
      "fleet: 1\nsites: {a: {availability: 99.99%}}\nnodes: [{name: n, site: a, resources: "
      "{cpu: 1core, memory: 1GiB}, availability: 99.9999999%}]\n");
  REQUIRE(file.diagnostics.empty());
  CHECK(file.fleet.sites(0).availability_ppb() == 999'900'000);
  CHECK(file.fleet.nodes(0).availability_ppb() == 999'999'999);
  const FleetFile again = parse_fleet("again.yaml", write_fleet(file.fleet));
  REQUIRE(again.diagnostics.empty());
  CHECK(again.fleet.SerializeAsString() == file.fleet.SerializeAsString());
}

TEST_CASE("a node takes nothing new where the file says so, and why") {
  CHECK_FALSE(good(minimal("")).fleet.nodes(0).has_cordon());
  CHECK_FALSE(good(minimal(", cordoned: false, drained: false")).fleet.nodes(0).has_cordon());
  const proto::Node closed = good(minimal(", cordoned: true")).fleet.nodes(0);
  CHECK((closed.has_cordon() && !closed.cordon().drained() && closed.cordon().reason().empty()));
  const proto::Node empty = good(minimal(", drained: true, cordoned: \"new disk\"")).fleet.nodes(0);
  CHECK(empty.cordon().drained());
  CHECK(empty.cordon().reason() == "new disk");
  CHECK(parse_fleet("f.yaml", minimal(", drained: [1]")).diagnostics.size() == 1);
}
