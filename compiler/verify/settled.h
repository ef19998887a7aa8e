// Who need not have moved: what the intent says of dwelling and of moves in an hour.
#pragma once

#include "compiler/verify/case.h"

namespace nemo::verify {

/// By replica: why, if it stays, nothing better is looked for.
std::vector<std::string> held_back(const Case &subject);

} // namespace nemo::verify
