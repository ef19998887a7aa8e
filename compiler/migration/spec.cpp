// Specifications are made in start order, because the address of a peer on an automatic port is
// known by the peer's revision: when that changes, so do all that are given the address.
#include "compiler/migration/spec.h"

#include <algorithm>
#include <map>
#include <unordered_map>

#include <fmt/format.h>
#include <google/protobuf/io/coded_stream.h>
#include <google/protobuf/io/zero_copy_stream_impl_lite.h>

#include "base/digest.h"
#include "compiler/resolve/block_spec.h"
#include "compiler/resolve/report.h"
#include "compiler/resolve/selection.h"

namespace nemo::compiler {

namespace {

// Depth-first over `after`; a circle is reported once and cut.
class StartOrder {
public:
  StartOrder(const proto::Intent &intent, WantedReplicas &result)
      : intent_(intent), result_(result), mark_(static_cast<size_t>(intent.workloads_size())) {
    std::unordered_map<std::string, uint32_t> index;
    for (int w = 0; w < intent.workloads_size(); ++w)
      index.emplace(intent.workloads(w).name(), static_cast<uint32_t>(w));
    result.after.resize(mark_.size());
    for (size_t w = 0; w < mark_.size(); ++w)
      for (const std::string &name : intent.workloads(static_cast<int>(w)).after())
        if (auto found = index.find(name); found != index.end())
          result.after[w].push_back(found->second);
  }

  void run() {
    // An explicit stack: chains may be as long as there are workloads.
    std::vector<std::pair<uint32_t, size_t>> path;
    for (uint32_t start = 0; start < mark_.size(); ++start) {
      if (mark_[start] != 0)
        continue;
      path.emplace_back(start, 0);
      mark_[start] = 1;
      while (!path.empty()) {
        auto &[w, next] = path.back();
        if (next == result_.after[w].size()) {
          mark_[w] = 2;
          result_.start_order.push_back(w);
          path.pop_back();
          continue;
        }
        uint32_t before = result_.after[w][next++];
        if (mark_[before] == 1) {
          circle(before, path);
          return;
        }
        if (mark_[before] == 0) {
          mark_[before] = 1;
          path.emplace_back(before, 0);
        }
      }
    }
  }

private:
  void circle(uint32_t first, const std::vector<std::pair<uint32_t, size_t>> &path) {
    auto name = [&](uint32_t w) { return intent_.workloads(static_cast<int>(w)).name(); };
    std::string text;
    bool inside = false;
    for (const auto &step : path) {
      inside |= step.first == first;
      if (inside)
        text += name(step.first) + " after ";
    }
    const proto::Workload &workload = intent_.workloads(static_cast<int>(first));
    Diagnostic fault =
        report(diag::N0512, "the start order goes in a circle", intent_,
               is_known(workload.after_span()) ? workload.after_span() : workload.span());
    fault.notes.push_back(note(text + name(first)));
    fault.fix = "take one of them out of `after`";
    result_.diagnostics.push_back(std::move(fault));
  }

  const proto::Intent &intent_;
  WantedReplicas &result_;
  std::vector<char> mark_; ///< 0 not seen, 1 on the path, 2 done
};

std::string serialized(const proto::Spec &spec) {
  std::string bytes;
  {
    google::protobuf::io::StringOutputStream stream(&bytes);
    google::protobuf::io::CodedOutputStream coded(&stream);
    coded.SetSerializationDeterministic(true);
    spec.SerializeToCodedStream(&coded);
  }
  return bytes;
}

using ByReplica = std::map<std::pair<std::string, uint32_t>, std::vector<const stages::Existing *>>;

// What runs from this very specification keeps its revision, also where peers got new names since
// it was started. A digest that stands for something else by now is taken again, until it is free.
std::string revision_of(const proto::Spec &spec, const std::string &node,
                        const std::vector<const stages::Existing *> &there,
                        const Renames &renames) {
  const std::string bytes = serialized(essence(spec, renames));
  std::vector<std::string> taken;
  for (const stages::Existing *one : there) {
    if (!one->has_spec())
      continue;
    const bool equal = serialized(essence(one->spec(), renames)) == bytes;
    if (equal && one->node() == node)
      return one->revision();
    if (!equal)
      taken.push_back(one->revision());
  }
  std::string revision = sha256(bytes).substr(0, 16);
  while (std::find(taken.begin(), taken.end(), revision) != taken.end())
    revision = sha256(revision + bytes).substr(0, 16);
  return revision;
}

std::optional<proto::Peer> address_of(const Standing &peer, const proto::Intent &intent,
                                      const WantedReplicas &wanted) {
  const Wanted *replica = peer.replica ? &wanted.replicas[*peer.replica] : nullptr;
  const auto &ports = replica ? intent.workloads(static_cast<int>(replica->workload)).ports()
                              : peer.frozen->spec().ports();
  if (ports.empty())
    return std::nullopt;
  proto::Peer entry;
  entry.set_workload(replica ? intent.workloads(static_cast<int>(replica->workload)).name()
                             : peer.frozen->workload());
  entry.set_replica(peer.number);
  entry.set_node(replica ? replica->node : peer.frozen->node());
  entry.set_port(ports[0].name());
  if (ports[0].number() == 0)
    entry.set_revision(replica ? replica->revision : peer.frozen->revision());
  return entry;
}

// Wanted ones, and of those that are left as they are those that the intent wants too.
void find_standing(const proto::Intent &intent, const stages::Resolved &resolved,
                   WantedReplicas &result) {
  result.standing.resize(static_cast<size_t>(intent.workloads_size()));
  for (size_t r = 0; r < result.replicas.size(); ++r)
    result.standing[result.replicas[r].workload].push_back({result.replicas[r].number, r, nullptr});
  if (resolved.frozen().empty() && resolved.finished().empty())
    return;
  std::unordered_map<std::string, size_t> index;
  for (int w = 0; w < intent.workloads_size(); ++w)
    index.emplace(intent.workloads(w).name(), static_cast<size_t>(w));
  const auto add = [&](const stages::Existing &there) {
    if (auto w = index.find(there.workload());
        w != index.end() &&
        there.replica() < intent.workloads(static_cast<int>(w->second)).replicas_min())
      result.standing[w->second].push_back({there.replica(), std::nullopt, &there});
  };
  for (const stages::Existing &there : resolved.frozen())
    if (serves(there))
      add(there);
  for (const stages::Existing &there : resolved.finished())
    if (there.left_out() ? serves(there) : there.has_spec())
      add(there);
  for (std::vector<Standing> &list : result.standing)
    std::stable_sort(list.begin(), list.end(),
                     [](const Standing &a, const Standing &b) { return a.number < b.number; });
}

} // namespace

proto::Spec essence(proto::Spec spec, const Renames &renames) {
  for (proto::Peer &peer : *spec.mutable_peers()) {
    peer.set_workload(renames.now(peer.workload()));
    peer.clear_formerly();
  }
  return spec;
}

WantedReplicas wanted(const stages::Inputs &inputs, const stages::Resolved &resolved,
                      const stages::Placed &placed, const stages::Deliverable &deliverable) {
  const proto::Intent &intent = inputs.intent();
  WantedReplicas result;
  StartOrder(intent, result).run();
  if (!result.diagnostics.empty())
    return result;
  const Renames renames(intent);
  ByReplica there;
  for (const stages::Existing &one : resolved.existing())
    there[{one.workload(), one.replica()}].push_back(&one);
  std::map<std::pair<std::string, std::string>, std::vector<std::string>> missing;
  for (const proto::Shortfall &shortfall : deliverable.shortfalls())
    missing[{shortfall.workload(), shortfall.node()}].push_back(shortfall.capability());
  std::vector<uint32_t> first(static_cast<size_t>(intent.workloads_size()), 0);
  std::vector<uint32_t> count(first.size(), 0);
  for (int r = 0; r < resolved.replicas_size(); ++r) {
    const stages::Replica &replica = resolved.replicas(r);
    if (count[replica.workload()]++ == 0)
      first[replica.workload()] = static_cast<uint32_t>(r);
    result.replicas.push_back(
        {replica.workload(),
         replica.number(),
         resolved.world().nodes(static_cast<int>(placed.replicas(r).node())).name(),
         {},
         {},
         placed.replicas(r).starts_at(),
         placed.replicas(r).planned_at()});
  }
  find_standing(intent, resolved, result);
  for (uint32_t w : result.start_order) {
    const proto::Workload &workload = intent.workloads(static_cast<int>(w));
    proto::Spec common = spec_of(intent, workload);
    for (uint32_t before : result.after[w]) {
      const std::vector<std::string> formerly =
          renames.formerly(intent.workloads(static_cast<int>(before)).name());
      for (const Standing &peer : result.standing[before])
        if (auto entry = address_of(peer, intent, result)) {
          *entry->mutable_formerly() = {formerly.begin(), formerly.end()};
          *common.add_peers() = std::move(*entry);
        }
    }
    for (uint32_t r = first[w]; r < first[w] + count[w]; ++r) {
      Wanted &replica = result.replicas[r];
      replica.spec = common;
      if (auto found = missing.find({workload.name(), replica.node}); found != missing.end()) {
        std::sort(found->second.begin(), found->second.end());
        for (const std::string &name : found->second)
          replica.spec.add_accept_missing(name);
      }
      *replica.spec.mutable_gpus() = placed.replicas(static_cast<int>(r)).gpus();
      replica.revision = revision_of(replica.spec, replica.node,
                                     there[{workload.name(), replica.number}], renames);
    }
  }
  return result;
}

} // namespace nemo::compiler
