// What of the stack is there already: what nodes report to run, joined with what they were told to
// run, under the names that the intent has now.
#pragma once

#include <string>
#include <vector>

#include "protocol/plan.pb.h"

namespace nemo::verify {

struct There {
  std::string workload; ///< its name of now
  uint32_t replica = 0;
  std::string node;
  std::string revision;
  std::string reported_as; ///< the name that it runs under
  bool retiring = false;
  std::string source;
  const proto::Spec *spec = nullptr; ///< what it was started from, where somebody says

  std::string name() const { return workload + "/" + std::to_string(replica); }
};

/// By workload, replica, node, revision.
std::vector<There> what_is_there(const proto::Intent &intent, const proto::Fleet &facts);

} // namespace nemo::verify
