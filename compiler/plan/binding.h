// What ties a plan to its inputs: digests over the files, the facts it read, and itself.
#pragma once

#include <string>
#include <vector>

#include "llvm/ADT/StringRef.h"
#include "llvm/Support/Error.h"

#include "protocol/plan.pb.h"

namespace nemo::plan {

/// sha256 over the plan with `digest` empty, serialised deterministically.
std::string plan_digest(const proto::Plan &plan);

/// sha256 over the facts; measurements (load, prices as sampled, state, pids) are left out.
std::string fleet_digest(const proto::Fleet &facts);

/// sha256 over the facts whole, prices included: seals in a plan what its figures were computed
/// from.
std::string facts_digest(const proto::Fleet &facts);

/// What has moved between the facts that the plan read and those of the fleet as it is now, in
/// words, one each. Empty when the fleet is as it was at the plan's start or in a state that the
/// plan's own actions have reached.
std::vector<std::string> what_moved(const proto::Plan &plan, const proto::Fleet &now);

/// A plan file: a one-line magic with the version, then the message. Reading checks magic, version,
/// limits and digest.
/// One that is larger than what is read again is refused.
llvm::Expected<std::string> write_plan_file(const proto::Plan &plan);
/// By its name (*.nemoplan) or its first bytes.
bool is_plan_file(const std::string &path);
/// The same from bytes already read; `path` is what diagnostics name.
llvm::Expected<proto::Plan> parse_plan_file(const std::string &path, llvm::StringRef bytes);
llvm::Expected<proto::Plan> read_plan_file(const std::string &path);

} // namespace nemo::plan
