// What every replica must be started from: lowered again from the checked intent.
#pragma once

#include <optional>

#include "compiler/verify/case.h"

namespace nemo::verify {

struct Desired {
  const Replica *replica = nullptr;
  proto::Spec spec;
  std::string revision;
};

struct DesiredState {
  std::vector<Desired> replicas;                            ///< in the order of Case::replicas
  std::vector<const proto::Workload *> starting;            ///< each after those it is `after`
  std::map<std::string, std::vector<size_t>> of;            ///< by workload: indices into replicas
  std::map<std::string, std::vector<const There *>> frozen; ///< left as they are, wanted, serving
};

/// One that others may be given the address of: desired, or left as it is and running.
struct Standing {
  uint32_t number = 0;
  std::optional<size_t> desired; ///< index into DesiredState::replicas, else
  const There *frozen = nullptr;
};
/// Of a workload that the intent knows, by number.
std::vector<Standing> standing(const DesiredState &state, const std::string &workload);

/// A circle in `after` is a fault.
DesiredState desired_state(const Case &subject, Faults &faults);

/// What a specification gives to what runs, by the names of now: two of which this is equal may
/// stand for each other.
proto::Spec given(const Moves &moves, proto::Spec spec);

/// Fixed ports that an instance takes of its node.
std::vector<uint32_t> held_ports(const proto::Spec &spec);

} // namespace nemo::verify
