// Small stacks and fleets, each of which makes a plan hold what others do not.
#include "scenario_texts.h"

namespace nemo::test {

// Everybody would be cheapest on gw1, which has no room for all of them.
std::string crowd() {
  return R"(nemo = 1
stack = "crowd"
workload a { exec = ["/bin/a"]; replicas = 2; resources { cpu = 1core; memory = 1GiB } }
workload b {
  exec = ["/bin/b"]
  replicas = 1..3
  resources { cpu = 2core; memory = 1GiB }
  slo { min-available = 2 }
  place { affinity { to = a; within = site } }
}
)";
}

// `alone` and `other` exchange nodes in the second, and keep away from what `other` stacks have.
std::string lonely(bool exchanged) {
  return std::string("nemo = 1\nstack = \"lonely\"\n") +
         "workload alone { exec = [\"/bin/a\"]; place { exclusive = true; require node.name == \"" +
         (exchanged ? "gw2" : "gw1") + "\" } }\n" +
         "workload other { exec = [\"/bin/b\"]; place { require node.name == \"" +
         (exchanged ? "gw1" : "gw2") + "\" } }\n" +
         "workload third { exec = [\"/bin/c\"]; partition = stop }\n";
}

// One of each is too many for the two gateways: `bulk` waits, and all of the gang.
std::string overfull() {
  return R"(nemo = 1
stack = "overfull"
tenant acme { guarantee { cpu = 2core; memory = 8GiB } }
workload sure { exec = ["/bin/sure"]; after = [store]; resources { cpu = 2core; memory = 512MiB } }
workload store { exec = ["/bin/store"]; priority = 1; resources { cpu = 1core; memory = 512MiB } }
workload bulk { exec = ["/bin/bulk"]; priority = 3; replicas = 5; resources { cpu = 1core; memory = 128MiB } }
workload own { exec = ["/bin/own"]; tenant = acme; priority = 2; replicas = 3; resources { cpu = 1core; memory = 64MiB } }
workload team { exec = ["/bin/team"]; priority = 2; gang = true; replicas = 2; resources { cpu = 1core; memory = 64MiB } }
)";
}

// What the frames pay is less than what another node would.
std::string frames() {
  return R"(nemo = 1
stack = "frames"
link gw1 cloud1 { price = 0.001EUR/GiB }
workload cam { exec = ["/bin/cam"]; replicas = 2; place { require node.name == "gw1" } }
workload store { exec = ["/bin/store"]; place { require node.name == "cloud1" } }
flow frames { from = cam; to = store; bandwidth = 8Mbit/s }
objective thrift { minimize cost; require cost <= 1EUR/h }
)";
}

std::string images() {
  return R"(nemo = 1
stack = "vision"
node gw2 { pull = 100Mbit/s }
workload eyes {
  image = "registry.example/vision@sha256:9f2c"
  image-size = 300MiB
  replicas = 2
  place { spread = node }
}
)";
}

// Nodes that sleep by turns and are given little.
std::string motes() {
  return R"(nemo = 1
stack = "field"
site athens { availability = 99.9% }
node gw1 { availability = 99%; supply = 6W; duty-cycle = 60%; duty-period = 5min }
node gw2 { availability = 99%; duty-cycle = 50%; duty-period = 2min }
link athens athens { latency = 2ms; bandwidth = 1Mbit/s }
workload meter {
  exec     = ["/bin/meter"]
  after    = [store]
  replicas = 2
  load  { rate = 2req/s; service-time = 10ms }
  place { spread = node }
  slo   { prefer availability >= 10%; prefer latency.p99 <= 1h }
}
workload store { exec = ["/bin/store"]; load { rate = 2req/s; service-time = 10ms } }
flow readings { from = meter; to = store; require latency.p50 <= 1h }
)";
}

std::string night_shift() {
  return R"(nemo = 1
stack = "night"
workload backup {
  exec = ["/bin/backup"]
  replicas = 2
  resources { cpu = 1core; memory = 1GiB }
  job { duration = 90min; earliest = "2026-11-24T08:30:00Z"; deadline = "2026-11-24T14:00:00Z" }
}
workload mail {
  exec  = ["/bin/mail"]
  after = [backup]
  job { duration = 1min; deadline = 16h }
}
objective green { minimize cost + carbon * 80EUR/tCO2e; require carbon <= 10gCO2e/h }
)";
}

// All of it runs on the cheaper node, and the data of one stays there.
std::string tended() {
  return R"(nemo = 1
stack = "tended"
workload web { exec = ["/bin/web"]; replicas = 2; resources { cpu = 200mcore } }
workload db {
  exec = ["/bin/db"]
  resources { cpu = 100mcore }
  mount { volume = "orders"; target = "/data" }
}
)";
}
std::string tended_more() { return tended() + "workload late { exec = [\"/bin/late\"] }\n"; }

// One node is enough; the other may be suspended.
std::string asleep() {
  return R"(nemo = 1
stack = "night"
node gw1 { suspend { power = 1W; wake = 30s } }
node gw2 { suspend { power = 500mW; wake = 20s } }
workload logs { exec = ["/bin/logs"]; replicas = 2; resources { cpu = 1core; memory = 1GiB } }
workload mail { exec = ["/bin/mail"]; resources { cpu = 100mcore; memory = 2GiB } }
objective green { minimize cost + carbon * 80EUR/tCO2e; require energy <= 10W }
)";
}

std::string distances() {
  return R"(nemo = 1
stack = "distances"
workload a { exec = ["/bin/a"]; place { require node.name == "gw1" } }
workload b {
  exec = ["/bin/b"]
  place { require node.class == cloud; affinity { to = a; within = 9ms } }
}
workload c { exec = ["/bin/c"]; place { anti-affinity { to = a; within = 5ms } } }
)";
}

std::string survivors() {
  return R"(nemo = 1
stack = "survivors"
workload a { exec = ["/bin/a"]; resources { cpu = 2core }; slo { survive = node } }
workload b { exec = ["/bin/b"]; replicas = 2; resources { cpu = 1core } }
workload c { exec = ["/bin/c"]; resources { cpu = 2core } }
)";
}

// Two of three nodes form it; one workload is on it, the other keeps away.
std::string clustered() {
  return R"(nemo = 1
stack = "clustered"
select any { require node.cpu >= 1core }
cluster pair {
  on = any
  nodes = 2
  controllers = 2
  quorum-latency = 20ms
  spread = region
  capacity { cpu = 5core; memory = 4GiB }
}
workload inside { exec = ["/bin/in"]; on = pair; resources { cpu = 1core } }
workload outside { exec = ["/bin/out"] }
)";
}

std::string two_gateways() {
  return R"(fleet: 1
at: 2026-11-24T08:00:00Z
sites:
  athens: {country: GR, zone: GR, region: south, carbon: 350gCO2e/kWh, price: 0.21EUR/kWh}
nodes:
  - {name: gw1, site: athens, resources: {cpu: 4core, memory: 4GiB}, power: {idle: 3W, max: 12W}, price: 0.010EUR/h}
  - {name: gw2, site: athens, resources: {cpu: 4core, memory: 8GiB}, power: {idle: 3W, max: 12W}, price: 0.016EUR/h}
)";
}

} // namespace nemo::test
