// Vector bin packing in the general model: bins are nodes that cost 1 to open, and all alike.
#pragma once

#include <string>
#include <string_view>

#include "compiler/placement/model/model.h"

namespace nemo::bench {

/// \param text  dimensions, capacities, the number of kinds of items, then for each its sizes and
/// how many there are. \param path  for the error. \returns a model with as many bins as items;
/// equal items share a shape.
///
/// The archive of triplets has sizes below nothing: rounding left some items at -1 or -2, which
/// give room to the others. Demands are not negative, so such a dimension becomes two resources,
/// what is taken and what is given, and a balance makes taken - given above the capacity cost more
/// than all bins together: an assignment packs the items exactly when its balance costs nothing.
llvm::Expected<optimiser::Model> vbp_model(std::string_view text, const std::string &path);

/// What is known of an instance.
struct KnownPacking {
  std::string instance;
  int64_t optimum = 0; ///< below nothing: not known
  int64_t best = 0;    ///< of the published heuristics, the best of all
};
llvm::Expected<std::vector<KnownPacking>> read_known_packings(const std::string &path);

} // namespace nemo::bench
