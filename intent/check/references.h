// What holds between objects that are written apart, told from their typed blocks.
#pragma once

#include "intent/check/blocks.h"

namespace nemo::check {

void check_references(Context &context, const std::vector<TypedBlock> &blocks);

} // namespace nemo::check
