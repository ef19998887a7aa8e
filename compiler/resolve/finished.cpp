#include "compiler/resolve/finished.h"

#include <map>
#include <set>
#include <string>

#include "compiler/resolve/block_spec.h"

namespace nemo::compiler {

namespace {

using Unit = std::pair<std::string, uint32_t>;

Unit unit_of(const stages::Existing &there) { return {there.workload(), there.replica()}; }

// Whether what ended is what the block asks for. Of what nobody says what it was started from, it
// is taken to be.
bool is_asked_for(const proto::Intent &intent, const proto::Workload &workload,
                  const stages::Existing &there) {
  return workload.has_job() &&
         (!there.has_spec() || own(there.spec()).SerializeAsString() ==
                                   own(spec_of(intent, workload)).SerializeAsString());
}

} // namespace

void set_finished_apart(const stages::Inputs &inputs, stages::Resolved &resolved,
                        const stages::Resolved *before) {
  const proto::Intent &intent = inputs.intent();
  std::map<std::string, const proto::Workload *> blocks;
  for (const proto::Workload &workload : intent.workloads())
    blocks.emplace(workload.name(), &workload);
  std::map<Unit, int> instances;
  std::set<Unit> over;
  for (const stages::Existing &there : resolved.existing())
    ++instances[unit_of(there)];
  if (before)
    for (const stages::Existing &there : before->finished())
      over.insert(unit_of(there));
  google::protobuf::RepeatedPtrField<stages::Existing> existing, frozen;
  for (stages::Existing &there : *resolved.mutable_existing()) {
    const auto block = blocks.find(there.workload());
    // Of one that is being moved or replaced, what ended is only a part.
    const bool stays =
        there.finished() && !inputs.destroy() && !there.retiring() && block != blocks.end() &&
        instances[unit_of(there)] == 1 &&
        (there.replica() < block->second->replicas_min() || over.count(unit_of(there))) &&
        is_asked_for(intent, *block->second, there);
    if (stays)
      over.insert(unit_of(there));
    *(stays ? resolved.add_finished() : existing.Add()) = std::move(there);
  }
  for (stages::Existing &there : *resolved.mutable_frozen()) {
    there.set_left_out(there.finished());
    *(there.finished() ? resolved.add_finished() : frozen.Add()) = std::move(there);
  }
  *resolved.mutable_existing() = std::move(existing);
  *resolved.mutable_frozen() = std::move(frozen);
  if (resolved.finished().empty())
    return;
  google::protobuf::RepeatedPtrField<stages::Replica> replicas;
  for (const stages::Replica &replica : resolved.replicas())
    if (!over.count(
            {intent.workloads(static_cast<int>(replica.workload())).name(), replica.number()}))
      *replicas.Add() = replica;
  *resolved.mutable_replicas() = std::move(replicas);
}

std::vector<uint32_t> finished_replicas(const proto::Intent &intent,
                                        const stages::Resolved &resolved) {
  std::map<std::string, uint32_t> counts;
  std::map<std::string, uint32_t> wanted;
  for (const proto::Workload &workload : intent.workloads())
    wanted.emplace(workload.name(), workload.replicas_min());
  std::set<Unit> seen;
  for (const stages::Existing &there : resolved.finished())
    if (const auto block = wanted.find(there.workload()); block != wanted.end() &&
                                                          there.replica() < block->second &&
                                                          seen.insert(unit_of(there)).second)
      ++counts[there.workload()];
  std::vector<uint32_t> result;
  for (const proto::Workload &workload : intent.workloads())
    result.push_back(counts[workload.name()]);
  return result;
}

} // namespace nemo::compiler
