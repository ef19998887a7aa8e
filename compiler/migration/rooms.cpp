#include "compiler/migration/rooms.h"

#include <algorithm>
#include <unordered_map>

#include "compiler/resolve/devices.h"
#include "compiler/resolve/hours.h"
#include "compiler/resolve/supply.h"
#include "compiler/resolve/volumes.h"

namespace nemo::compiler {

namespace {

constexpr size_t five = 5; ///< resources before the named devices

template <typename Amounts> void add(Amounts &sum, const Amounts &part) {
  for (size_t i = 0; i < sum.size(); ++i)
    sum[i] += part[i];
}

} // namespace

Rooms::Amounts Rooms::amounts(const proto::Spec &spec, const Node &node, bool own,
                              const std::optional<Occupied> &run) const {
  const proto::Resources all = reserved(spec.resources(), spec.mounts());
  Amounts result = {all.cpu_millicores(), all.memory_bytes(), all.disk_bytes(), all.gpu_milli(),
                    all.pids()};
  result.resize(node.has.size());
  for (size_t i = 0; i < device_names_.size(); ++i)
    result[five + i] = devices_named(all.devices(), device_names_[i]);
  for (uint32_t gpu : spec.gpus())
    if (const size_t at = five + device_names_.size() + 2 * size_t{gpu}; at + 1 < result.size()) {
      result[at] += devices_asked(all).milli;
      result[at + 1] += all.gpu_memory_bytes();
    }
  if (over_)
    result[result.size() - 1 - (hourly_ ? 48 : 0) - 2 * moments_.size()] =
        own ? effective_millicores(spec.resources(), over_->s) : all.cpu_millicores();
  if (hourly_) {
    result[0] = result[1] = 0;
    const size_t later = result.size() - 2 * moments_.size();
    const auto set = [&](size_t at, uint32_t hour) {
      const proto::Resources then = at_hour(spec.resources(), hour);
      result[at] = then.cpu_millicores();
      result[at + 1] = then.memory_bytes();
    };
    for (uint32_t hour = 0; hour < 24 && !run; ++hour)
      set(later - 48 + 2 * hour, hour);
    for (size_t m = 0; m < moments_.size(); ++m)
      if (!run || run->at(moments_[m].time))
        set(later + 2 * m, moments_[m].hour);
  }
  return result;
}

Rooms::Rooms(const stages::Inputs &inputs, const stages::Resolved &resolved,
             const WantedReplicas &wanted, const Changes &changes)
    : over_(overcommit(inputs, resolved)), device_names_(names_of_devices(inputs.intent())),
      nodes_(static_cast<size_t>(resolved.world().nodes_size())), old_needs_(changes.olds.size()),
      node_of_old_(changes.olds.size()), node_of_new_(wanted.replicas.size()),
      awaited_(changes.olds.size()) {
  auto differs = [](const proto::Spec &spec) { return !spec.resources().hours().empty(); };
  for (const Wanted &one : wanted.replicas)
    hourly_ |= differs(one.spec);
  for (const Old &old : changes.olds)
    hourly_ |= differs(old.there->spec());
  std::vector<std::optional<Occupied>> run_of(
      wanted.replicas.size()); // of those that share in time
  if (jobs_share(inputs.intent(), resolved)) {
    std::vector<Occupied> runs;
    for (size_t r = 0; r < run_of.size(); ++r) {
      const Wanted &one = wanted.replicas[r];
      const proto::Workload &block = inputs.intent().workloads(static_cast<int>(one.workload));
      if (block.has_job())
        run_of[r] = held(block, one.starts_at, resolved.world().at());
      if (run_of[r])
        runs.push_back(*run_of[r]);
    }
    bool by_hour = hourly_;
    for (const proto::PartState &state : resolved.facts().parts())
      for (const proto::Instance &instance : state.part().instances())
        by_hour |= differs(instance.spec());
    moments_ = moments(resolved.world().at(), runs, by_hour);
    hourly_ = true;
  }
  std::unordered_map<std::string, size_t> index;
  for (size_t n = 0; n < nodes_.size(); ++n) {
    const proto::Node &node = resolved.world().nodes(static_cast<int>(n));
    index.emplace(node.name(), n);
    auto known = [](bool has, uint64_t value) {
      return has ? std::optional<uint64_t>(value) : std::nullopt;
    };
    nodes_[n].has = {fed_millicores(node), node.memory_bytes(),
                     known(node.has_disk_bytes(), node.disk_bytes()),
                     known(node.has_gpu_milli() || !node.gpus().empty(), gpu_milli(node)),
                     known(node.has_pids(), node.pids())};
    for (const std::string &name : device_names_)
      nodes_[n].has.emplace_back(devices_named(node.devices(), name));
    for (const DeviceView &device : devices_of(node)) {
      nodes_[n].has.emplace_back(device.milli);
      nodes_[n].has.push_back(device.said && device.said->has_memory_bytes()
                                  ? std::optional(device.said->memory_bytes())
                                  : std::nullopt);
    }
    if (over_) {
      const uint64_t cpu = *nodes_[n].has[0];
      nodes_[n].has.push_back(
          known(over_->effective[n], cpu > over_->reserve ? cpu - over_->reserve : 0));
      nodes_[n].has[0] = known(!over_->effective[n], cpu);
    }
    for (size_t i = 0; i < 24 + moments_.size() && hourly_; ++i) {
      nodes_[n].has.push_back(nodes_[n].has[0]);
      nodes_[n].has.push_back(nodes_[n].has[1]);
    }
    nodes_[n].stays.resize(nodes_[n].has.size());
  }
  for (const proto::PartState &state : resolved.facts().parts())
    if (auto node = index.find(state.part().node());
        node != index.end() && state.part().stack() != inputs.intent().stack())
      for (const proto::Instance &instance : state.part().instances())
        add(nodes_[node->second].stays, amounts(instance.spec(), nodes_[node->second], false));
  for (const stages::Existing &there : resolved.frozen())
    if (auto node = index.find(there.node()); node != index.end())
      add(nodes_[node->second].stays, amounts(there.spec(), nodes_[node->second], false));
  std::vector<Amounts> all;
  for (const Node &node : nodes_)
    all.emplace_back(node.has.size());
  for (size_t r = 0; r < wanted.replicas.size(); ++r) {
    node_of_new_[r] = index.at(wanted.replicas[r].node);
    needs_.push_back(amounts(wanted.replicas[r].spec, nodes_[node_of_new_[r]], true, run_of[r]));
    const Amounts &need = needs_.back();
    add(all[node_of_new_[r]], need);
    if (changes.changes[changes.change_of_wanted[r]].runs)
      add(nodes_[node_of_new_[r]].stays, need);
  }
  for (size_t o = 0; o < changes.olds.size(); ++o) {
    const Old &old = changes.olds[o];
    auto node = index.find(old.there->node());
    if (!old.reachable || node == index.end() || old.there->finished())
      continue;
    // What nobody says the specification of is taken to be like what follows it.
    const Wanted *next = changes.changes[old.change].wanted;
    proto::Spec spec;
    if (old.there->has_spec()) {
      spec = old.there->spec();
    } else if (next) {
      spec = next->spec;
      spec.clear_gpus(); // they may be another node's
    }
    old_needs_[o] = amounts(spec, nodes_[node->second], true);
    node_of_old_[o] = node->second;
    nodes_[node->second].olds.push_back(o);
    add(all[node->second], old_needs_[o]);
  }
  for (size_t n = 0; n < nodes_.size(); ++n)
    for (size_t i = 0; i < all[n].size(); ++i)
      // What stays and is wanted is in both sums: at worst the node is looked at for nothing.
      nodes_[n].tight |= nodes_[n].has[i] && all[n][i] + nodes_[n].stays[i] > *nodes_[n].has[i];
}

Rooms::Amounts Rooms::most(const Node &node) const {
  Amounts sum = node.stays;
  for (size_t o : node.olds)
    if (!awaited_[o])
      add(sum, old_needs_[o]);
  for (const Started &one : node.started) {
    Amounts own(sum.size());
    for (size_t o : one.own)
      if (!awaited_[o])
        add(own, old_needs_[o]);
    for (size_t i = 0; i < sum.size(); ++i)
      sum[i] += one.need[i] > own[i] ? one.need[i] - own[i] : 0;
  }
  return sum;
}

bool Rooms::fits(const Node &node, const Amounts &most, const Amounts &need) {
  for (size_t i = 0; i < need.size(); ++i)
    if (node.has[i] && need[i] != 0 && most[i] > *node.has[i])
      return false;
  return true;
}

std::optional<std::vector<size_t>> Rooms::admit(size_t replica, const std::vector<size_t> &own) {
  Node &node = nodes_[node_of_new_[replica]];
  if (!node.tight)
    return std::vector<size_t>();
  Started started{needs_[replica], {}};
  // An old one makes room for one new one.
  for (size_t o : own)
    if (node_of_old_[o] == node_of_new_[replica] &&
        std::none_of(node.started.begin(), node.started.end(), [&](const Started &other) {
          return std::find(other.own.begin(), other.own.end(), o) != other.own.end();
        }))
      started.own.push_back(o);
  node.started.push_back(started);
  std::vector<size_t> more;
  for (size_t o : node.gone) {
    if (fits(node, most(node), started.need))
      break;
    if (awaited_[o])
      continue;
    awaited_[o] = 1;
    more.push_back(o);
  }
  if (fits(node, most(node), started.need)) {
    node.awaited.insert(node.awaited.end(), more.begin(), more.end());
    std::vector<size_t> list;
    for (size_t o : node.awaited)
      if (std::find(own.begin(), own.end(), o) == own.end())
        list.push_back(o);
    return list;
  }
  node.started.pop_back();
  for (size_t o : more)
    awaited_[o] = 0;
  return std::nullopt;
}

void Rooms::stopped(size_t old) {
  if (node_of_old_[old])
    nodes_[*node_of_old_[old]].gone.push_back(old);
}

std::vector<size_t> Rooms::in_the_way(size_t replica) const {
  const Node &node = nodes_[node_of_new_[replica]];
  std::vector<size_t> list;
  for (size_t o : node.olds)
    if (std::find(node.gone.begin(), node.gone.end(), o) == node.gone.end())
      list.push_back(o);
  return list;
}

} // namespace nemo::compiler
