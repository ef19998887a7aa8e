// A syntax tree as text without positions: two texts mean the same when their shapes are equal.
#pragma once

#include <string>

#include "intent/syntax/ast.h"

namespace nemo::syntax {

std::string shape(const File &file);
std::string shape(const File &file, ExprId id);

} // namespace nemo::syntax
