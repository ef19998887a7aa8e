// The machine reassignment problem of the ROADEF/EURO challenge 2012 in the general model.
#pragma once

#include <string>

#include "compiler/placement/model/model.h"

namespace nemo::bench {

struct Reassignment {
  optimiser::Model model;
  optimiser::Solution initial; ///< every process where it is; its cost is not filled in
};

/// \param model, initial  files in the challenge's format, also packed.
llvm::Expected<Reassignment> read_mrp(const std::string &model, const std::string &initial);

/// A solution in the challenge's format: the machine of every process.
llvm::Error write_mrp(const std::string &path, const optimiser::Solution &solution);

} // namespace nemo::bench
