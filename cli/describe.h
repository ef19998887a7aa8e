// Objects of the checked intent as lines for people: what each came to mean.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "compiler/plan/print.h"
#include "protocol/intent.pb.h"

namespace nemo::cli {

struct Described {
  std::string name;  ///< "workload.web"
  std::string place; ///< "shop.nemo:3"
  std::vector<std::pair<std::string, std::string>> facts;
};

/// Every named object, in order of kind.
std::vector<Described> describe(const proto::Intent &intent);

void print(llvm::raw_ostream &out, const Described &object, const plan::PrintStyle &style);

} // namespace nemo::cli
