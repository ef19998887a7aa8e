// Facts are cut down so that a plan goes stale when something it rests on has moved, and only then.
#include "compiler/resolve/facts.h"

#include <set>
#include <string>
#include <tuple>

#include "compiler/resolve/existing.h"
#include "protocol/formula/evaluate.h"

namespace nemo::compiler {

namespace {

using google::protobuf::RepeatedPtrField;

// Names below node, site and grid that some formula of the intent asks for.
struct Asked {
  std::set<std::string> node_labels, site_labels;
  bool temperature = false;
  bool availability = false;    ///< of nodes and sites, also to predict one from
  bool links = false;           ///< for latency, throughput, proximity and moves with memory
  bool since = false;           ///< when replicas arrived
  std::set<std::string> images; ///< that nodes may hold
  bool forecasts = false;       ///< to place jobs in time

  void add(const proto::Expr &formula) {
    for (const proto::Ref *ref : formula::references(formula)) {
      const auto &path = ref->path();
      int at = path.size() > 1 && path[0] == "node" && path[1] == "site" ? 2 : 1;
      bool site = at == 2 || (!path.empty() && path[0] == "site");
      if (path.size() > at + 1 && path[at] == "labels")
        (site ? site_labels : node_labels).insert(path[at + 1]);
      temperature |= path.size() > 1 && path[0] == "node" && path[1] == "temperature";
      links |= !path.empty() && (path[0] == "latency" || path[0] == "throughput");
      availability |= !path.empty() && (path[0] == "availability" ||
                                        (path.size() > at && path[at] == "availability"));
    }
  }
  void add(const RepeatedPtrField<proto::Rule> &rules) {
    for (const proto::Rule &rule : rules) {
      add(rule.formula());
      if (rule.has_where())
        add(rule.where());
    }
  }
};

Asked asked(const proto::Intent &intent) {
  Asked result;
  for (const proto::Select &select : intent.selects())
    result.add(select.rules());
  for (const proto::Policy &policy : intent.policies())
    result.add(policy.rules());
  for (const proto::Objective &objective : intent.objectives()) {
    result.add(objective.rules());
    result.since |= objective.has_max_moves_per_hour();
  }
  for (const proto::Workload &workload : intent.workloads()) {
    result.add(workload.place().rules());
    result.add(workload.slo());
    result.since |= workload.dwell_ms() != 0;
    result.forecasts |= workload.has_job();
    for (const proto::Affinity &affinity : workload.place().affinities())
      result.links |= affinity.within_ns() != 0;
    result.links |= workload.sandbox() == "microvm" || workload.sandbox() == "unikernel";
    if (!workload.image().empty())
      result.images.insert(workload.image());
  }
  for (const proto::Cluster &cluster : intent.clusters()) {
    result.add(cluster.rules());
    result.links |= cluster.quorum_latency_ns() != 0;
  }
  for (const proto::Object &object : intent.objects()) {
    if (object.kind() != "flow")
      continue;
    result.add(object.rules());
    for (const proto::Attribute &attribute : object.attributes())
      result.links |= attribute.name() == "bandwidth";
  }
  return result;
}

void keep_labels(RepeatedPtrField<proto::Fact> &labels, const std::set<std::string> &keys) {
  for (int i = labels.size() - 1; i >= 0; --i)
    if (!keys.count(labels[i].key()))
      labels.DeleteSubrange(i, 1);
}

/// Stack, workload by the name that it is reported under, replica, node, revision.
using Instance = std::tuple<std::string, std::string, uint32_t, std::string, std::string>;

Instance key_of(const proto::Running &running) {
  return {running.stack(), running.workload(), running.replica(), running.node(),
          running.revision()};
}

/// Jobs of all stacks that have ended well. Of other stacks' workloads only what a node was told of
/// a start says that they are jobs.
std::set<Instance> finished_jobs(const proto::Intent &intent, const proto::Fleet &fleet) {
  std::set<Instance> ended, result;
  for (const proto::Running &running : fleet.running())
    if (has_ended(running))
      ended.insert(key_of(running));
  for (const proto::PartState &state : fleet.parts())
    for (const proto::Instance &told : state.part().instances())
      if (const Instance key{state.part().stack(), told.workload(), told.replica(),
                             state.part().node(), told.revision()};
          !told.start_at().empty() && ended.count(key))
        result.insert(key);
  if (ended.empty())
    return result;
  for (const stages::Existing &there : existing(intent, fleet))
    if (there.finished())
      result.emplace(intent.stack(),
                     there.renamed_from().empty() ? there.workload() : there.renamed_from(),
                     there.replica(), there.node(), there.revision());
  return result;
}

proto::PartState room_taken(const proto::PartState &state, const std::set<Instance> &finished) {
  proto::PartState room;
  room.mutable_part()->set_stack(state.part().stack());
  room.mutable_part()->set_node(state.part().node());
  for (const proto::Instance &instance : state.part().instances()) {
    if (finished.count({state.part().stack(), instance.workload(), instance.replica(),
                        state.part().node(), instance.revision()}))
      continue;
    proto::Instance *copy = room.mutable_part()->add_instances();
    copy->set_workload(instance.workload());
    copy->set_replica(instance.replica());
    copy->set_revision(instance.revision());
    copy->set_retiring(instance.retiring());
    *copy->mutable_spec()->mutable_resources() = instance.spec().resources();
    *copy->mutable_spec()->mutable_ports() = instance.spec().ports();
    *copy->mutable_spec()->mutable_gpus() = instance.spec().gpus();
    copy->mutable_spec()->set_network(instance.spec().network());
    copy->mutable_spec()->set_exclusive(instance.spec().exclusive());
    for (const proto::Mount &mount : instance.spec().mounts())
      if (!mount.volume().empty() && mount.size_bytes() != 0) {
        proto::Mount *kept = copy->mutable_spec()->add_mounts();
        kept->set_volume(mount.volume());
        kept->set_kind(mount.kind());
        kept->set_size_bytes(mount.size_bytes());
      }
  }
  return room;
}

/// Nodes that can be suspended, in what is found or declared.
std::set<std::string> sleepers(const proto::Intent &intent, const proto::Fleet &fleet) {
  std::set<std::string> names;
  for (const proto::Node &node : fleet.nodes())
    if (node.has_power_suspended_mw())
      names.insert(node.name());
  for (const proto::Inventory &item : intent.inventory())
    for (const proto::Object &part : item.facts().children())
      if (item.kind() == "node" && part.kind() == "suspend")
        names.insert(item.name());
  return names;
}

} // namespace

proto::Fleet facts_read(const proto::Intent &intent, const proto::Fleet &fleet) {
  const Asked names = asked(intent);
  proto::Fleet facts;
  facts.set_version(fleet.version());
  facts.set_at(fleet.at());
  facts.set_backend(fleet.backend());
  *facts.mutable_sites() = fleet.sites();
  *facts.mutable_nodes() = fleet.nodes();
  for (proto::Site &site : *facts.mutable_sites()) {
    keep_labels(*site.mutable_labels(), names.site_labels);
    if (!names.availability)
      site.clear_availability_ppb();
    if (!names.forecasts) {
      site.clear_carbon_forecast_mg_per_kwh();
      site.clear_price_forecast_neur_per_kwh();
    }
  }
  for (proto::Node &node : *facts.mutable_nodes()) {
    keep_labels(*node.mutable_labels(), names.node_labels);
    node.clear_agent_version();
    if (names.images.empty())
      node.clear_pull_bps();
    const auto images = node.images();
    node.clear_images();
    for (const std::string &image : images)
      if (names.images.count(image))
        node.add_images(image);
    if (!names.temperature)
      node.clear_temperature_mdegc();
    if (!names.availability)
      node.clear_availability_ppb();
  }
  if (names.links)
    *facts.mutable_links() = fleet.links();
  const std::set<Instance> finished = finished_jobs(intent, fleet);
  for (const proto::Running &running : fleet.running())
    if (running.stack() == intent.stack()) {
      proto::Running *copy = facts.add_running();
      copy->set_stack(running.stack());
      copy->set_workload(running.workload());
      copy->set_replica(running.replica());
      copy->set_node(running.node());
      copy->set_uid(running.uid());
      copy->set_revision(running.revision());
      copy->set_source(running.source());
      copy->set_retiring(running.retiring());
      copy->set_protect(running.protect());
      if (names.since)
        copy->set_since(running.since());
      if (running.state() == proto::Running::STOPPED || finished.count(key_of(running)))
        copy->set_state(running.state());
    }
  const std::set<std::string> asleep = sleepers(intent, fleet);
  for (const proto::Running &running : fleet.running())
    if (running.stack() != intent.stack() && asleep.count(running.node()) &&
        !finished.count(key_of(running))) {
      proto::Running *copy = facts.add_running(); // somebody is there
      copy->set_stack(running.stack());
      copy->set_workload(running.workload());
      copy->set_replica(running.replica());
      copy->set_node(running.node());
    }
  for (const proto::PartState &state : fleet.parts())
    *facts.add_parts() =
        state.part().stack() == intent.stack() ? state : room_taken(state, finished);
  return facts;
}

} // namespace nemo::compiler
