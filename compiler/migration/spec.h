// What every wanted replica is to be started from, with everything decided: the specification and
// the revision that names it.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/diagnostics/diagnostics.h"
#include "compiler/resolve/renames.h"

namespace nemo::compiler {

struct Wanted {
  uint32_t workload = 0; ///< index in Intent.workloads
  uint32_t number = 0;
  std::string node;
  proto::Spec spec;
  std::string revision;
  std::string starts_at = {};  ///< of a job
  std::string planned_at = {}; ///< the same, where its deadline counts from it
};

/// One that others may be given the address of: wanted, or left as it is and running.
struct Standing {
  uint32_t number = 0;
  std::optional<size_t> replica; ///< index in WantedReplicas::replicas, else
  const stages::Existing *frozen = nullptr;
};

struct WantedReplicas {
  std::vector<Wanted> replicas;                ///< in the order of Resolved.replicas
  std::vector<uint32_t> start_order;           ///< workloads, each after those it is `after`
  std::vector<std::vector<uint32_t>> after;    ///< by workload: indices of those it is after
  std::vector<std::vector<Standing>> standing; ///< by workload, by number
  std::vector<Diagnostic> diagnostics;
};

WantedReplicas wanted(const stages::Inputs &inputs, const stages::Resolved &resolved,
                      const stages::Placed &placed, const stages::Deliverable &deliverable);

/// The specification as it reads under the names of now. Two that are equal in this are given the
/// same by the agent, so one may stand for the other without a restart.
proto::Spec essence(proto::Spec spec, const Renames &renames);

} // namespace nemo::compiler
