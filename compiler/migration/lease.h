// Leases of replicas that must not run twice: who grants them, and the fencing token.
#pragma once

#include <map>
#include <optional>
#include <string>

#include "compiler/migration/spec.h"
#include "compiler/resolve/renames.h"

namespace nemo::compiler {

inline constexpr size_t lease_granters = 3;

class Leases {
public:
  /// \param facts  as observed: what was planned before is kept, as two sets of granters could let
  /// two nodes run it.
  Leases(const proto::Intent &intent, const proto::Fleet &world, const proto::Fleet &facts);

  /// Nothing for what needs none, and in a fleet of fewer than three nodes.
  std::optional<proto::Lease> of(const std::string &workload, const Wanted &replica) const;

private:
  struct Before {
    proto::Lease lease;
    std::string node;
  };
  std::vector<std::string> choose(const std::string &name) const;
  const proto::Intent &intent_;
  const proto::Fleet &world_;
  int64_t at_ms_ = 0;
  std::map<std::pair<std::string, uint32_t>, Before> before_;
};

} // namespace nemo::compiler
