// Plans about what replicas take of nodes: devices, and amounts by hour.
#include "scenario.h"

namespace nemo::test {

namespace {

std::string gpus() {
  return R"(nemo = 1
stack = "lab"
workload train { exec = ["/bin/t"]; resources { gpu = 2; gpu-model = ["A100", "H100"]; gpu-memory = 30GiB; devices { "x.org/coral" = 1 } } }
workload serve { exec = ["/bin/s"]; resources { gpu = 0.5; gpu-memory = 16GiB } }
workload small { exec = ["/bin/m"]; resources { gpu = 1; gpu-profile = "1g.10gb" } }
)";
}

// By day and by night: the two take turns on the cheaper gateway.
std::string shifts(const std::string &peak) {
  return R"(nemo = 1
stack = "shifts"
tenant town { quota { cpu = 6core } }
workload day {
  exec = ["/bin/day"]
  tenant = town
  resources { cpu = 1core; hours { between = 7..19; cpu = 3core; memory = 1GiB } }
}
workload night {
  exec = ["/bin/night"]
  tenant = town
  resources { cpu = 1core; hours { between = 20..24; cpu = )" +
         peak + R"( }; hours { between = 0..6; cpu = 3core } }
}
)";
}

// A gateway of four cores promises five and more.
std::string bursts(const std::string &argument) {
  return R"(nemo = 1
stack = "bursts"
objective o { minimize cost; overcommit = 10%; balance = 0.5EUR/core/h }
workload cam { exec = ["/bin/c", ")" +
         argument + R"("]; replicas = 5; resources { cpu = 1core; cpu-mean = 100mcore } }
)";
}

std::string gpu_nodes() {
  return R"(fleet: 1
at: 2026-11-24T08:00:00Z
sites:
  athens: {country: GR, zone: GR, region: south, carbon: 350gCO2e/kWh, price: 0.21EUR/kWh}
nodes:
  - {name: big, site: athens, resources: {cpu: 16core, memory: 64GiB, devices: {x.org/coral: 2}}, power: {idle: 30W, max: 120W}, price: 0.90EUR/h,
     gpus: [{model: A100, memory: 40GiB}, {model: A100, memory: 40GiB}, {model: H100, memory: 80GiB},
            {model: A100, memory: 10GiB, profile: 1g.10gb}]}
)";
}

// Two machines that move, one by a link whose bandwidth is known.
std::string echoes(const std::string &near, const std::string &far) {
  std::string text = "nemo = 1\nstack = \"echoes\"\n";
  for (const auto &[name, node] : {std::pair("near", near), std::pair("far", far)})
    text += std::string("workload ") + name +
            " { image = \"r.example/echo@sha256:9f2c\"; sandbox = unikernel; resources { memory = "
            "128MiB }; place { require node.name == \"" +
            node + "\" }; migrate { state = live } }\n";
  return text;
}

std::string machine_nodes() {
  std::string text = R"(fleet: 1
at: 2026-11-24T08:00:00Z
sites:
  athens: {country: GR}
  patras: {country: GR}
links:
  - {from: athens, to: b, bandwidth: 1Gbit/s}
  - {from: a, to: b, bandwidth: 100Mbit/s}
nodes:
)";
  for (const char *node : {"a, site: athens", "b, site: patras", "c, site: patras"})
    text += std::string("  - {name: ") + node +
            ", resources: {cpu: 4core, memory: 4GiB}, sandboxes: [unikernel], capabilities: "
            "[gates, network.own, migrate.live]}\n";
  return text;
}

} // namespace

std::vector<Named> resource_plans() {
  std::vector<Named> list;
  proto::Fleet lab = fleet_of(gpu_nodes());
  proto::PartState &beside = *lab.add_parts();
  beside.mutable_part()->set_stack("other");
  beside.mutable_part()->set_node("big");
  proto::Instance &half = *beside.mutable_part()->add_instances();
  half.set_workload("see");
  half.mutable_spec()->mutable_resources()->set_gpu_milli(500);
  half.mutable_spec()->add_gpus(0);
  proto::NamedDevice &coral = *half.mutable_spec()->mutable_resources()->add_devices();
  coral.set_name("x.org/coral");
  coral.set_count(1);
  list.push_back({"devices", plan_of(intent_of(gpus()), lab)});
  proto::Fleet town = fleet_of(two_gateways());
  proto::PartState &guards = *town.add_parts();
  guards.mutable_part()->set_stack("guards");
  guards.mutable_part()->set_node("gw2");
  proto::Resources &guard =
      *guards.mutable_part()->add_instances()->mutable_spec()->mutable_resources();
  guard.set_cpu_millicores(3000);
  proto::Hours &watch = *guard.add_hours();
  watch.set_from(0);
  watch.set_to(24);
  watch.set_cpu_millicores(500);
  list.push_back({"shifts", plan_of(intent_of(shifts("3core")), town)});
  list.push_back(
      {"shifts changed", plan_of(intent_of(shifts("2.5core")), applied(list.back().plan, town))});
  const proto::Fleet gateways = fleet_of(two_gateways());
  list.push_back({"bursts", plan_of(intent_of(bursts("1")), gateways)});
  list.push_back(
      {"bursts changed", plan_of(intent_of(bursts("2")), applied(list.back().plan, gateways))});
  const proto::Fleet machines = fleet_of(machine_nodes());
  const proto::Plan before = plan_of(intent_of(echoes("a", "a")), machines);
  list.push_back({"live", plan_of(intent_of(echoes("b", "c")), applied(before, machines))});
  return list;
}

} // namespace nemo::test
