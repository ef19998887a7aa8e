// What happens to each replica, before anything is put in order.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "compiler/migration/spec.h"

namespace nemo::compiler {

/// One that exists and is to go: replaced, moved, deleted, or left over from an unfinished apply.
struct Old {
  const stages::Existing *there = nullptr;
  size_t change = 0;                  ///< index of the change that it belongs to
  std::optional<std::string> hinders; ///< why it stops before the new one serves
  bool live = false;     ///< it moves as it runs; `hinders` holds, for where that fails
  bool early = false;    ///< stops before its successor serves, as others wait for what it holds
  bool reachable = true; ///< its node is in the fleet
};

struct Change {
  std::string verb;               ///< create | replace | move | delete | rename | protect | keep
  const Wanted *wanted = nullptr; ///< null for delete
  std::string workload;           ///< by its name of now
  uint32_t replica = 0;
  std::string node;
  std::string reason;
  std::string from_node, from_revision;
  std::string renamed_from;      ///< what goes on running has this name until now
  bool runs = false;             ///< what is wanted is there already
  bool protect = false;          ///< what it ends with
  bool protected_before = false; ///< of what goes on running
  std::vector<size_t> olds;
};

struct Changes {
  std::vector<Change> changes; ///< wanted ones in order of starting, then deletes
  std::vector<Old> olds;
  std::vector<size_t> change_of_wanted; ///< by index in WantedReplicas::replicas
};

Changes compare(const stages::Inputs &inputs, const stages::Resolved &resolved,
                const stages::Admissible &admissible, const WantedReplicas &wanted);

/// Fixed ports that a specification takes of its node.
std::vector<uint32_t> fixed_ports(const proto::Spec &spec);

} // namespace nemo::compiler
