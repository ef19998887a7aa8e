// A replica exists when a node reports it, or has been told to run it and has not reported yet. The
// specification it was started from is in the part that was delivered last.
#include "compiler/resolve/existing.h"

#include <algorithm>
#include <map>
#include <set>
#include <tuple>

#include "compiler/resolve/renames.h"

namespace nemo::compiler {

namespace {

using Key = std::tuple<std::string, uint32_t, std::string, std::string>;

bool is_over(const proto::Running &running) {
  return running.state() == proto::Running::STOPPED && running.retiring();
}

} // namespace

bool has_ended(const proto::Running &running) {
  return running.state() == proto::Running::EXITED && running.exit_code() == 0;
}

std::vector<stages::Existing> existing(const proto::Intent &intent, const proto::Fleet &fleet) {
  const Renames renames(intent);
  std::set<std::string> jobs;
  for (const proto::Workload &workload : intent.workloads())
    if (workload.has_job())
      jobs.insert(workload.name());

  struct Told {
    const proto::Instance *instance;
    const proto::Part *part;
  };
  std::map<Key, Told> told;
  for (const proto::PartState &state : fleet.parts()) {
    if (state.part().stack() != intent.stack())
      continue;
    for (const proto::Instance &instance : state.part().instances())
      told.emplace(
          Key{instance.workload(), instance.replica(), state.part().node(), instance.revision()},
          Told{&instance, &state.part()});
  }

  std::map<Key, stages::Existing> found;
  auto add = [&](const Key &key, bool retiring, bool protect, const std::string &source,
                 const std::string &since, bool ended) {
    stages::Existing entry;
    entry.set_workload(renames.now(std::get<0>(key)));
    if (entry.workload() != std::get<0>(key))
      entry.set_renamed_from(std::get<0>(key));
    entry.set_replica(std::get<1>(key));
    entry.set_node(std::get<2>(key));
    entry.set_revision(std::get<3>(key));
    auto spec = told.find(key);
    if (spec != told.end())
      *entry.mutable_spec() = spec->second.instance->spec();
    entry.set_protect(protect || (spec != told.end() && spec->second.instance->protect()));
    entry.set_retiring(retiring);
    entry.set_source(source);
    entry.set_since(since);
    entry.set_finished(ended &&
                       (jobs.count(entry.workload()) != 0 ||
                        (spec != told.end() && !spec->second.instance->start_at().empty())));
    found.emplace(key, std::move(entry));
  };
  for (const proto::Running &running : fleet.running()) {
    if (running.stack() != intent.stack() || is_over(running))
      continue;
    Key key{running.workload(), running.replica(), running.node(), running.revision()};
    auto order = told.find(key);
    bool retiring =
        running.retiring() || (order != told.end() && order->second.instance->retiring());
    add(key, retiring, running.protect(), running.source(), running.since(), has_ended(running));
  }
  for (const auto &[key, order] : told)
    if (!order.instance->retiring() && !found.count(key))
      add(key, false, false, order.part->source(), "", false);

  std::vector<stages::Existing> result;
  for (auto &entry : found)
    result.push_back(std::move(entry.second));
  auto place = [](const stages::Existing &entry) {
    return std::make_tuple(entry.workload(), entry.replica(), entry.node(), entry.revision(),
                           entry.renamed_from());
  };
  std::stable_sort(result.begin(), result.end(),
                   [&](const auto &a, const auto &b) { return place(a) < place(b); });
  return result;
}

} // namespace nemo::compiler
