// From a reference to an unpacked image in the agent's store: manifest, blobs, layers, each checked
// before the next is asked for.
#pragma once

#include <cstdint>
#include <functional>
#include <string>

#include "llvm/Support/Error.h"

#include "runtime-agent/image/reference.h"
#include "runtime-agent/registry/settings.h"

namespace nemo::pull {

/// STORE/DIGEST/root is the image's file system, STORE/DIGEST/config.json its configuration. They
/// are there when the directory is: it is made beside, flushed, and renamed. Blobs stay in the
/// store (registry::blob_path), for another image that has the same layers, until they are
/// collected.
///
/// \param reference  with a digest: of a manifest, or of an index, of which the manifest for this
///                   machine's platform is taken.
/// \param progress   bytes that are there, and bytes in all.
llvm::Error pull(const image::Reference &reference, const registry::Settings &settings,
                 const std::string &store, const std::function<void(uint64_t, uint64_t)> &progress);

} // namespace nemo::pull
