// What a node in a file can do. One that does not say is taken to enforce everything that its
// sandboxes offer: the file describes machines that are not there to be asked.
#pragma once

#include <string>
#include <vector>

#include "llvm/ADT/ArrayRef.h"

#include "protocol/fleet.pb.h"

namespace nemo::fleet {

/// Without the sandboxes, sorted.
const std::vector<std::string> &usual_capabilities();
/// Every name that a file may state without a warning.
const std::vector<std::string> &known_capabilities();
/// The node's sandboxes and `names`, in order of name.
void set_capabilities(proto::Node &node, llvm::ArrayRef<std::string> names);

} // namespace nemo::fleet
