// The middle of the workflow: hand each node its part of the desired state, by compare-and-swap on
// what the plan was made against. Idempotent: what is there already is not delivered again.
#pragma once

#include <functional>
#include <optional>
#include <string>

#include "backends/backend.h"
#include "protocol/plan.pb.h"

namespace nemo::orchestrator {

struct Delivery {
  std::vector<std::string> nodes;         ///< those that were given something new, in order
  std::optional<uint64_t> first_sequence; ///< watch from here
};

struct DeliverOptions {
  bool take_over = false;
  std::function<bool()> interrupted = [] { return false; };
  std::function<void(const std::string &node, uint64_t generation)> on_delivered =
      [](const std::string &, uint64_t) {};
};

/// \param fleet  as observed for this plan: its generations are what the swap compares with.
/// \param delivery  filled as far as it came, also when it fails.
llvm::Error deliver(backends::Backend &backend, const proto::Plan &plan, const proto::Fleet &fleet,
                    const DeliverOptions &options, Delivery &delivery);

/// Whether the node has taken this part, or the same from another plan, by what it last said.
bool is_there(const proto::Part &part, const proto::Fleet &fleet);

/// "user@host, pid 411, 2026-11-24T08:00:00Z": who wins a race is told to who loses it.
std::string holder();

} // namespace nemo::orchestrator
