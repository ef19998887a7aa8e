// Matching by name, number, node and revision. A specification that nobody knows any more is taken
// to be like the wanted one, which errs on the side of stopping first.
#include "compiler/migration/changes.h"

#include <algorithm>
#include <map>
#include <set>

#include <fmt/format.h>

#include "compiler/explain/texts.h"
#include "compiler/migration/live.h"
#include "compiler/resolve/node_bits.h"
#include "compiler/resolve/selection.h"
#include "compiler/resolve/volumes.h"

namespace nemo::compiler {

namespace {

class Comparison {
public:
  Comparison(const stages::Inputs &inputs, const stages::Resolved &resolved,
             const stages::Admissible &admissible, const WantedReplicas &wanted)
      : inputs_(inputs), world_(resolved.world()), admissible_(admissible), wanted_(wanted),
        renames_(inputs.intent()) {
    for (int n = 0; n < resolved.world().nodes_size(); ++n)
      nodes_.emplace(resolved.world().nodes(n).name(), static_cast<size_t>(n));
    for (const stages::Existing &there : resolved.existing())
      there_[{there.workload(), there.replica()}].push_back(&there);
  }

  Changes run() {
    std::vector<std::vector<size_t>> of_workload(
        static_cast<size_t>(inputs_.intent().workloads_size()));
    for (size_t r = 0; r < wanted_.replicas.size(); ++r)
      of_workload[wanted_.replicas[r].workload].push_back(r);
    result_.change_of_wanted.resize(wanted_.replicas.size());
    for (uint32_t w : wanted_.start_order)
      for (size_t r : of_workload[w]) {
        result_.change_of_wanted[r] = result_.changes.size();
        change(wanted_.replicas[r]);
      }
    for (const auto &[name, list] : there_)
      if (!seen_.count(name))
        remove(name.first, name.second, list);
    return std::move(result_);
  }

private:
  using Name = std::pair<std::string, uint32_t>;

  Old old(const stages::Existing &there) const {
    Old entry;
    entry.there = &there;
    entry.change = result_.changes.size();
    entry.reachable = nodes_.count(there.node()) > 0;
    return entry;
  }

  void change(const Wanted &wanted) {
    const proto::Workload &workload = inputs_.intent().workloads(static_cast<int>(wanted.workload));
    Change change;
    change.wanted = &wanted;
    change.workload = workload.name();
    change.replica = wanted.number;
    change.node = wanted.node;
    const stages::Existing *same = nullptr, *main = nullptr;
    auto list = there_.find({workload.name(), wanted.number});
    if (list != there_.end()) {
      seen_.insert(list->first);
      for (const stages::Existing *there : list->second)
        if (!same && there->node() == wanted.node &&
            (there->revision() == wanted.revision || there->revision().empty()))
          same = there;
      for (const stages::Existing *there : list->second) {
        if (there == same)
          continue;
        if (!main || (main->retiring() && !there->retiring()))
          main = there;
        Old entry = old(*there);
        entry.hinders = hinders(wanted, *there);
        change.olds.push_back(result_.olds.size());
        result_.olds.push_back(std::move(entry));
      }
    }
    if (same) {
      change.runs = true;
      change.from_revision = same->revision();
      change.renamed_from = same->renamed_from();
      change.protected_before = same->protect();
    }
    change.protect = workload.protect() || change.protected_before;
    if (!main) {
      const bool renamed = !change.renamed_from.empty();
      const bool newly = same && change.protect && !change.protected_before;
      change.verb = !same ? "create" : renamed ? "rename" : newly ? "protect" : "keep";
      change.reason = !same     ? explain::create_reason()
                      : renamed ? explain::rename_reason(change.renamed_from)
                      : newly   ? explain::protect_reason()
                                : stay_reason(wanted, change.protected_before);
    } else {
      change.from_revision = main->revision();
      if (main->node() == wanted.node) {
        change.verb = "replace";
        std::vector<std::string> changed;
        if (!main->renamed_from().empty())
          changed.push_back("name, was " + main->renamed_from());
        if (main->has_spec())
          for (std::string &field : explain::changed_fields(essence(main->spec(), renames_),
                                                            essence(wanted.spec, renames_)))
            changed.push_back(std::move(field));
        change.reason = explain::replace_reason(changed);
      } else {
        change.verb = "move";
        change.from_node = main->node();
        change.reason = move_reason(wanted, main->node());
        if (change.olds.size() == 1)
          live(wanted, result_.olds[change.olds.front()]);
      }
    }
    result_.changes.push_back(std::move(change));
  }

  void live(const Wanted &wanted, Old &old) const {
    const auto from = nodes_.find(old.there->node()), to = nodes_.find(wanted.node);
    old.live = !old.hinders && from != nodes_.end() && to != nodes_.end() &&
               moves_live(inputs_.intent().workloads(static_cast<int>(wanted.workload)), wanted,
                          *old.there, world_.nodes(static_cast<int>(from->second)),
                          world_.nodes(static_cast<int>(to->second)));
    if (old.live)
      old.hinders = explain::live();
  }

  std::string stay_reason(const Wanted &wanted, bool guarded) const {
    const proto::Workload &workload = inputs_.intent().workloads(static_cast<int>(wanted.workload));
    if (const auto node = nodes_.find(wanted.node);
        guarded && node != nodes_.end() && !held_by_data(workload))
      if (const proto::Node &home = world_.nodes(static_cast<int>(node->second));
          home.cordon().drained())
        return explain::guarded_reason(home);
    return explain::keep_reason();
  }

  std::string move_reason(const Wanted &wanted, const std::string &from) const {
    auto node = nodes_.find(from);
    if (is_asked(inputs_, inputs_.intent().workloads(static_cast<int>(wanted.workload)).name(),
                 wanted.number))
      return explain::asked_reason(from);
    if (node != nodes_.end())
      if (const proto::Node &left = world_.nodes(static_cast<int>(node->second));
          left.cordon().drained())
        return explain::drained_reason(left);
    bool admitted = false;
    if (node != nodes_.end() && wanted.workload < uint32_t(admissible_.workloads_size())) {
      const auto set = admissible_.workloads(static_cast<int>(wanted.workload)).set();
      admitted = NodeBits::from_proto(admissible_.sets(static_cast<int>(set)), nodes_.size())
                     .test(node->second);
    }
    return explain::move_reason(from, node == nodes_.end(), admitted);
  }

  std::optional<std::string> hinders(const Wanted &wanted, const stages::Existing &there) const {
    const proto::Spec &before = there.has_spec() ? there.spec() : wanted.spec;
    const bool same_node = there.node() == wanted.node;
    for (const proto::Mount &mount : wanted.spec.mounts())
      for (const proto::Mount &other : before.mounts())
        if (!mount.volume().empty() && mount.volume() == other.volume() &&
            mount.kind() == other.kind() && mount.kind() != "external" &&
            (same_node || mount.kind() == "replicated") &&
            !(mount.read_only() && other.read_only()))
          return explain::stop_first_volume(mount.volume());
    if (inputs_.intent().workloads(static_cast<int>(wanted.workload)).partition() == "stop")
      return explain::stop_first_once();
    if (!same_node)
      return std::nullopt;
    const std::vector<uint32_t> held = fixed_ports(before);
    for (uint32_t port : fixed_ports(wanted.spec))
      if (std::find(held.begin(), held.end(), port) != held.end())
        return explain::stop_first_port(port);
    return std::nullopt;
  }

  void remove(const std::string &workload, uint32_t replica,
              const std::vector<const stages::Existing *> &list) {
    Change change;
    change.verb = "delete";
    change.workload = workload;
    change.replica = replica;
    change.node = list.front()->node();
    change.from_revision = list.front()->revision();
    explain::Unwanted why = explain::Unwanted::workload_gone;
    uint32_t number = 0;
    for (const proto::Workload &known : inputs_.intent().workloads())
      if (known.name() == workload) {
        why = explain::Unwanted::fewer_replicas;
        number = known.replicas_min();
      }
    if (inputs_.destroy())
      why = explain::Unwanted::destroyed;
    change.reason = explain::delete_reason(why, number);
    std::set<std::string> volumes;
    for (const stages::Existing *there : list) {
      for (const proto::Mount &mount : there->spec().mounts())
        if (is_local_volume(mount))
          volumes.insert(mount.volume());
      change.olds.push_back(result_.olds.size());
      result_.olds.push_back(old(*there));
    }
    for (const std::string &volume : volumes)
      change.reason += fmt::format("; volume {} is kept", volume);
    result_.changes.push_back(std::move(change));
  }

  const stages::Inputs &inputs_;
  const proto::Fleet &world_;
  const stages::Admissible &admissible_;
  const WantedReplicas &wanted_;
  const Renames renames_;
  std::map<std::string, size_t> nodes_;
  std::map<Name, std::vector<const stages::Existing *>> there_;
  std::set<Name> seen_;
  Changes result_;
};

} // namespace

std::vector<uint32_t> fixed_ports(const proto::Spec &spec) {
  std::vector<uint32_t> ports;
  if (spec.network() != "own")
    for (const proto::Port &port : spec.ports())
      if (port.number() != 0)
        ports.push_back(port.number());
  return ports;
}

Changes compare(const stages::Inputs &inputs, const stages::Resolved &resolved,
                const stages::Admissible &admissible, const WantedReplicas &wanted) {
  return Comparison(inputs, resolved, admissible, wanted).run();
}

} // namespace nemo::compiler
