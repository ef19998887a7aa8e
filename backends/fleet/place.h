// Where the membership lies that reaches a fleet from here.
#pragma once

#include <string>

#include "llvm/Support/Error.h"

namespace nemo::backends::fleet {

/// The directory in $NEMO_FLEET, else that of this user: who may decide comes before who may only
/// read. N0844 where there is none.
llvm::Expected<std::string> membership_place();

} // namespace nemo::backends::fleet
