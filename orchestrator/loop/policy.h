// What a controller may do without asking a person.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "llvm/ADT/StringRef.h"
#include "llvm/Support/Error.h"

#include "protocol/plan.pb.h"

namespace nemo::loop {

struct Policy {
  bool manual = false;                  ///< every change is approved by a person
  std::optional<uint64_t> moves;        ///< replicas that one plan may move, replace or take away
  std::optional<int64_t> ueur_per_hour; ///< that one plan may add to the cost

  /// `auto`, `manual`, or `auto within { moves = 5; cost = 0.10EUR/h }`. The error is for who wrote
  /// it.
  static llvm::Expected<Policy> parse(llvm::StringRef text);
  std::string text() const; ///< parse() understands it
};

/// Why a person has to approve the plan; empty: nobody has to.
std::vector<std::string> objections(const Policy &policy, const proto::Plan &plan);

} // namespace nemo::loop
