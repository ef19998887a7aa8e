#include "compiler/verify/desired.h"

#include <algorithm>
#include <set>
#include <tuple>

#include <fmt/format.h>
#include <google/protobuf/io/coded_stream.h>
#include <google/protobuf/io/zero_copy_stream_impl_lite.h>

#include "base/digest.h"
#include "compiler/verify/hours.h"
#include "compiler/verify/shortfalls.h"
#include "compiler/verify/there.h"

namespace nemo::verify {

namespace {

using Workloads = std::map<std::string, const proto::Workload *>;

/// Depth first in the order of the text, without recursion: chains may be long.
std::vector<const proto::Workload *> starting_order(const Case &subject, const Workloads &by_name,
                                                    Faults &faults) {
  enum class Mark { fresh, open, done };
  std::map<const proto::Workload *, Mark> marks;
  std::vector<const proto::Workload *> order;
  for (const proto::Workload &first : subject.intent.workloads()) {
    std::vector<std::pair<const proto::Workload *, int>> path;
    auto enter = [&](const proto::Workload *workload) {
      marks[workload] = Mark::open;
      path.emplace_back(workload, 0);
    };
    if (marks[&first] == Mark::fresh)
      enter(&first);
    while (!path.empty()) {
      auto &[workload, next] = path.back();
      if (next == workload->after_size()) {
        marks[workload] = Mark::done;
        order.push_back(workload);
        path.pop_back();
        continue;
      }
      const auto before = by_name.find(workload->after(next++));
      if (before == by_name.end())
        continue;
      if (marks[before->second] == Mark::open) {
        faults.at(diag::N0718, fmt::format("workload {} starts after itself", before->first),
                  before->second->after_span());
        return {};
      }
      if (marks[before->second] == Mark::fresh)
        enter(before->second);
    }
  }
  return order;
}

template <typename List> void without_spans(List &list) {
  for (auto &item : list)
    item.clear_span();
}

std::string bytes_of(const proto::Spec &spec) {
  std::string bytes;
  {
    google::protobuf::io::StringOutputStream stream(&bytes);
    google::protobuf::io::CodedOutputStream coded(&stream);
    coded.SetSerializationDeterministic(true);
    spec.SerializeToCodedStream(&coded);
  }
  return bytes;
}

/// A revision stays with what it was given to, as long as that is given the same; nothing else may
/// get it meanwhile.
std::string revision_for(const Moves &moves, const Desired &desired,
                         const std::vector<There> &there) {
  const std::string bytes = bytes_of(given(moves, desired.spec));
  std::set<std::string> others;
  const auto wanted = std::tie(desired.replica->workload->name(), desired.replica->number);
  auto at =
      std::lower_bound(there.begin(), there.end(), wanted, [](const There &one, const auto &unit) {
        return std::tie(one.workload, one.replica) < unit;
      });
  for (; at != there.end() && std::tie(at->workload, at->replica) == wanted; ++at) {
    const There &one = *at;
    if (!one.spec)
      continue;
    if (bytes_of(given(moves, *one.spec)) != bytes)
      others.insert(one.revision);
    else if (one.node == desired.replica->node)
      return one.revision;
  }
  std::string digest = sha256(bytes).substr(0, 16);
  while (others.count(digest))
    digest = sha256(digest + bytes).substr(0, 16);
  return digest;
}

/// Every hour of the day in as few blocks as there can be, and the limits the most of any.
void spell_out(proto::Resources &resources) {
  const Day day = day_of(resources);
  resources.set_cpu_millicores(peak(day).cpu);
  resources.set_memory_bytes(peak(day).memory);
  resources.clear_hours();
  for (uint32_t from = 0, to = 1; from < 24; from = to++) {
    while (to < 24 && day[to] == day[from])
      ++to;
    proto::Hours &hours = *resources.add_hours();
    hours.set_from(from);
    hours.set_to(to);
    hours.set_cpu_millicores(day[from].cpu);
    hours.set_memory_bytes(day[from].memory);
  }
}

} // namespace

proto::Spec lowered(const proto::Intent &intent, const proto::Workload &workload) {
  proto::Spec spec;
  spec.set_sandbox(workload.sandbox().empty() ? "process" : workload.sandbox());
  spec.set_network(workload.network().empty() ? "host" : workload.network());
  spec.set_image(workload.image());
  spec.set_working_directory(workload.working_directory());
  spec.set_exclusive(workload.place().exclusive());
  spec.set_stop_signal(workload.stop_signal());
  spec.set_stop_grace_ms(workload.stop_grace_ms());
  spec.mutable_exec()->CopyFrom(workload.exec());
  spec.mutable_env()->CopyFrom(workload.env());
  spec.mutable_connect()->CopyFrom(workload.connect());
  spec.mutable_ports()->CopyFrom(workload.ports());
  without_spans(*spec.mutable_ports());
  spec.mutable_mounts()->CopyFrom(workload.mounts());
  without_spans(*spec.mutable_mounts());
  for (proto::Mount &mount : *spec.mutable_mounts()) {
    mount.clear_source();
    mount.clear_restore_bps();
  }
  spec.mutable_resources()->CopyFrom(workload.resources());
  spec.mutable_resources()->clear_span();
  if (!workload.resources().hours().empty())
    spell_out(*spec.mutable_resources());
  if (workload.has_health()) {
    spec.mutable_health()->CopyFrom(workload.health());
    spec.mutable_health()->clear_span();
  }
  if (workload.has_restart())
    spec.mutable_restart()->CopyFrom(workload.restart());
  for (const std::string &name : workload.secrets())
    for (const proto::Secret &secret : intent.secrets())
      if (secret.name() == name)
        spec.add_secrets()->CopyFrom(secret);
  without_spans(*spec.mutable_secrets());
  return spec;
}

proto::Spec given(const Moves &moves, proto::Spec spec) {
  for (int i = 0; i < spec.peers_size(); ++i) {
    proto::Peer &peer = *spec.mutable_peers(i);
    peer.clear_formerly();
    peer.set_workload(moves.name_of_now(peer.workload()));
  }
  return spec;
}

std::vector<uint32_t> held_ports(const proto::Spec &spec) {
  std::vector<uint32_t> ports;
  for (const proto::Port &port : spec.ports())
    if (port.number() != 0 && spec.network() != "own")
      ports.push_back(port.number());
  return ports;
}

std::vector<Standing> standing(const DesiredState &state, const std::string &workload) {
  std::map<uint32_t, Standing> list;
  if (const auto own = state.of.find(workload); own != state.of.end())
    for (size_t i : own->second)
      list[state.replicas[i].replica->number] = {state.replicas[i].replica->number, i, nullptr};
  if (const auto left = state.frozen.find(workload); left != state.frozen.end())
    for (const There *one : left->second)
      list.try_emplace(one->replica, Standing{one->replica, std::nullopt, one});
  std::vector<Standing> result;
  for (const auto &[number, peer] : list)
    result.push_back(peer);
  return result;
}

DesiredState desired_state(const Case &subject, Faults &faults) {
  DesiredState state;
  Workloads by_name;
  for (const proto::Workload &workload : subject.intent.workloads())
    by_name.emplace(workload.name(), &workload);
  state.starting = starting_order(subject, by_name, faults);
  for (size_t i = 0; i < subject.replicas.size(); ++i) {
    state.replicas.push_back({&subject.replicas[i], {}, {}});
    state.of[subject.replicas[i].workload->name()].push_back(i);
  }
  for (const There &one : subject.frozen)
    if (const auto block = by_name.find(one.workload);
        block != by_name.end() && one.serves() && one.replica < block->second->replicas_min())
      state.frozen[one.workload].push_back(&one);
  for (const There &one : subject.finished)
    if (const auto block = by_name.find(one.workload);
        block != by_name.end() && one.replica < block->second->replicas_min() &&
        (subject.takes(one.workload, one.replica) ? one.spec != nullptr : one.serves()))
      state.frozen[one.workload].push_back(&one);
  const auto lacking = shortfalls_of(subject);
  for (const proto::Workload *workload : state.starting) {
    proto::Spec common = lowered(subject.intent, *workload);
    for (const std::string &name : workload->after())
      for (const Standing &peer : standing(state, name)) {
        const auto &ports = peer.desired ? state.replicas[*peer.desired].replica->workload->ports()
                                         : peer.frozen->spec->ports();
        if (ports.empty())
          continue;
        proto::Peer &entry = *common.add_peers();
        entry.set_workload(name);
        entry.set_replica(peer.number);
        entry.set_node(peer.desired ? state.replicas[*peer.desired].replica->node
                                    : peer.frozen->node);
        entry.set_port(ports[0].name());
        for (const std::string &earlier : subject.moves.earlier_names(name))
          entry.add_formerly(earlier);
        if (ports[0].number() == 0)
          entry.set_revision(peer.desired ? state.replicas[*peer.desired].revision
                                          : peer.frozen->revision);
      }
    for (size_t i : state.of[workload->name()]) {
      Desired &desired = state.replicas[i];
      desired.spec = common;
      if (const auto found = lacking.find({workload->name(), desired.replica->node});
          found != lacking.end())
        for (const auto &[capability, reason] : found->second)
          desired.spec.add_accept_missing(capability);
      for (uint32_t gpu : desired.replica->gpus)
        desired.spec.add_gpus(gpu);
      desired.revision = revision_for(subject.moves, desired, subject.there);
    }
  }
  return state;
}

} // namespace nemo::verify
