// Where a controller leaves the plan that it wants approved, and finds what a person said of it: a
// directory of its machine that nobody else may write to.
#pragma once

#include <optional>
#include <set>
#include <string>

#include "llvm/ADT/StringRef.h"
#include "llvm/Support/Error.h"

#include "protocol/plan.pb.h"

namespace nemo::loop {

class Approvals {
public:
  /// \param directory  made when it is missing, for its owner only.
  static llvm::Expected<Approvals> open(std::string directory);
  /// Of this user: `controller` in the state directory.
  static llvm::Expected<std::string> usual_directory();

  /// The plan that waits; nothing: none does.
  llvm::Expected<std::optional<proto::Plan>> pending() const;
  /// Puts it in place of the one that waited before.
  llvm::Error ask(const proto::Plan &plan) const;
  llvm::Error withdraw() const;

  /// Digests of plans.
  std::set<std::string> approved() const;
  llvm::Error approve(const std::string &digest) const;

private:
  explicit Approvals(std::string directory) : directory_(std::move(directory)) {}
  std::string directory_;
};

} // namespace nemo::loop
