// Each fault that a fleet file can have, with what is said and where.
#include <catch2/catch.hpp>

#include <vector>

#include "intent/fleet/fleet_file.h"

using namespace nemo;
using namespace nemo::fleet;

namespace {

/// "N0405 3:5-9 message | fix", one a line.
std::string faults(const std::string &text) {
  std::string result;
  for (const Diagnostic &one : parse_fleet("f.yaml", text).diagnostics) {
    CHECK(one.file == "f.yaml");
    CHECK(one.range.end >= one.range.begin);
    result += one.id + " " + std::to_string(one.range.line) + ":" +
              std::to_string(one.range.column) + "-" + std::to_string(one.range.end_column) + " " +
              one.message + (one.fix.empty() ? "" : " | " + one.fix) + "\n";
  }
  return result;
}

/// The same for one node with more keys; what stands there begins at column 67 of line 3.
std::string in_node(const std::string &keys) {
  return faults("fleet: 1\nsites: {a: {}}\nnodes: [{name: n, site: a, resources: {cpu: 1core, "
                "memory: 1GiB}, " +
                keys + "}]\n");
}

std::string in_resources(const std::string &cpu, const std::string &memory) {
  return faults("fleet: 1\nsites: {a: {}}\nnodes: [{name: n, site: a, resources: {cpu: " + cpu +
                ", memory: " + memory + "}}]\n");
}

} // namespace

TEST_CASE("text that is not YAML") {
  CHECK(faults("fleet: 1\nnodes: [{name: a\n").find("N0401 ") == 0);
  CHECK(faults("fleet: 1\n\tnodes: x\n").find("N0401 ") == 0);
  CHECK(faults("fleet: 1\nat: \xff\n") ==
        "N0401 2:5-6 the text is not UTF-8 | save the file as UTF-8\n");
  CHECK(faults(std::string("\xff\xfe\x66\x00", 4)).find("N0401 1:1") == 0);
  CHECK(faults(std::string("fleet: 1\nat: a\0_\n", 16)) ==
        "N0401 2:6-7 byte 0x00 is a control character | take it out; in double quotes it may be "
        "written as an escape\n");
  for (const std::string escape : {"\\_", "\\N"})
    CHECK(faults("fleet: 1\nat: \"" + escape + "\"\n")
              .find("N0401 2:5-6 an escape in this text is no character of UTF-8") == 0);
}

TEST_CASE("YAML that could expand or deceive") {
  CHECK(faults("fleet: 1\nsites: &s {}\n").find("N0403 2:8") == 0);
  CHECK(faults("fleet: 1\nsites: *s\n").find("N040") == 0);
  CHECK(faults("fleet: !!int 1\n").find("N0403 1:") == 0);
  CHECK(faults("fleet: 1\n---\nfleet: 1\n").find("N0403 ") == 0);
  CHECK(faults("? [a]\n: b\n").find("N0403 1:3-4 a key is a plain word") == 0);
  std::string bomb = "a0: &a0 [x]\n";
  for (int i = 1; i < 30; ++i)
    bomb += "a" + std::to_string(i) + ": &a" + std::to_string(i) + " [*a" + std::to_string(i - 1) +
            ", *a" + std::to_string(i - 1) + "]\n";
  CHECK(faults(bomb) == "N0403 1:5-6 anchors and aliases are not read in a fleet file | write the "
                        "value out where it is meant\n");
}

TEST_CASE("files beyond the limits") {
  CHECK(faults("fleet: " + std::string(100000, '[')).find("N0404 ") == 0);
  CHECK(faults("fleet: " + std::string(20, '[') + std::string(20, ']') + "\n") ==
        "N0404 1:23-24 nested deeper than 16 levels\n");
  CHECK(in_node("location: x, class: " + std::string(2000, 'x')).find("N0404 ") !=
        std::string::npos);
  const FleetFile large = parse_fleet("f.yaml", std::string((64u << 20) + 1, '#'));
  REQUIRE(large.diagnostics.size() == 1);
  CHECK(large.diagnostics[0].id == "N0404");
  // One fault in each of many lines: the list of them is bounded.
  std::string many = "fleet: 1\nsites: {";
  for (int i = 0; i < 5000; ++i)
    many += "s" + std::to_string(i) + ": {x: 1}, ";
  CHECK(parse_fleet("f.yaml", many + "}\n").diagnostics.size() == 100);
}

TEST_CASE("keys") {
  CHECK(faults("fleet: 1\nsite: {}\n") ==
        "N0405 2:1-5 the fleet has no key site | did you mean sites?\n");
  CHECK(in_node("prise: 1EUR/h") ==
        "N0405 3:67-72 a node has no key prise | did you mean price?\n");
  CHECK(faults("fleet: 1\nsites: {a: {zzzzzz: 1}}\n") ==
        "N0405 2:13-19 a site has no key zzzzzz | its keys are country, zone, region, carbon, "
        "price, location, labels, availability, carbon-forecast, price-forecast\n");
  CHECK(faults("fleet: 1\nfleet: 1\n") ==
        "N0406 2:1-6 fleet is given twice in the fleet | keep one of the two\n");
  CHECK(faults("fleet: 1\nsites: {a: {}, \"a\": {}}\n").find("N0406 2:16-19 a is given twice") ==
        0);
  CHECK(in_node("labels: {x: 1, x: 2}").find("N0406 ") == 0);
}

TEST_CASE("things that are there twice") {
  const std::string node = "- {name: n, site: a, resources: {cpu: 1core, memory: 1GiB}}\n";
  CHECK(faults("fleet: 1\nsites: {a: {}}\nnodes:\n" + node + node) ==
        "N0406 5:10-11 there are two nodes n | rename one of them\n");
  const std::string running = "- {workload: w, node: n}\n";
  CHECK(faults("fleet: 1\nsites: {a: {}}\nnodes:\n" + node + "running:\n" + running + running) ==
        "N0406 7:3-4 replica 0 of w runs twice on n | number the replicas from 0\n");
  const FleetFile twice = parse_fleet("f.yaml", "fleet: 1\nat: x\nfleet: 1\n");
  REQUIRE(twice.diagnostics.size() == 2);
  REQUIRE(twice.diagnostics[1].notes.size() == 1);
  CHECK(twice.diagnostics[1].notes[0].range.line == 1);
}

TEST_CASE("things that must be said") {
  CHECK(faults("") == "N0407 1:1-1 the fleet needs fleet\n");
  CHECK(faults("at: 2026-11-24T08:00:00Z\n").find("N0407 1:1") == 0);
  CHECK(faults("fleet: 1\nnodes: [{}]\n") == "N0407 2:9-10 a node needs name\n"
                                             "N0407 2:9-10 a node needs site\n"
                                             "N0407 2:9-10 a node needs resources\n");
  CHECK(in_node("power: {max: 3W}") == "N0407 3:74-75 power needs idle\n");
  CHECK(faults("fleet: 1\nsites: {a: {}}\nlinks: [{from: a}]\n") ==
        "N0407 3:9-10 a link needs to\n");
  CHECK(faults("fleet: 1\nrunning: [{workload: w}]\n") == "N0407 2:11-12 what runs needs node\n");
}

TEST_CASE("values of the wrong kind") {
  CHECK(faults("[1, 2]\n") ==
        "N0408 1:1-2 the fleet is written as {key: value, ...}, not as a list\n");
  CHECK(faults("fleet: 1\nnodes: {a: 1}\n").find("N0408 2:8-9 nodes is a list, not a map") == 0);
  CHECK(in_node("tpm: yes") == "N0408 3:72-75 tpm is true or false, not yes\n");
  CHECK(in_node("trust: -1") ==
        "N0408 3:74-76 trust is a whole number from 0 to 1000000, not -1\n");
  CHECK(in_node("trust: 1.5").find("N0408 3:74-77") == 0);
  CHECK(in_node("class: [edge]") == "N0408 3:74-75 class is a single value, not a list\n");
  CHECK(in_node("class: ").find("N0408 3:") == 0);
  CHECK(in_node("class: \"\"").find("N0408 3:74-76 class is an empty text") == 0);
  CHECK(in_node("labels: 3").find("N0408 ") == 0);
}

TEST_CASE("quantities") {
  CHECK(in_resources("4cores", "1GiB") ==
        "N0409 3:45-51 cpu: cores is not a unit | Did you mean core?\n");
  CHECK(in_resources("1core", "512mb") ==
        "N0409 3:60-65 memory: mb is not a unit | Did you mean MB or Mbit?\n");
  CHECK(in_resources("lots", "1GiB") == "N0409 3:45-49 cpu: lots is not a quantity: a number comes "
                                        "first | write it as in cpu: 4core\n");
  CHECK(in_resources("\"4core\"", "1GiB") ==
        "N0409 3:45-52 cpu is a quantity and stands without quotes | cpu: 4core\n");
  CHECK(in_resources("4", "1GiB") ==
        "N0410 3:45-46 cpu: 4 has no unit | write it as in cpu: 4core\n");
  CHECK(in_resources("20ms", "1GiB") ==
        "N0410 3:45-49 cpu: 20ms is time, not cpu | write it as in cpu: 4core\n");
  CHECK(in_resources("1core", "2Mbit") ==
        "N0410 3:60-65 memory is written in bytes; 2Mbit is 250kB. Did you mean 2MiB?\n");
  CHECK(in_node("price: 0.2EUR/kWh")
            .find("N0410 3:74-84 price: 0.2EUR/kWh is money (EUR) per energy, not money (EUR) per "
                  "time") == 0);
  CHECK(
      in_node("temperature: 3W").find("N0410 3:80-82 temperature: 3W is power, not temperature") ==
      0);
  CHECK(faults("fleet: 1\nsites: {a: {}}\nlinks: [{from: a, to: a, bandwidth: 2MB/s}]\n") ==
        "N0410 3:37-42 bandwidth is written in bits; 2MB/s is 16Mbit/s. Did you mean 2Mbit/s?\n");
  CHECK(in_resources("0.0005core", "1GiB") ==
        "N0411 3:45-55 cpu: 0.0005core is not a whole number of mcore: the smallest step is "
        "0.001core\n");
  CHECK(in_resources("0core", "1GiB") == "N0411 3:45-50 cpu: 0core is not more than zero\n");
  CHECK(in_resources("1core", "-1GiB") == "N0411 3:60-65 memory: -1GiB is not more than zero\n");
  CHECK(in_resources("1core", "9000000PiB") == "N0411 3:60-70 memory: 9000000PiB is too large\n");
  CHECK(in_node("power: {idle: 9W, max: 3W}") ==
        "N0411 3:74-75 idle power 9W is more than max 3W\n");
  CHECK(in_node("temperature: -300degC").find("N0411 3:80-88") == 0);
  CHECK(in_node("price: 1USD/h") == "N0412 3:74-80 price is in USD: no exchange rate is known | "
                                    "state it in EUR, as in price: 0.010EUR/h\n");
  CHECK(faults("fleet: 1\nsites: {a: {price: 1GBP/kWh}}\n").find("N0412 2:20-28") == 0);
}

TEST_CASE("names") {
  CHECK(faults("fleet: 1\nsites: {Site_A: {}}\n") ==
        "N0413 2:9-15 the site's name Site_A is not an RFC 1123 label | did you mean site-a?\n");
  for (const char *name : {"-a", "a-", "a.b", "A", "\xc3\xa4", "a b", "../x"})
    CHECK(faults("fleet: 1\nsites: {\"" + std::string(name) + "\": {}}\n").find("N0413 2:9") == 0);
  CHECK(faults("fleet: 1\nsites: {" + std::string(64, 'a') + ": {}}\n").find("N0413 ") == 0);
  CHECK(faults("fleet: 1\nsites: {" + std::string(63, 'a') + ": {}}\n").empty());
}

TEST_CASE("things that are named but are not there") {
  const std::string start = "fleet: 1\nsites: {athens: {}}\nnodes:\n- {name: n1, site: ";
  const std::string rest = ", resources: {cpu: 1core, memory: 1GiB}}\n";
  CHECK(faults(start + "athen" + rest) ==
        "N0414 4:20-25 there is no site athen | did you mean athens?\n");
  CHECK(faults(start + "athens" + rest + "links: [{from: n1, to: n2}]\n") ==
        "N0414 5:24-26 there is no node or site n2 | did you mean n1?\n");
  CHECK(faults(start + "athens" + rest + "links: [{from: n1, to: athens}]\n").empty());
  CHECK(faults(start + "athens" + rest + "running: [{workload: w, node: zzz}]\n") ==
        "N0414 5:31-34 there is no node zzz\n");
}

TEST_CASE("times and editions") {
  CHECK(faults("fleet: 1\nat: yesterday\n") ==
        "N0415 2:5-14 at yesterday is not a time | write it as in at: 2026-11-24T08:00:00Z\n");
  CHECK(faults("fleet: 1\nat: 2026-02-30T08:00:00Z\n").find("N0415 ") == 0);
  CHECK(faults("fleet: 2\n") ==
        "N0416 1:8-9 this edition of the fleet form is not known | write fleet: 1\n");
}

TEST_CASE("words") {
  CHECK(in_node("class: egde") ==
        "N0417 3:74-78 class egde is no word that formulas know | did you mean edge?\n");
  CHECK(in_node("arch: amd46x").find("N0417 ") == 0);
  CHECK(in_node("capabilities: [limit.memori]").find("N0417 ") == 0);
  const FleetFile warned = parse_fleet(
      "f.yaml",
      "fleet: 1\nsites: {a: {}}\nnodes: [{name: n, site: a, class: egde, resources: {cpu: "
      "1core, memory: 1GiB}}]\n");
  CHECK_FALSE(has_errors(warned.diagnostics));
  CHECK(warned.fleet.nodes(0).node_class() == "egde");
  CHECK(in_node("sandboxes: [proces]") ==
        "N0418 3:79-85 proces is no kind of sandbox | did you mean process?\n");
}

TEST_CASE("several faults are told in one run") {
  CHECK(
      faults("fleet: 1\nat: never\nsites: {A: {carbon: 5}}\nnodes: [{name: n, site: b, resources: "
             "{cpu: x}}]\n") ==
      "N0415 2:5-10 at never is not a time | write it as in at: 2026-11-24T08:00:00Z\n"
      "N0413 3:9-10 the site's name A is not an RFC 1123 label | did you mean a?\n"
      "N0410 3:21-22 carbon: 5 has no unit | write it as in carbon: "
      "350gCO2e/kWh\n"
      "N0409 4:45-46 cpu: x is not a quantity: a number comes first | write it as in cpu: 4core\n"
      "N0407 4:39-40 resources needs memory\n"
      "N0414 4:25-26 there is no site b\n");
}

TEST_CASE("a share of the time is 0 to 100%") {
  CHECK(in_node("availability: 99.9%").empty());
  CHECK(in_node("availability: 0%").empty());
  CHECK(in_node("availability: 1").empty());
  CHECK(in_node("availability: 100.1%") ==
        "N0411 3:81-87 availability: 100.1% is more than 100%\n");
  CHECK(in_node("availability: 3").find("N0411 3:81") == 0);
  CHECK(in_node("availability: 20ms").find("N0410 3:81") == 0);
  CHECK(in_node("availability: 99.99999999%").find("N0411 3:81") == 0); // finer than 1e-9
  CHECK(in_node("availability: -1%").find("N0411 3:81") == 0);
  CHECK(faults("fleet: 1\nsites: {a: {availability: 101%}}\n").find("N0411 2:27") == 0);
}

TEST_CASE("forecasts are lists of quantities, a year at most") {
  const auto site = [](const std::string &keys) {
    return faults("fleet: 1\nsites: {a: {" + keys + "}}\n");
  };
  CHECK(site("carbon-forecast: [350gCO2e/kWh, 0gCO2e/kWh], price-forecast: []").empty());
  CHECK(site("carbon-forecast: 350gCO2e/kWh").find("N0408 2:") == 0);
  CHECK(site("carbon-forecast: [350gCO2e/kWh, 1EUR/kWh]").find("N0410 2:") == 0);
  CHECK(site("price-forecast: [-0.1EUR/kWh]").find("N0411 2:") == 0);
  std::string hours = "0.1EUR/kWh";
  for (int hour = 1; hour < 8784; ++hour)
    hours += ", 0.1EUR/kWh";
  CHECK(site("price-forecast: [" + hours + "]").empty());
  CHECK(site("price-forecast: [" + hours + ", 0.1EUR/kWh]")
            .find("price-forecast has more than 8784 hours") != std::string::npos);
}

TEST_CASE("what can be suspended") {
  CHECK(in_node("suspend: {power: 1W, wake: 30s}").empty());
  CHECK(in_node("suspend: {power: 0W}, power: {idle: 3W, max: 9W}").empty());
  CHECK(in_node("suspend: {wake: 30s}").find("N0407 3:") == 0);
  CHECK(in_node("suspend: {power: 1s}").find("N0410 3:") == 0);
  CHECK(in_node("suspend: {power: 4W}, power: {idle: 3W, max: 9W}")
            .find("suspended power 4W is more than idle power 3W") != std::string::npos);
}

TEST_CASE("limited power and sleep") {
  CHECK(in_node("supply: 4W, duty-cycle: 10%, duty-period: 10min").empty());
  CHECK(in_node("pull: 100Mbit/s, images: [\"a@sha256:1\", \"b@sha256:2\"]").empty());
  CHECK(in_node("pull: 0bit/s").find("N0411 3:") == 0);
  CHECK(in_node("images: a").find("N0408 3:") == 0);
  CHECK(in_node("supply: 4Wh").find("N0410 3:") == 0);
  CHECK(in_node("duty-cycle: 0%").find("N0411 3:79-81 duty-cycle is more than 0%") == 0);
  CHECK(in_node("duty-cycle: 101%").find("N0411 3:") == 0);
  CHECK(in_node("duty-period: 0s").find("N0411 3:") == 0);
}
