// Whether a plan still fits the fleet, and if not, what moved, in words. A fact that the plan knew
// and that is another now has moved; one that it did not know was judged on the safe side and does
// not count. Of what runs, everything is accepted that the plan's own actions lead to.
#include "compiler/plan/binding.h"

#include <map>
#include <set>
#include <tuple>

#include <fmt/format.h>

namespace nemo::plan {

namespace {

using Moves = std::vector<std::string>;

std::string bytes_text(uint64_t bytes) {
  static constexpr const char *units[] = {"B", "KiB", "MiB", "GiB", "TiB"};
  size_t unit = 0;
  while (unit + 1 < std::size(units) && bytes != 0 && bytes % 1024 == 0) {
    bytes /= 1024;
    ++unit;
  }
  return fmt::format("{}{}", bytes, units[unit]);
}

std::string thousandth(uint64_t value, const char *unit) {
  std::string text = fmt::format("{}.{:03}", value / 1000, value % 1000);
  text.erase(text.find_last_not_of('0') + 1);
  if (text.back() == '.')
    text.pop_back();
  return text + unit;
}

std::string plain(uint64_t value) { return std::to_string(value); }
std::string cores(uint64_t value) { return thousandth(value, "core"); }
std::string units(uint64_t value) { return thousandth(value, ""); }
std::string watts(uint64_t value) { return thousandth(value, "W"); }

std::string label_text(const proto::Value &value) {
  switch (value.kind_case()) {
  case proto::Value::kText:
    return "\"" + value.text() + "\"";
  case proto::Value::kEnumerator:
    return value.enumerator();
  case proto::Value::kBoolean:
    return value.boolean() ? "true" : "false";
  case proto::Value::kQuantity:
    return value.quantity().num() +
           (value.quantity().den().empty() ? "" : "/" + value.quantity().den()) +
           value.quantity().dimension();
  default:
    return "another value";
  }
}

/// Gathers the moves of one object: "node gw1: memory 4GiB → 2GiB".
class Comparison {
public:
  Comparison(Moves &moves, std::string what) : moves_(moves), what_(std::move(what)) {}

  void differ(llvm::StringRef fact, llvm::StringRef from, llvm::StringRef to) {
    if (from != to)
      moves_.push_back(fmt::format("{}: {} {} → {}", what_, fact.str(), from.str(),
                                   to.empty() ? "unknown" : to.str()));
  }
  void number(llvm::StringRef fact, bool known, uint64_t from, bool still_known, uint64_t to,
              std::string (*text)(uint64_t)) {
    if (known && (!still_known || from != to))
      differ(fact, text(from), still_known ? text(to) : "unknown");
  }
  void words(llvm::StringRef fact, bool known, const std::string &from, const std::string &to) {
    if (known)
      differ(fact, from, to);
  }
  void labels(const google::protobuf::RepeatedPtrField<proto::Fact> &from,
              const google::protobuf::RepeatedPtrField<proto::Fact> &to) {
    std::map<std::string, std::string> now;
    for (const proto::Fact &label : to)
      now[label.key()] = label_text(label.value());
    for (const proto::Fact &label : from) {
      const auto found = now.find(label.key());
      differ("label " + label.key(), label_text(label.value()),
             found == now.end() ? "unknown" : found->second);
    }
  }
  void say(const std::string &text) { moves_.push_back(what_ + " " + text); }

private:
  Moves &moves_;
  std::string what_;
};

std::string gpus_text(const proto::Node &node) {
  std::string text;
  for (const proto::Gpu &gpu : node.gpus()) {
    text += (text.empty() ? "" : ", ") + gpu.model();
    if (gpu.has_memory_bytes())
      text += " " + bytes_text(gpu.memory_bytes());
    if (!gpu.profile().empty())
      text += " " + gpu.profile();
  }
  return text;
}

void compare_node(Moves &moves, const proto::Node &from, const proto::Node &to) {
  Comparison node(moves, "node " + from.name());
  node.words("site", true, from.site(), to.site());
  node.words("class", from.has_node_class(), from.node_class(), to.node_class());
  node.words("arch", from.has_arch(), from.arch(), to.arch());
  node.number("cpu", true, from.cpu_millicores(), true, to.cpu_millicores(), cores);
  node.number("memory", true, from.memory_bytes(), true, to.memory_bytes(), bytes_text);
  node.number("disk", from.has_disk_bytes(), from.disk_bytes(), to.has_disk_bytes(),
              to.disk_bytes(), bytes_text);
  node.number("gpu", from.has_gpu_milli(), from.gpu_milli(), to.has_gpu_milli(), to.gpu_milli(),
              units);
  node.words("GPUs", !from.gpus().empty(), gpus_text(from), gpus_text(to));
  node.number("pids", from.has_pids(), from.pids(), to.has_pids(), to.pids(), plain);
  node.number("idle power", from.has_power_idle_mw(), from.power_idle_mw(), to.has_power_idle_mw(),
              to.power_idle_mw(), watts);
  node.number("max power", from.has_power_max_mw(), from.power_max_mw(), to.has_power_max_mw(),
              to.power_max_mw(), watts);
  node.number("suspended power", from.has_power_suspended_mw(), from.power_suspended_mw(),
              to.has_power_suspended_mw(), to.power_suspended_mw(), watts);
  node.number("trust", from.has_trust(), from.trust(), to.has_trust(), to.trust(), plain);
  const auto takes = [](const proto::Node &node) {
    return !node.has_cordon()        ? "takes what fits"
           : node.cordon().drained() ? "drained"
                                     : "cordoned";
  };
  node.differ("state", takes(from), takes(to));
  if (from.has_tpm())
    node.differ("tpm", from.tpm() ? "true" : "false",
                to.has_tpm() ? (to.tpm() ? "true" : "false") : "unknown");
  node.labels(from.labels(), to.labels());
  const std::set<std::string> kinds(to.sandboxes().begin(), to.sandboxes().end());
  for (const std::string &kind : from.sandboxes())
    if (!kinds.count(kind))
      node.say("no longer offers the sandbox " + kind);
  std::map<std::string, const proto::Capability *> can;
  for (const proto::Capability &capability : to.capabilities())
    can[capability.name()] = &capability;
  for (const proto::Capability &capability : from.capabilities()) {
    const auto found = can.find(capability.name());
    const bool now = found != can.end() && found->second->available();
    if (capability.available() && !now)
      node.say("can no longer do " + capability.name() +
               (found != can.end() && !found->second->reason().empty()
                    ? ": " + found->second->reason()
                    : ""));
    else if (!capability.available() && now)
      node.say("can do " + capability.name() + " now");
  }
}

void compare_inventory(Moves &moves, const proto::Fleet &from, const proto::Fleet &to) {
  std::map<std::string, const proto::Site *> sites;
  for (const proto::Site &site : to.sites())
    sites[site.name()] = &site;
  for (const proto::Site &site : from.sites()) {
    const auto found = sites.find(site.name());
    if (found == sites.end()) {
      moves.push_back(fmt::format("site {} is gone", site.name()));
      continue;
    }
    Comparison comparison(moves, "site " + site.name());
    const proto::Site &now = *found->second;
    comparison.words("country", site.has_country(), site.country(), now.country());
    comparison.words("zone", site.has_zone(), site.zone(), now.zone());
    comparison.words("region", site.has_region(), site.region(), now.region());
    comparison.words("location", site.has_location(), site.location(), now.location());
    comparison.labels(site.labels(), now.labels());
  }
  std::map<std::string, const proto::Node *> nodes;
  for (const proto::Node &node : to.nodes())
    nodes[node.name()] = &node;
  for (const proto::Node &node : from.nodes()) {
    const auto found = nodes.find(node.name());
    if (found == nodes.end())
      moves.push_back(fmt::format("node {} is gone", node.name()));
    else
      compare_node(moves, node, *found->second);
  }
  std::map<std::pair<std::string, std::string>, const proto::Link *> links;
  for (const proto::Link &link : to.links())
    links[{link.from(), link.to()}] = &link;
  for (const proto::Link &link : from.links()) {
    const auto found = links.find({link.from(), link.to()});
    const std::string name = fmt::format("link {} to {}", link.from(), link.to());
    if (found == links.end()) {
      moves.push_back(name + " is gone");
      continue;
    }
    Comparison comparison(moves, name);
    const proto::Link &now = *found->second;
    comparison.number("latency in ns", link.has_latency_ns(), link.latency_ns(),
                      now.has_latency_ns(), now.latency_ns(), plain);
    comparison.number("bandwidth in bit/s", link.has_bandwidth_bps(), link.bandwidth_bps(),
                      now.has_bandwidth_bps(), now.bandwidth_bps(), plain);
  }
}

struct Where {
  std::string workload;
  uint32_t replica;
  std::string node;
  std::string revision;
  auto operator<=>(const Where &) const = default;
  std::string name() const { return fmt::format("{}/{}", workload, replica); }
};

std::set<Where> running(const proto::Fleet &fleet, const std::string &stack) {
  std::set<Where> all;
  for (const proto::Running &one : fleet.running())
    if (one.stack() == stack)
      all.insert({one.workload(), one.replica(), one.node(), one.revision()});
  return all;
}

std::set<Where> finished(const proto::Fleet &fleet, const std::string &stack) {
  std::set<Where> all;
  for (const proto::Running &one : fleet.running())
    if (one.stack() == stack && one.state() == proto::Running::EXITED && one.exit_code() == 0)
      all.insert({one.workload(), one.replica(), one.node(), one.revision()});
  return all;
}

/// Whatever the plan ends with may finish, and gives room then. What it takes for finished has to
/// be, and what it replaces or moves may not be.
void compare_finished(Moves &moves, const proto::Plan &plan, const proto::Fleet &now) {
  const std::set<Where> start = finished(plan.facts(), plan.stack());
  const std::set<Where> observed = finished(now, plan.stack());
  const std::set<Where> there = running(now, plan.stack());
  std::set<Where> goes_on;
  for (const proto::Part &part : plan.parts())
    for (const proto::Instance &instance : part.instances())
      if (!instance.retiring())
        for (const std::string &name : {instance.workload(), instance.renamed_from()})
          goes_on.insert({name, instance.replica(), part.node(), instance.revision()});
  for (const Where &where : start)
    if (there.count(where) && !observed.count(where))
      moves.push_back(
          fmt::format("{} on {} had finished, and runs again", where.name(), where.node));
  for (const Where &where : running(plan.facts(), plan.stack()))
    if (observed.count(where) && !start.count(where) && !goes_on.count(where))
      moves.push_back(fmt::format("{} on {} has finished", where.name(), where.node));
}

void compare_running(Moves &moves, const proto::Plan &plan, const proto::Fleet &now) {
  const std::set<Where> start = running(plan.facts(), plan.stack());
  const std::set<Where> observed = running(now, plan.stack());
  std::set<Where> end;
  for (const proto::Part &part : plan.parts())
    for (const proto::Instance &instance : part.instances())
      end.insert({instance.workload(), instance.replica(), part.node(), instance.revision()});
  for (const Where &where : observed) {
    if (start.count(where) || end.count(where))
      continue;
    bool same_place = false;
    for (const std::set<Where> *side : {&start, &std::as_const(end)})
      for (const Where &other : *side)
        same_place |= other.workload == where.workload && other.replica == where.replica &&
                      other.node == where.node;
    if (same_place)
      moves.push_back(fmt::format("{} on {} runs another revision now: {}", where.name(),
                                  where.node,
                                  where.revision.empty() ? "not known" : where.revision));
    else
      moves.push_back(fmt::format("{} runs on {} now", where.name(), where.node));
  }
  for (const Where &where : start)
    if (end.count(where) && !observed.count(where)) {
      bool kept = false;
      for (const proto::Action &action : plan.actions())
        kept |= action.verb() == "keep" && action.node() == where.node &&
                action.object() == "workload." + where.name();
      if (kept)
        moves.push_back(fmt::format("{} no longer runs on {}", where.name(), where.node));
    }
}

void compare_parts(Moves &moves, const proto::Plan &plan, const proto::Fleet &now) {
  std::map<std::string, uint64_t> start;
  for (const proto::PartState &part : plan.facts().parts())
    if (part.part().stack() == plan.stack())
      start[part.part().node()] = part.generation();
  std::set<std::string> seen;
  for (const proto::PartState &part : now.parts()) {
    if (part.part().stack() != plan.stack())
      continue;
    const std::string &node = part.part().node();
    seen.insert(node);
    const auto found = start.find(node);
    const uint64_t from = found == start.end() ? 0 : found->second;
    if (part.generation() == from || part.part().plan_digest() == plan.digest())
      continue;
    moves.push_back(fmt::format(
        "stack {} on {} was delivered by {} since: generation {} → {}", plan.stack(), node,
        part.holder().empty() ? "somebody" : part.holder(), from, part.generation()));
  }
  for (const auto &[node, generation] : start)
    if (generation != 0 && !seen.count(node))
      moves.push_back(fmt::format("{} no longer knows of stack {}, which it had in generation {}",
                                  node, plan.stack(), generation));
}

/// What other stacks were given on each node, and the fixed ports that they hold there.
struct Taken {
  uint64_t cpu = 0, memory = 0, disk = 0, gpu = 0;
  std::set<uint32_t> ports;
  std::map<uint32_t, uint64_t> devices; ///< thousandths of each that are named
};

std::map<std::string, Taken> taken_by_others(const proto::Fleet &fleet, const std::string &stack) {
  std::map<std::string, Taken> all;
  for (const proto::PartState &state : fleet.parts()) {
    if (state.part().stack() == stack)
      continue;
    Taken &taken = all[state.part().node()];
    for (const proto::Instance &instance : state.part().instances()) {
      const proto::Spec &spec = instance.spec();
      taken.cpu += spec.resources().cpu_millicores();
      taken.memory += spec.resources().memory_bytes();
      taken.disk += spec.resources().disk_bytes();
      for (const proto::Mount &mount : spec.mounts())
        taken.disk += mount.kind().empty() ? mount.size_bytes() : 0;
      taken.gpu += spec.resources().gpu_milli();
      for (uint32_t gpu : spec.gpus())
        taken.devices[gpu] += std::min<uint64_t>(spec.resources().gpu_milli(), 1000);
      for (const proto::Port &port : spec.ports())
        if (port.number() != 0 && spec.network() != "own")
          taken.ports.insert(port.number());
    }
  }
  return all;
}

/// Room that other stacks gave up is no reason to plan again; room that they took is.
void compare_room(Moves &moves, const proto::Plan &plan, const proto::Fleet &now) {
  const auto before = taken_by_others(plan.facts(), plan.stack());
  for (const auto &[node, taken] : taken_by_others(now, plan.stack())) {
    const auto found = before.find(node);
    const Taken from = found == before.end() ? Taken{} : found->second;
    auto grown = [&](const char *what, uint64_t was, uint64_t is, std::string (*text)(uint64_t)) {
      if (is > was)
        moves.push_back(fmt::format("node {}: other stacks take {} → {} of {}", node, text(was),
                                    text(is), what));
    };
    grown("cpu", from.cpu, taken.cpu, cores);
    grown("memory", from.memory, taken.memory, bytes_text);
    grown("disk", from.disk, taken.disk, bytes_text);
    grown("gpu", from.gpu, taken.gpu, units);
    for (const auto &[gpu, milli] : taken.devices) {
      const auto was = from.devices.find(gpu);
      if (milli > (was == from.devices.end() ? 0 : was->second))
        moves.push_back(fmt::format("node {}: other stacks hold more of GPU {} now", node, gpu));
    }
    for (uint32_t port : taken.ports)
      if (!from.ports.count(port))
        moves.push_back(fmt::format("node {}: another stack holds port {} now", node, port));
  }
}

} // namespace

std::vector<std::string> what_moved(const proto::Plan &plan, const proto::Fleet &now) {
  Moves moves;
  compare_inventory(moves, plan.facts(), now);
  compare_running(moves, plan, now);
  compare_finished(moves, plan, now);
  compare_parts(moves, plan, now);
  compare_room(moves, plan, now);
  return moves;
}

} // namespace nemo::plan
