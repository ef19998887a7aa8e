// How an image is named: host[:port]/repository[:tag][@sha256:...] (the grammar of the OCI
// distribution specification 1.1). The registry is always named: which one a short name means
// differs from tool to tool.
#pragma once

#include <string>

#include "llvm/ADT/StringRef.h"
#include "llvm/Support/Error.h"

namespace nemo::image {

struct Reference {
  std::string registry;   ///< "registry.example:5000"
  std::string repository; ///< "team/vision"
  std::string tag;        ///< empty when none was given
  std::string digest;     ///< 64 hexadecimal digits; empty when none was given
};

/// Fails in words that name what is wrong with it.
llvm::Expected<Reference> parse_reference(llvm::StringRef text);

/// "sha256:..." to its 64 lower-case hexadecimal digits; empty when it is anything else.
std::string hex_of(llvm::StringRef digest);

} // namespace nemo::image
