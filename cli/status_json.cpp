#include "cli/status_json.h"

#include "orchestrator/drift.h"
#include "protocol/formula/evaluate.h"

namespace nemo::cli {

namespace json = llvm::json;

namespace {

json::Value integer(uint64_t value) { return static_cast<int64_t>(value); }

json::Value replica_json(const orchestrator::ReplicaStatus &replica) {
  const proto::Running &r = replica.observed;
  json::Array addresses;
  for (const proto::Address &address : r.addresses())
    addresses.push_back(json::Object{{"port", address.port()}, {"address", address.address()}});
  json::Object object{
      {"stack", r.stack()},
      {"name", r.workload()},
      {"replica", integer(r.replica())},
      {"node", r.node()},
      {"state", orchestrator::state_name(r.state())},
      {"pid", r.pid() != 0 ? json::Value(r.pid()) : json::Value(nullptr)},
      {"healthy", r.healthy()},
      {"restarts", integer(r.restarts())},
      {"cpu_cores", r.has_cpu_cores() ? json::Value(r.cpu_cores()) : json::Value(nullptr)},
      {"memory_bytes", r.has_memory_bytes() ? integer(r.memory_bytes()) : json::Value(nullptr)},
      {"exit_code", r.has_exit_code() ? json::Value(r.exit_code()) : json::Value(nullptr)},
      {"reason", r.reason()},
      {"started_at", r.started_at()},
      {"since", r.since().empty() ? json::Value(nullptr) : json::Value(r.since())},
      {"revision", r.revision()},
      {"uid", r.uid()},
      {"retiring", r.retiring()},
      {"protected", r.protect()},
      {"refusals", r.has_refusals() ? integer(r.refusals()) : json::Value(nullptr)},
      {"addresses", std::move(addresses)}};
  object["reserved"] = replica.reserved
                           ? json::Value(json::Object{
                                 {"cpu_millicores", integer(replica.reserved->cpu_millicores())},
                                 {"memory_bytes", integer(replica.reserved->memory_bytes())}})
                           : json::Value(nullptr);
  return object;
}

json::Value node_json(const proto::Node &node) {
  json::Array sandboxes, capabilities;
  for (const std::string &sandbox : node.sandboxes())
    sandboxes.push_back(sandbox);
  for (const proto::Capability &capability : node.capabilities())
    capabilities.push_back(json::Object{{"name", capability.name()},
                                        {"available", capability.available()},
                                        {"reason", capability.reason()}});
  json::Object labels;
  for (const proto::Fact &label : node.labels())
    labels[label.key()] = formula::to_string(label.value());
  return json::Object{
      {"name", node.name()},
      {"site", node.site()},
      {"class", node.has_node_class() ? json::Value(node.node_class()) : json::Value(nullptr)},
      {"arch", node.has_arch() ? json::Value(node.arch()) : json::Value(nullptr)},
      {"cpu_millicores", integer(node.cpu_millicores())},
      {"memory_bytes", integer(node.memory_bytes())},
      {"disk_bytes", node.has_disk_bytes() ? integer(node.disk_bytes()) : json::Value(nullptr)},
      {"tpm", node.has_tpm() ? json::Value(node.tpm()) : json::Value(nullptr)},
      {"agent_version", node.agent_version()},
      {"cordoned", node.has_cordon()},
      {"drained", node.cordon().drained()},
      {"cordon_reason",
       node.has_cordon() ? json::Value(node.cordon().reason()) : json::Value(nullptr)},
      {"sandboxes", std::move(sandboxes)},
      {"labels", std::move(labels)},
      {"capabilities", std::move(capabilities)}};
}

json::Array node_list(const proto::Fleet &fleet) {
  json::Array nodes;
  for (const proto::Node &node : fleet.nodes())
    nodes.push_back(node_json(node));
  return nodes;
}

} // namespace

json::Value status_json(const orchestrator::Status &status, const proto::Fleet &fleet,
                        const std::optional<proto::Plan> &plan) {
  json::Array workloads, parts;
  for (const orchestrator::ReplicaStatus &replica : status.replicas)
    workloads.push_back(replica_json(replica));
  for (const proto::PartState &part : status.parts)
    parts.push_back(json::Object{{"stack", part.part().stack()},
                                 {"node", part.part().node()},
                                 {"generation", integer(part.generation())},
                                 {"source", part.part().source()},
                                 {"holder", part.holder()}});
  json::Object object{{"version", 1},
                      {"generation", integer(status.generation)},
                      {"at", fleet.at()},
                      {"nodes", node_list(fleet)},
                      {"parts", std::move(parts)},
                      {"workloads", std::move(workloads)}};
  if (plan) {
    const proto::Totals &t = plan->after();
    auto scaled = [](bool known, int64_t value, double by) {
      return known ? json::Value(static_cast<double>(value) / by) : json::Value(nullptr);
    };
    object["predicted"] = json::Object{
        {"eur_per_hour", scaled(t.has_ueur_per_hour(), t.ueur_per_hour(), 1e6)},
        {"watts", scaled(t.has_milliwatts(), t.milliwatts(), 1e3)},
        {"gco2e_per_hour", scaled(t.has_mg_co2e_per_hour(), t.mg_co2e_per_hour(), 1e3)}};
  }
  return object;
}

json::Value nodes_json(const proto::Fleet &fleet) {
  return json::Object{{"version", 1}, {"at", fleet.at()}, {"nodes", node_list(fleet)}};
}

} // namespace nemo::cli
