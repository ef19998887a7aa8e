#include "compiler/verify/cordons.h"

#include <algorithm>
#include <tuple>

#include <fmt/format.h>

#include "compiler/explain/texts.h"

namespace nemo::verify {

namespace {

/// To leave its node would be to leave its data.
bool tied_to_node(const proto::Workload &workload) {
  bool tied = workload.partition() == "run" || workload.data().location() == "local";
  for (const proto::Mount &mount : workload.mounts())
    tied |= !mount.volume().empty() && mount.kind().empty();
  return tied;
}

} // namespace

Cordons::Cordons(const Case &subject) : subject_(subject) {
  std::set<Case::Unit> met;
  for (const There &one : subject.there) {
    const auto node = subject.world.nodes.find(one.node);
    if (one.retiring || node == subject.world.nodes.end() ||
        !met.emplace(one.workload, one.replica).second || one.over || !node->second.has_cordon())
      continue;
    home_[{one.workload, one.replica}] = {one.node, one.guarded};
    holds_[one.workload][one.node] |= one.guarded;
  }
}

bool Cordons::may_stay(const proto::Workload &workload, const std::string &node,
                       bool guarded) const {
  return guarded || !subject_.world.nodes.at(node).cordon().drained() || tied_to_node(workload);
}

bool Cordons::only_guarded(const proto::Workload &workload, uint32_t replica,
                           const std::string &node) const {
  const auto home = home_.find({workload.name(), replica});
  return home != home_.end() && home->second.node == node && home->second.guarded &&
         !may_stay(workload, node, false);
}

bool Cordons::close(const proto::Workload &workload, const std::string &node) const {
  if (!subject_.world.nodes.at(node).has_cordon())
    return false;
  const auto homes = holds_.find(workload.name());
  if (homes == holds_.end())
    return true;
  const auto home = homes->second.find(node);
  return home == homes->second.end() || !may_stay(workload, node, home->second);
}

std::string Cordons::look(const proto::Workload &workload) const {
  const auto homes = holds_.find(workload.name());
  if (homes == holds_.end())
    return {};
  std::string look = tied_to_node(workload) ? "tied" : "free";
  for (const auto &[node, guarded] : homes->second)
    look += (guarded ? "!" : " ") + node;
  return look;
}

std::string Cordons::against(const std::string &workload, uint32_t replica,
                             const std::string &node) const {
  for (const proto::AskedMove &asked : subject_.plan.asked())
    if (asked.workload() == workload && asked.replica() == replica && asked.node() != node)
      return fmt::format("it was asked to be on {}", asked.node());
  if (!close(workload, replica, node))
    return {};
  return fmt::format("{} is {}", node, explain::closed(subject_.world.nodes.at(node).cordon()));
}

bool Cordons::close(const std::string &workload, uint32_t replica, const std::string &node) const {
  if (!subject_.world.nodes.at(node).has_cordon())
    return false;
  const auto home = home_.find({workload, replica});
  if (home == home_.end() || home->second.node != node)
    return true;
  for (const proto::Workload &block : subject_.intent.workloads())
    if (block.name() == workload && may_stay(block, node, home->second.guarded))
      return false;
  return true;
}

bool asked_for(const proto::Plan &plan, const std::string &workload, uint32_t replica) {
  return std::any_of(plan.asked().begin(), plan.asked().end(), [&](const auto &asked) {
    return asked.workload() == workload && asked.replica() == replica;
  });
}

void check_cordons(const Case &subject, Faults &faults) {
  const Cordons cordons(subject);
  std::set<Case::Unit> placed;
  for (const Replica &replica : subject.replicas) {
    placed.emplace(replica.workload->name(), replica.number);
    if (const std::string why =
            cordons.against(replica.workload->name(), replica.number, replica.node);
        !why.empty())
      faults.at(diag::N0714,
                fmt::format("{} may not run on {}: {}", replica.name(), replica.node, why),
                replica.workload->span());
  }
  const auto &asked = subject.plan.asked();
  for (int i = 0; i < asked.size(); ++i) {
    if (!placed.count({asked[i].workload(), asked[i].replica()}))
      faults.add(diag::N0721, fmt::format("asked[{}] is about {}/{}, which is not placed", i,
                                          asked[i].workload(), asked[i].replica()));
    if (i > 0 && std::tuple(asked[i - 1].workload(), asked[i - 1].replica()) >=
                     std::tuple(asked[i].workload(), asked[i].replica()))
      faults.add(diag::N0721, fmt::format("asked[{}] is not in order", i));
  }
}

} // namespace nemo::verify
