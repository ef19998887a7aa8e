// What runs stays as it is, and the desired state that says so holds for longer: nodes start
// nothing new by a state that has expired.
#pragma once

#include <set>
#include <string>
#include <vector>

#include "backends/backend.h"

namespace nemo::orchestrator {

/// What to deliver again, the most urgent first: the stack's parts as their nodes have them. A node
/// that lies about its part gets the lie, for itself alone.
///
/// \param source  who owns the stack; what somebody else has taken over is left alone.
std::vector<proto::DeliverCall> renewals(const proto::Fleet &fleet,
                                         std::vector<backends::fleet::Validity> due,
                                         const std::string &stack, const std::string &source);

/// Renews what is due of the stack.
///
/// \param fleet  as observed. \param without  nodes that are left alone.
llvm::Error
renew(backends::Backend &backend, const proto::Fleet &fleet, const std::string &stack,
      const std::string &source, const std::set<std::string> &without,
      llvm::function_ref<void(const std::string &node, const proto::Delivered &)> on_renewed);

} // namespace nemo::orchestrator
