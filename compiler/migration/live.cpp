#include "compiler/migration/live.h"

#include <algorithm>

namespace nemo::compiler {

namespace {

bool can(const proto::Node &node) {
  return std::any_of(node.capabilities().begin(), node.capabilities().end(),
                     [](const proto::Capability &known) {
                       return known.name() == "migrate.live" && known.available();
                     });
}

} // namespace

bool moves_live(const proto::Workload &workload, const Wanted &wanted,
                const stages::Existing &there, const proto::Node &from, const proto::Node &to) {
  const proto::Spec &spec = wanted.spec;
  const bool machine = spec.sandbox() == "microvm" || spec.sandbox() == "unikernel";
  const bool holds = !spec.gpus().empty() ||
                     std::any_of(spec.mounts().begin(), spec.mounts().end(),
                                 [](const proto::Mount &mount) { return !mount.volume().empty(); });
  return machine && !holds && !workload.restarts() && workload.partition() != "stop" &&
         !workload.has_job() && there.has_spec() && there.revision() == wanted.revision &&
         there.renamed_from().empty() && can(from) && can(to);
}

std::optional<uint64_t> bandwidth_between(const proto::Fleet &world, const proto::Node &from,
                                          const proto::Node &to) {
  const auto is = [](const std::string &end, const proto::Node &node) {
    return end == node.name() || end == node.site();
  };
  std::optional<uint64_t> most;
  for (const proto::Link &link : world.links())
    if (link.bandwidth_bps() != 0 && ((is(link.from(), from) && is(link.to(), to)) ||
                                      (is(link.from(), to) && is(link.to(), from))))
      most = std::max(most.value_or(0), link.bandwidth_bps());
  return most;
}

} // namespace nemo::compiler
