// With `min-domains`, as many replicas may be in a domain beside another as there are more of them
// than domains. That is asked of any part of them, so that it can be asked before all are placed.
#include "compiler/verify/spreading.h"

#include <algorithm>
#include <map>
#include <set>

#include <fmt/format.h>

namespace nemo::verify {

Spreading::Spreading(const Case &subject, const proto::Workload &workload)
    : subject_(subject), spread_(workload.place().spread()) {
  for (const There &one : subject.frozen)
    if (one.workload == workload.name() && !one.retiring && subject.world.nodes.count(one.node))
      if (std::string at = domain(one.node); !at.empty())
        held_.push_back(std::move(at));
  // That some of those already share is not for this plan to change.
  sharing_ = held_.size() - std::set<std::string>(held_.begin(), held_.end()).size();
  if (workload.place().min_domains() == 0)
    return;
  size_t all = held_.size();
  for (const Replica &replica : subject.replicas)
    all += replica.workload->name() == workload.name();
  sharing_ = std::max(sharing_, all - std::min<size_t>(workload.place().min_domains(), all));
}

std::string Spreading::domain(const std::string &node) const {
  return spread_group(subject_.world.at(node), spread_);
}

bool Spreading::allows(const std::vector<std::string> &nodes) const {
  std::set<std::string> domains(held_.begin(), held_.end());
  for (const std::string &node : nodes) {
    const std::string at = domain(node);
    if (at.empty())
      return false;
    domains.insert(at);
  }
  return nodes.size() + held_.size() - domains.size() <= sharing_;
}

void check_spread(const Case &subject, Faults &faults) {
  std::map<const proto::Workload *, std::vector<std::string>> nodes;
  for (const Replica &replica : subject.replicas)
    if (!replica.workload->place().spread().empty() && replica.workload->replicas_min() > 1)
      nodes[replica.workload].push_back(replica.node);
  for (const auto &[workload, list] : nodes) {
    const proto::Place &place = workload->place();
    if (Spreading(subject, *workload).allows(list))
      continue;
    const std::string said =
        place.min_domains() == 0
            ? "spread = " + place.spread()
            : fmt::format("min-domains = {} by {}", place.min_domains(), place.spread());
    std::string where;
    for (const std::string &node : list) {
      const std::string at = spread_group(subject.world.at(node), place.spread());
      where += (where.empty() ? "" : ", ") + (at.empty() ? node + " (unknown)" : at);
    }
    faults.at(diag::N0715,
              fmt::format("{} has {} and must be spread; its replicas are in {}", workload->name(),
                          said, where),
              place.spread_span());
  }
}

} // namespace nemo::verify
