// What the paper's policies allocated in its own simulations.
#pragma once

#include <string>

#include "bench/placement/openb/judge.h"

namespace nemo::bench {

/// The curve of a policy on a list of pods, from `fgd_peer_results.csv` beside the list of nodes.
/// \param policy  as the file names it, "06-FGD".
/// \returns an error also when the file has nothing on them.
llvm::Expected<Curve> published(const std::string &nodes, const std::string &pods,
                                const std::string &policy);

} // namespace nemo::bench
