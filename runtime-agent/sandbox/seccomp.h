// The system call filters of every process sandbox.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "llvm/ADT/ArrayRef.h"
#include "llvm/Support/Error.h"

namespace nemo::sandbox {

/// The calls that no sandbox has, whatever their arguments are.
llvm::ArrayRef<const char *> forbidden_calls();

/// As nemo-supervisor reads them (supervisor/filters.h).
/// \param asking  whether the supervisor is to learn what was refused (see try_listener).
/// \param tcp     whether Landlock restricts TCP ports here: then nothing may pass it by.
llvm::Expected<std::string> make_filters(bool asking, bool tcp);

/// What Landlock allows, for the supervisor to know what it refuses; appended to the filters.
std::string port_sections(const std::vector<uint16_t> &bind,
                          const std::optional<std::vector<uint16_t>> &connect);

/// Whether a process may answer for another's refused system calls. \returns why not, or nothing.
std::string try_listener();

} // namespace nemo::sandbox
