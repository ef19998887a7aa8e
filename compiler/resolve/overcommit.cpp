#include "compiler/resolve/overcommit.h"

#include <algorithm>
#include <cmath>
#include <unordered_map>

#include "compiler/resolve/hours.h"
#include "compiler/resolve/supply.h"

namespace nemo::compiler {

namespace {

double cores(uint64_t millicores) { return static_cast<double>(millicores) / 1000; }

/// In cores; of s p above 700, e^(s p) is no number, so it is taken out of the logarithm.
double effective_cores(const Usage &usage, double s) {
  const double peak = cores(usage.peak);
  const double share = usage.peak > 0 ? cores(usage.mean) / peak : 1;
  return peak + std::log(share + (1 - share) * std::exp(-s * peak)) / s;
}

} // namespace

std::optional<uint64_t> overcommit_ppb(const proto::Intent &intent) {
  std::optional<uint64_t> least;
  for (const proto::Objective &objective : intent.objectives())
    if (objective.has_overcommit_ppb())
      least = std::min(least.value_or(UINT64_MAX), objective.overcommit_ppb());
  return least;
}

Usage usage_of(const proto::Resources &resources) {
  const uint64_t peak = largest(resources).cpu_millicores();
  const uint64_t mean = resources.cpu_mean_millicores();
  return {peak, mean == 0 ? peak : std::min(mean, peak)};
}

uint64_t effective_millicores(const proto::Resources &resources, double s) {
  const Usage usage = usage_of(resources);
  if (usage.mean >= usage.peak)
    return usage.peak;
  const double rounded = std::ceil(effective_cores(usage, s) * 1000 * (1 + 1e-12));
  return std::min(usage.peak, static_cast<uint64_t>(std::max(rounded, 0.0)));
}

std::vector<uint64_t> free_processor(const stages::Inputs &inputs,
                                     const stages::Resolved &resolved) {
  std::vector<uint64_t> room;
  std::unordered_map<std::string, size_t> index;
  for (const proto::Node &node : resolved.world().nodes()) {
    index.emplace(node.name(), room.size());
    room.push_back(fed_millicores(node));
  }
  const auto take = [&](const std::string &node, const proto::Spec &spec) {
    if (const auto at = index.find(node); at != index.end())
      room[at->second] -= std::min(room[at->second], usage_of(spec.resources()).peak);
  };
  for (const proto::PartState &state : resolved.facts().parts())
    if (state.part().stack() != inputs.intent().stack())
      for (const proto::Instance &instance : state.part().instances())
        take(state.part().node(), instance.spec());
  for (const stages::Existing &there : resolved.frozen())
    take(there.node(), there.spec());
  return room;
}

std::optional<Overcommit> overcommit(const stages::Inputs &inputs,
                                     const stages::Resolved &resolved) {
  const proto::Intent &intent = inputs.intent();
  const std::optional<uint64_t> risk = overcommit_ppb(intent);
  if (!risk || *risk == 0 || inputs.destroy() || intent.workloads().empty())
    return std::nullopt;
  const double gamma = -std::log(static_cast<double>(*risk) / 1e9);
  const std::vector<uint64_t> room = free_processor(inputs, resolved);
  std::vector<std::pair<double, Usage>> usages; ///< with how much each counts
  double peaks = 0;
  for (const proto::Workload &workload : intent.workloads()) {
    usages.emplace_back(workload.has_priority() ? 1 : workload.replicas_min(),
                        usage_of(workload.resources()));
    peaks += usages.back().first * cores(usages.back().second.peak);
  }
  if (peaks == 0)
    return std::nullopt;
  constexpr int octaves = 6, steps = 4; // s from 1/64 to 64 for each core
  Overcommit best;
  double most = -1;
  for (int step = -octaves * steps; step <= octaves * steps; ++step) {
    Overcommit made;
    made.s = std::exp2(static_cast<double>(step) / steps);
    const double reserve = gamma / made.s;
    made.reserve = static_cast<uint64_t>(std::ceil(reserve * 1000 * (1 + 1e-12)));
    double amounts = 0;
    for (const auto &[weight, usage] : usages)
      amounts += weight * effective_cores(usage, made.s);
    double fit = 0;
    for (uint64_t free : room) {
      const double strict = cores(free) / peaks, effective = (cores(free) - reserve) / amounts;
      made.effective.push_back(effective > strict);
      fit += std::max(strict, effective);
    }
    if (fit > most) {
      most = fit;
      best = std::move(made);
    }
  }
  return best;
}

double chance_of_excess(const std::vector<Usage> &usages, uint64_t room) {
  unsigned __int128 mean = 0, peak = 0;
  for (const Usage &usage : usages) {
    mean += usage.mean;
    peak += usage.peak;
  }
  if (peak <= room)
    return 0;
  if (mean >= room)
    return 1;
  // The exponent is convex in s: it is least where the mean under the tilted chances is the room.
  const auto tilted = [&](double s) {
    double sum = 0;
    for (const Usage &usage : usages)
      sum +=
          cores(usage.peak) * cores(usage.mean) /
          (cores(usage.mean) + cores(usage.peak - usage.mean) * std::exp(-s * cores(usage.peak)));
    return sum;
  };
  double low = 0, high = 1;
  while (tilted(high) < cores(room) && high < 1e9)
    high *= 2;
  for (int round = 0; round < 200; ++round) {
    const double middle = (low + high) / 2;
    (tilted(middle) < cores(room) ? low : high) = middle;
  }
  double exponent = -high * cores(room);
  for (const Usage &usage : usages)
    exponent += high * effective_cores(usage, high);
  return std::min(1.0, std::exp(exponent));
}

} // namespace nemo::compiler
