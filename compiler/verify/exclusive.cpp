#include "compiler/verify/exclusive.h"

#include <algorithm>

#include <fmt/format.h>

#include "compiler/verify/changes.h"

namespace nemo::verify {

Claims::Claims(const Case &subject) : subject_(subject) {
  for (const proto::PartState &state : subject.plan.facts().parts())
    if (state.part().stack() != subject.plan.stack())
      for (const proto::Instance &one : state.part().instances())
        on_[state.part().node()].push_back(
            {fmt::format("{}/{} of stack {}", one.workload(), one.replica(), state.part().stack()),
             {},
             one.spec().exclusive()});
  for (const There &one : subject.frozen) {
    on_[one.node].push_back({one.name(), one.workload, one.spec && one.spec->exclusive()});
    names_.insert(one.workload);
  }
}

const std::string *Claims::against(const proto::Workload &workload, const std::string &node) const {
  if (const auto here = on_.find(node); here != on_.end())
    for (const Holder &holder : here->second)
      if (holder.workload != workload.name() && (holder.exclusive || workload.place().exclusive()))
        return &holder.name;
  return nullptr;
}

bool Claims::admit(const proto::Workload &workload, const std::string &node) const {
  return !against(workload, node) &&
         broken_rules({subject_.intent, &workload, subject_.world.at(node)}).empty();
}

std::string Claims::look(const proto::Workload &workload) const {
  return (workload.place().exclusive() ? "alone " : "") +
         (names_.count(workload.name()) ? workload.name() : "");
}

void check_exclusive(const Case &subject, Faults &faults) {
  auto beside = [&](const Replica &replica, const std::string &other, const proto::Span &span) {
    faults.at(diag::N0715,
              fmt::format("{} on {} is beside {}, and one of them is exclusive", replica.name(),
                          replica.node, other),
              span);
  };
  const Claims claims(subject);
  std::map<std::string, std::vector<const Replica *>> on;
  for (const Replica &replica : subject.replicas) {
    if (const std::string *other = claims.against(*replica.workload, replica.node))
      beside(replica, *other, replica.workload->span());
    on[replica.node].push_back(&replica);
  }
  for (const auto &[node, list] : on)
    for (const Replica *one : list)
      if (one->workload->place().exclusive())
        for (const Replica *other : list)
          if (other->workload != one->workload)
            beside(*one, other->name(), one->workload->place().exclusive_span());
}

void check_transient_exclusive(const Case &subject, const Difference &difference, Faults &faults) {
  std::set<std::pair<std::string, uint32_t>> running;
  for (const Step &step : difference.steps)
    if (step.desired && step.runs) {
      const Replica &replica = subject.replicas[*step.desired];
      running.emplace(replica.workload->name(), replica.number);
    }
  for (const proto::Part &part : subject.plan.parts())
    for (const proto::Instance &coming : part.instances()) {
      if (coming.retiring() || running.count({coming.workload(), coming.replica()}) ||
          !subject.takes(coming.workload(), coming.replica()) ||
          subject.is_over(coming.workload(), coming.replica()))
        continue;
      for (const proto::Instance &leaving : part.instances()) {
        if (!leaving.retiring() || leaving.workload() == coming.workload() ||
            !(leaving.spec().exclusive() || coming.spec().exclusive()))
          continue;
        const bool waits = std::any_of(
            coming.start_after().begin(), coming.start_after().end(), [&](const proto::Gate &gate) {
              return gate.kind() == proto::Gate::STOPPED && gate.node() == part.node() &&
                     gate.workload() == leaving.workload() && gate.replica() == leaving.replica() &&
                     gate.revision() == leaving.revision();
            });
        if (!waits)
          faults.add(diag::N0718,
                     fmt::format("this order lets {}/{} start on {} beside {}/{}, and one of them "
                                 "is exclusive",
                                 coming.workload(), coming.replica(), part.node(),
                                 leaving.workload(), leaving.replica()));
      }
    }
}

} // namespace nemo::verify
