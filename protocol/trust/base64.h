// RFC 4648.
#pragma once

#include <optional>
#include <string>

#include "llvm/ADT/StringRef.h"

namespace nemo::trust {

std::string to_base64(llvm::StringRef bytes);
std::string to_base64url(llvm::StringRef bytes); ///< without padding

/// Of secrets, too: nothing of them is left in memory that was let go of. nullopt for anything that
/// the encoder would not have written.
std::optional<std::string> from_base64(llvm::StringRef text);
std::optional<std::string> from_base64url(llvm::StringRef text);

} // namespace nemo::trust
