// Syntax tree to text in the one style. Idempotent; keeps every comment; changes no meaning.
#pragma once

#include <string>

#include "intent/syntax/ast.h"

namespace nemo::syntax {

/// \param file  parsed without errors.
std::string format(const File &file);

} // namespace nemo::syntax
