// What has to be known of JSON before it is parsed.
#pragma once

#include "llvm/ADT/StringRef.h"

namespace nemo {

/// Whether brackets nest deeper than `most`: LLVM's parser recurses, and hostile text would run it
/// out of stack. What is no JSON gets some answer.
bool nests_deeper(llvm::StringRef json, int most);

} // namespace nemo
