// A Spec is taken apart once, before anything is made.
#pragma once

#include "llvm/Support/Error.h"

#include "runtime-agent/sandbox/sandbox.h"

namespace nemo::sandbox {

bool valid_id(const std::string &id);
llvm::Error check(const Spec &spec, const Host &host);

} // namespace nemo::sandbox
