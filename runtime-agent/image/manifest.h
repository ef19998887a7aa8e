// What a registry says an image is made of: an index (one manifest for each platform) or a manifest
// (a configuration and layers), after the OCI image specification 1.1 and Docker's schema 2. All of
// it is hostile until it has been checked here.
#pragma once

#include <cstdint>
#include <string>
#include <variant>
#include <vector>

#include "llvm/ADT/StringRef.h"
#include "llvm/Support/Error.h"

namespace nemo::image {

inline constexpr uint64_t kMostManifestBytes = 4 << 20;
inline constexpr uint64_t kMostConfigBytes = 1 << 20;
inline constexpr size_t kMostLayers = 256;
inline constexpr size_t kMostPlatforms = 512;
inline constexpr uint64_t kMostLayerBytes = uint64_t{16} << 30;
inline constexpr int kMostDepth = 32;

enum class Packing { none, gzip, zstd };

/// One blob.
struct Descriptor {
  std::string digest; ///< 64 hexadecimal digits
  uint64_t bytes = 0;
};

struct Layer {
  Descriptor blob;
  Packing packing = Packing::none;
};

struct Manifest {
  Descriptor config;
  std::vector<Layer> layers; ///< the lowest first
};

/// "arm64" with the variant "v8", as Go and so the image specification call them.
struct Platform {
  std::string os, architecture, variant;
};

struct Index {
  struct Entry {
    Descriptor manifest;
    Platform platform;
  };
  std::vector<Entry> entries;
};

/// Kind and limits are checked, also of what is not asked for later. Fails in plain words.
llvm::Expected<std::variant<Manifest, Index>> parse_manifest(llvm::StringRef json);

/// The platform of the machine this runs on.
Platform own_platform();

/// The entry for a platform; a variant decides only between several for one architecture. Fails
/// with the platforms that there are.
llvm::Expected<Descriptor> choose(const Index &index, const Platform &platform);

/// What to ask a registry for, as a value of "Accept".
std::string accepted_manifests();

} // namespace nemo::image
