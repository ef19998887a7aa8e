// A first intent for the machine that this runs on: small, commented, and good to apply as it is.
#pragma once

#include <string>

namespace nemo::orchestrator {

struct Machine {
  unsigned cores = 0;          ///< 0: not known
  uint64_t memory_bytes = 0;   ///< 0: not known
  std::string python, busybox; ///< absolute paths of programs that can serve; "" without
};

Machine this_machine();

/// A name that may name a stack, made of any text; "first" when nothing is left of it.
std::string stack_name(const std::string &text);

/// The text of the file, in the one style.
std::string first_intent(const Machine &machine, const std::string &stack);

} // namespace nemo::orchestrator
