// SHA-256 (FIPS 180-4) as lower-case hexadecimal text: how files, plans and specs are named by what
// they hold.
#pragma once

#include <string>

#include "llvm/ADT/StringRef.h"

namespace nemo {

/// 64 hexadecimal digits.
std::string sha256(llvm::StringRef bytes);

} // namespace nemo
