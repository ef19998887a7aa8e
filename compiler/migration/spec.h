// What every wanted replica is to be started from, with everything decided: the specification and
// the revision that names it.
#pragma once

#include <string>
#include <vector>

#include "base/diagnostics/diagnostics.h"
#include "compiler/pipeline/stages.pb.h"

namespace nemo::compiler {

struct Wanted {
  uint32_t workload = 0; ///< index in Intent.workloads
  uint32_t number = 0;
  std::string node;
  proto::Spec spec;
  std::string revision;
};

struct WantedReplicas {
  std::vector<Wanted> replicas;             ///< in the order of Resolved.replicas
  std::vector<uint32_t> start_order;        ///< workloads, each after those it is `after`
  std::vector<std::vector<uint32_t>> after; ///< by workload: indices of those it is after
  std::vector<Diagnostic> diagnostics;
};

WantedReplicas wanted(const stages::Inputs &inputs, const stages::Resolved &resolved,
                      const stages::Placed &placed, const stages::Deliverable &deliverable);

/// The first 16 digits of the sha256 over the specification, serialised deterministically.
std::string revision_of(const proto::Spec &spec);

} // namespace nemo::compiler
