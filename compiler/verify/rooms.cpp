#include "compiler/verify/rooms.h"

namespace nemo::verify {

Amounts amounts(const proto::Resources &resources) {
  return {resources.cpu_millicores(), resources.memory_bytes(), resources.disk_bytes(),
          resources.gpu_milli(), resources.pids()};
}

std::array<std::optional<uint64_t>, 5> capacity(const proto::Node &node) {
  auto known = [](bool has, uint64_t value) {
    return has ? std::optional<uint64_t>(value) : std::nullopt;
  };
  return {node.cpu_millicores(), node.memory_bytes(),
          known(node.has_disk_bytes(), node.disk_bytes()),
          known(node.has_gpu_milli(), node.gpu_milli()), known(node.has_pids(), node.pids())};
}

std::map<std::string, Amounts> held_by_others(const Case &subject) {
  std::map<std::string, Amounts> held;
  auto take = [&](const std::string &node, const proto::Spec &spec) {
    const Amounts taken = amounts(spec.resources(), spec.mounts());
    for (size_t i = 0; i < taken.size(); ++i)
      held[node][i] += taken[i];
  };
  for (const proto::PartState &state : subject.plan.facts().parts())
    if (state.part().stack() != subject.plan.stack())
      for (const proto::Instance &instance : state.part().instances())
        take(state.part().node(), instance.spec());
  for (const There &one : subject.frozen)
    if (one.spec)
      take(one.node, *one.spec);
  return held;
}

std::map<std::pair<std::string, uint32_t>, std::string> ports_of_others(const Case &subject) {
  std::map<std::pair<std::string, uint32_t>, std::string> taken;
  for (const proto::PartState &state : subject.plan.facts().parts())
    if (state.part().stack() != subject.plan.stack())
      for (const proto::Instance &instance : state.part().instances())
        if (instance.spec().network() != "own")
          for (const proto::Port &port : instance.spec().ports())
            if (port.number() != 0)
              taken[{state.part().node(), port.number()}] = "stack " + state.part().stack();
  for (const There &one : subject.frozen)
    if (one.spec && one.spec->network() != "own")
      for (const proto::Port &port : one.spec->ports())
        if (port.number() != 0)
          taken[{one.node, port.number()}] = one.name();
  return taken;
}

} // namespace nemo::verify
