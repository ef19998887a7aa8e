// The fleet as the intent sees it: the facts of the plan, and over them what the intent declares.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "compiler/verify/faults.h"
#include "protocol/plan.pb.h"

namespace nemo::verify {

struct Place {
  const proto::Node *node = nullptr;
  const proto::Site *site = nullptr; ///< null: the facts name no such site
};

struct World {
  std::map<std::string, proto::Site> sites;
  std::map<std::string, proto::Node> nodes;
  std::vector<proto::Link> links; ///< those that were found, then those that are declared

  Place at(const std::string &node) const; ///< node null: not in the fleet
};

/// Reports facts that contradict themselves (two nodes of a name) and declarations that exceed what
/// was found.
World make_world(const proto::Intent &intent, const proto::Fleet &facts, Faults &faults);

} // namespace nemo::verify
