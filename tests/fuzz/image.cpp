// What registries send: manifests, indexes, configurations, challenges, names. The first byte says
// which.
#include <cstdint>

#include "runtime-agent/image/config.h"
#include "runtime-agent/image/manifest.h"
#include "runtime-agent/image/reference.h"
#include "runtime-agent/registry/client.h"

using namespace nemo;

namespace {

template <typename T> void forget(llvm::Expected<T> result) {
  if (!result)
    llvm::consumeError(result.takeError());
}

void read_manifest(llvm::StringRef text) {
  auto parsed = image::parse_manifest(text);
  if (!parsed)
    return llvm::consumeError(parsed.takeError());
  if (const auto *index = std::get_if<image::Index>(&*parsed))
    forget(image::choose(*index, {"linux", "amd64", ""}));
  else if (std::get<image::Manifest>(*parsed).layers.size() > image::kMostLayers)
    __builtin_trap();
}

void read_reference(llvm::StringRef text) {
  auto parsed = image::parse_reference(text);
  if (!parsed)
    return llvm::consumeError(parsed.takeError());
  // These become parts of URLs and of paths.
  if (parsed->repository.find("..") != std::string::npos || parsed->repository.empty() ||
      (!parsed->digest.empty() && parsed->digest.size() != 64))
    __builtin_trap();
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  if (size == 0)
    return 0;
  const llvm::StringRef text(reinterpret_cast<const char *>(data) + 1, size - 1);
  switch (data[0]) {
  case 'm':
    read_manifest(text);
    break;
  case 'c':
    forget(image::parse_config(text));
    break;
  case 'r':
    read_reference(text);
    break;
  case 'u': {
    const auto [user, files] = text.split('\0');
    const auto [passwd, group] = files.split('\0');
    forget(image::find_user(user, passwd, group));
    break;
  }
  default:
    registry::parse_challenge(text, "Bearer");
  }
  return 0;
}
