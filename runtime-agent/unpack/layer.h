// The layers of an image, one over the other, as one directory: tar, plain or packed, with the
// whiteouts of the OCI image specification.
#pragma once

#include <cstdint>
#include <string>

#include "llvm/Support/Error.h"

#include "runtime-agent/image/manifest.h"
#include "runtime-agent/unpack/tree.h"

namespace nemo::unpack {

/// What is left for the layers that come.
struct Limits {
  uint64_t bytes = uint64_t{32} << 30; ///< of all files, unpacked
  uint64_t entries = 2'000'000;
  uint64_t name_bytes = 256 << 20; ///< for all layers, Tree::name_bytes()
};

/// Puts a layer over what is in the tree, and takes what it needs from the limits. Refused are
/// devices, pipes and sockets, names that lead out, second names of what is no file, and damaged
/// archives. After an error the tree is good for nothing.
llvm::Error unpack_layer(const std::string &file, image::Packing packing, Tree &tree,
                         Limits &limits);

} // namespace nemo::unpack
