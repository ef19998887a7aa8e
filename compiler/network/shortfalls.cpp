// A node that says it cannot enforce a limit still runs the workload: the plan shows it, and the
// specification says that this was accepted.
#include <map>
#include <set>

#include "compiler/explain/texts.h"
#include "compiler/network/network.h"
#include "compiler/resolve/names.h"
#include "compiler/resolve/volumes.h"

namespace nemo::compiler {

namespace {

// What a workload relies on beside the sandbox itself.
std::vector<std::string> relied_on(const proto::Workload &workload) {
  std::vector<std::string> names;
  const proto::Resources &resources = workload.resources();
  if (resources.cpu_millicores())
    names.push_back("limit.cpu");
  if (resources.memory_bytes())
    names.push_back("limit.memory");
  if (resources.pids())
    names.push_back("limit.pids");
  if (resources.gpu_milli())
    names.push_back("gpu");
  if (!resources.devices().empty())
    names.push_back("devices");
  for (const proto::Mount &mount : workload.mounts())
    if (is_local_volume(mount) && mount.size_bytes()) {
      names.push_back("limit.volume");
      break;
    }
  if (workload.sandbox().empty() || workload.sandbox() == "process")
    for (const char *name : {"landlock.files", "landlock.tcp", "seccomp"})
      names.push_back(name);
  return names;
}

} // namespace

stages::Deliverable shortfalls(const stages::Inputs &inputs, const stages::Resolved &resolved,
                               const stages::Placed &placed) {
  std::map<std::tuple<std::string, std::string, std::string>, std::string> found;
  for (int r = 0; r < placed.replicas_size(); ++r) {
    const proto::Workload &workload =
        inputs.intent().workloads(static_cast<int>(resolved.replicas(r).workload()));
    const proto::Node &node = resolved.world().nodes(static_cast<int>(placed.replicas(r).node()));
    for (const auto &[name, asked] :
         {std::pair("gpu", workload.resources().gpu_milli() > 0),
          std::pair("devices", !workload.resources().devices().empty())})
      if (asked && offers(node, name) == Offer::unknown)
        found.emplace(std::make_tuple(workload.name(), node.name(), name),
                      explain::hands_out_no_devices());
    for (const std::string &name : relied_on(workload))
      for (const proto::Capability &capability : node.capabilities())
        if (capability.name() == name && !capability.available())
          found.emplace(std::make_tuple(workload.name(), node.name(), name), capability.reason());
  }
  stages::Deliverable result;
  for (const auto &[key, reason] : found) {
    proto::Shortfall *shortfall = result.add_shortfalls();
    shortfall->set_workload(std::get<0>(key));
    shortfall->set_node(std::get<1>(key));
    shortfall->set_capability(std::get<2>(key));
    shortfall->set_reason(reason);
  }
  return result;
}

} // namespace nemo::compiler
