// What is started: one alternative for each kind of sandbox.
#pragma once

#include <variant>

#include "runtime-agent/sandbox/container.h"
#include "runtime-agent/sandbox/machine.h"

namespace nemo::sandbox {

using Sandbox = std::variant<Spec, Machine, Container>;

llvm::Expected<Started> start(const Sandbox &sandbox, const Host &host, Announce announce);
/// What all kinds have in common.
const Spec &common(const Sandbox &sandbox);
Spec &common(Sandbox &sandbox);

} // namespace nemo::sandbox
