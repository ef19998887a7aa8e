// What is left as it is goes into the parts of its nodes as it was.
#include "compiler/verify/changes.h"

#include <set>

namespace nemo::verify {

void add_frozen(const Case &subject, const DesiredState &state,
                std::map<std::string, std::vector<proto::Instance>> &by_node) {
  std::vector<const There *> told;
  std::set<std::tuple<std::string, uint32_t, std::string>> there;
  for (const There &one : subject.frozen)
    if (one.told && subject.world.nodes.count(one.node)) {
      told.push_back(&one);
      there.emplace(one.reported_as, one.replica, one.revision);
    }
  std::map<std::pair<std::string, uint32_t>, const Desired *> desired;
  for (const Desired &one : state.replicas)
    desired.emplace(std::make_pair(one.replica->workload->name(), one.replica->number), &one);
  auto holds_on = [&](proto::Gate &gate) {
    if (gate.kind() != proto::Gate::HEALTHY)
      return true;
    const auto now = desired.find({gate.workload(), gate.replica()});
    if (now == desired.end())
      return there.count({gate.workload(), gate.replica(), gate.revision()}) != 0;
    gate.set_revision(now->second->revision);
    gate.set_node(now->second->replica->node);
    return true;
  };
  for (const There *one : told) {
    proto::Instance instance = *one->told;
    instance.clear_renamed_from();
    for (auto *gates : {instance.mutable_start_after(), instance.mutable_stop_after()}) {
      google::protobuf::RepeatedPtrField<proto::Gate> all;
      all.Swap(gates);
      for (proto::Gate &gate : all)
        if (holds_on(gate))
          *gates->Add() = gate;
    }
    by_node[one->node].push_back(std::move(instance));
  }
}

} // namespace nemo::verify
