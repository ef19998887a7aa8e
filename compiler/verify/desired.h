// What every replica must be started from: lowered again from the checked intent.
#pragma once

#include "compiler/verify/case.h"

namespace nemo::verify {

struct Desired {
  const Replica *replica = nullptr;
  proto::Spec spec;
  std::string revision;
};

struct DesiredState {
  std::vector<Desired> replicas;                 ///< in the order of Case::replicas
  std::vector<const proto::Workload *> starting; ///< each after those it is `after`
  std::map<std::string, std::vector<size_t>> of; ///< by workload: indices into replicas
};

/// A circle in `after` is a fault.
DesiredState desired_state(const Case &subject, Faults &faults);

/// Fixed ports that an instance takes of its node.
std::vector<uint32_t> held_ports(const proto::Spec &spec);

} // namespace nemo::verify
