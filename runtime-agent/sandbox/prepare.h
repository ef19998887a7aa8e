// From a checked Spec to all that the child needs. As root this is also where things are given to
// the sandbox's user.
#pragma once

#include "llvm/Support/Error.h"

#include "runtime-agent/sandbox/child.h"
#include "runtime-agent/sandbox/sandbox.h"

namespace nemo::sandbox {

constexpr char kRefused[] = ".refused"; ///< after the name of the exit record

llvm::Expected<Launch> prepare(const Spec &spec, const Host &host);

/// The sandbox's uid and gid on the host, as root; an ordinary user's own otherwise.
uint32_t host_uid(const Spec &spec, const Host &host);
uint32_t host_gid(const Spec &spec, const Host &host);

} // namespace nemo::sandbox
