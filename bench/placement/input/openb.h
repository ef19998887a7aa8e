// Alibaba's `openb` GPU cluster of 2023 in the general model: nodes with devices, shapes of pods.
#pragma once

#include <string>
#include <vector>

#include "compiler/placement/model/model.h"

namespace nemo::bench {

/// Resource 0 is CPU in thousandths of a core, 1 is memory in MiB; a GPU is a device of 1000.
struct Openb {
  optimiser::Model model;     ///< no replicas: those are the pods that arrive
  std::vector<uint32_t> pods; ///< the shape of each pod of the list, in the list's order
};

/// \param nodes, pods  CSV files of the data set, also packed. Models of GPUs that a pod may use
/// become node sets; a list of pods without the column `gpu_spec` allows every model.
/// \returns a model that check() accepts, or an error that names the file, row and column.
llvm::Expected<Openb> read_openb(const std::string &nodes, const std::string &pods);

} // namespace nemo::bench
