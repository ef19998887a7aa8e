// Who waits where there is not room for everybody.
#pragma once

#include <optional>
#include <vector>

#include "compiler/placement/place.h"
#include "compiler/placement/queue.h"

namespace nemo::placement {

/// How many replicas of each need have room, always those with the lowest numbers, and nodes on
/// which they have it.
struct Admission {
  std::vector<uint32_t> counts;
  std::vector<NodeId> nodes; ///< by replica of the whole problem; nowhere: it waits
};

/// Gives room turn by turn: beside those that have it already, or by placing all of them anew.
/// \returns nothing where everybody has room by quick methods alone, or where those that may not
///          wait have none.
std::optional<Admission> admit(const Problem &problem, const std::vector<Turn> &turns,
                               const Budget &budget);

/// Gives room to who could have it as things are: on a node with room for it, or where the last
/// replicas of what is below it leave enough when they wait instead.
/// \returns whether anything changed. Then it is at rest: a second call changes nothing.
bool settle_waiting(const Problem &problem, const std::vector<Turn> &turns, Admission &admission);

/// The problem with as many replicas.
Problem with_counts(const Problem &problem, const std::vector<uint32_t> &counts);

} // namespace nemo::placement
