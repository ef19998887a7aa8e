// What nodes have room for while old and new stand beside each other.
#pragma once

#include <optional>
#include <vector>

#include "compiler/migration/changes.h"
#include "compiler/resolve/overcommit.h"
#include "compiler/resolve/sharing.h"

namespace nemo::compiler {

/// In whatever order things start and stop that waiting allows, no node holds more than it has.
///
/// New ones start on a node in some order r1, r2 ...; rm waits for the old ones in Gm, and each G
/// holds the one before it. Of all that can stand there when rm is the last that has started, the
/// most is: what stays, the old ones outside Gm, and each of r1 to rm by as much as it needs beyond
/// the old ones outside Gm that it waits for itself, as these have gone by then.
class Rooms {
public:
  Rooms(const stages::Inputs &inputs, const stages::Resolved &resolved,
        const WantedReplicas &wanted, const Changes &changes);

  /// What a new one has to wait for besides `own`, which it waits for anyway, to start now; nullopt
  /// where there is no room for it yet. Both are old ones on its node; `gone` have stopped.
  std::optional<std::vector<size_t>> admit(size_t replica, const std::vector<size_t> &own);
  void stopped(size_t old);
  /// Reachable old ones on the replica's node that have not stopped.
  std::vector<size_t> in_the_way(size_t replica) const;

private:
  /// The five resources, named devices, then of each GPU its thousandths and its memory; where
  /// nodes are over-committed, then the effective processor; where demand differs by hour, then
  /// processor and memory of each hour, instead of the first two; where jobs share room in
  /// time, then the same of each moment.
  using Amounts = std::vector<unsigned __int128>;
  struct Started {
    Amounts need;
    std::vector<size_t> own;
  };
  struct Node {
    std::vector<std::optional<uint64_t>> has;
    Amounts stays;
    bool tight = false;
    std::vector<size_t> olds;
    std::vector<size_t> gone;    ///< those of them that have stopped, in that order
    std::vector<size_t> awaited; ///< G of the last that has started
    std::vector<Started> started;
  };
  /// \param own  of the stack, and not left as it is
  /// \param run  of a job that holds its room only then
  Amounts amounts(const proto::Spec &spec, const Node &node, bool own,
                  const std::optional<Occupied> &run = std::nullopt) const;
  Amounts most(const Node &node) const;
  static bool fits(const Node &node, const Amounts &most, const Amounts &need);

  bool hourly_ = false;
  std::vector<Moment> moments_;
  std::optional<Overcommit> over_;
  std::vector<std::string> device_names_;
  std::vector<Node> nodes_;
  std::vector<Amounts> needs_, old_needs_;
  std::vector<std::optional<size_t>> node_of_old_;
  std::vector<size_t> node_of_new_;
  std::vector<char> awaited_; ///< by old one: in G of its node
};

} // namespace nemo::compiler
