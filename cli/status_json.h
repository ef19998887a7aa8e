// The JSON documents of status and nodes (docs/architecture.md pins their first fields; they only
// grow).
#pragma once

#include <optional>

#include "orchestrator/status.h"
#include "protocol/plan.pb.h"
#include "llvm/Support/JSON.h"

namespace nemo::cli {

llvm::json::Value status_json(const orchestrator::Status &status, const proto::Fleet &fleet,
                              const std::optional<proto::Plan> &plan);
llvm::json::Value nodes_json(const proto::Fleet &fleet);

} // namespace nemo::cli
