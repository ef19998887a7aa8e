#include "compiler/verify/closeness.h"

#include "compiler/verify/rules.h"

namespace nemo::verify {

std::optional<bool> Closeness::between(const proto::Affinity &affinity, const std::string &one,
                                       const std::string &other) {
  if (affinity.within_ns() != 0) {
    const std::optional<Way> &way = ways_.between(one, other);
    return way ? std::optional(way->latency_ns <= affinity.within_ns()) : std::nullopt;
  }
  const std::string here = spread_group(world_.at(one), affinity.within());
  const std::string there = spread_group(world_.at(other), affinity.within());
  return here.empty() || there.empty() ? std::nullopt : std::optional(here == there);
}

} // namespace nemo::verify
