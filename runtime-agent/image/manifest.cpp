#include "runtime-agent/image/manifest.h"

#include <set>

#include <sys/utsname.h>

#include "llvm/ADT/StringSwitch.h"
#include "llvm/Support/JSON.h"

#include "base/error.h"
#include "base/json.h"
#include "runtime-agent/image/reference.h"

namespace nemo::image {

namespace {

namespace json = llvm::json;

constexpr const char *kIndexes[] = {"application/vnd.oci.image.index.v1+json",
                                    "application/vnd.docker.distribution.manifest.list.v2+json"};
constexpr const char *kManifests[] = {"application/vnd.oci.image.manifest.v1+json",
                                      "application/vnd.docker.distribution.manifest.v2+json"};
constexpr const char *kConfigs[] = {"application/vnd.oci.image.config.v1+json",
                                    "application/vnd.docker.container.image.v1+json"};

bool is_one_of(llvm::ArrayRef<const char *> list, llvm::StringRef text) {
  return llvm::any_of(list, [text](const char *one) { return text == one; });
}

std::string text_of(const json::Object &object, llvm::StringRef key) {
  return object.getString(key).value_or("").str();
}

llvm::Expected<Descriptor> parse_descriptor(const json::Value &value, uint64_t most) {
  const json::Object *object = value.getAsObject();
  if (!object)
    return failure("a descriptor in it is not an object");
  Descriptor out;
  out.digest = hex_of(text_of(*object, "digest"));
  if (out.digest.empty())
    return failure("'{}' in it is not a SHA-256 digest", text_of(*object, "digest").substr(0, 100));
  const auto bytes = object->getInteger("size");
  if (!bytes || *bytes < 0)
    return failure("it gives no size for {}", out.digest);
  if (static_cast<uint64_t>(*bytes) > most)
    return failure("it says that {} has {} bytes; {} are allowed", out.digest, *bytes, most);
  out.bytes = static_cast<uint64_t>(*bytes);
  return out;
}

llvm::Expected<Layer> parse_layer(const json::Value &value) {
  auto blob = parse_descriptor(value, kMostLayerBytes);
  if (!blob)
    return blob.takeError();
  const std::string type = text_of(*value.getAsObject(), "mediaType");
  const int packing =
      llvm::StringSwitch<int>(type)
          .Case("application/vnd.oci.image.layer.v1.tar", int(Packing::none))
          .Cases("application/vnd.oci.image.layer.v1.tar+gzip",
                 "application/vnd.docker.image.rootfs.diff.tar.gzip", int(Packing::gzip))
          .Case("application/vnd.oci.image.layer.v1.tar+zstd", int(Packing::zstd))
          .Default(-1);
  if (packing < 0)
    return failure("one of its layers is a '{}', which is not known here", type.substr(0, 200));
  return Layer{std::move(*blob), static_cast<Packing>(packing)};
}

llvm::Expected<std::variant<Manifest, Index>> as_manifest(const json::Object &object,
                                                          const json::Array &layers) {
  const json::Value *config = object.get("config");
  if (!config)
    return failure("it has no configuration");
  Manifest out;
  auto descriptor = parse_descriptor(*config, kMostConfigBytes);
  if (!descriptor)
    return descriptor.takeError();
  out.config = std::move(*descriptor);
  if (const std::string type = text_of(*config->getAsObject(), "mediaType");
      !is_one_of(kConfigs, type))
    return failure("it is no image of a container: its configuration is a '{}'",
                   type.substr(0, 200));
  if (layers.size() > kMostLayers)
    return failure("it has {} layers; {} are allowed", layers.size(), kMostLayers);
  for (const json::Value &value : layers) {
    auto layer = parse_layer(value);
    if (!layer)
      return layer.takeError();
    out.layers.push_back(std::move(*layer));
  }
  return out;
}

llvm::Expected<std::variant<Manifest, Index>> as_index(const json::Array &manifests) {
  Index out;
  if (manifests.size() > kMostPlatforms)
    return failure("it has {} manifests; {} are allowed", manifests.size(), kMostPlatforms);
  for (const json::Value &value : manifests) {
    auto manifest = parse_descriptor(value, kMostManifestBytes);
    if (!manifest)
      return manifest.takeError();
    const json::Object &object = *value.getAsObject();
    const json::Object *platform = object.getObject("platform");
    // Signatures and what else lies beside the images has no platform, or another kind.
    if (!platform || !is_one_of(kManifests, text_of(object, "mediaType")))
      continue;
    out.entries.push_back({std::move(*manifest),
                           {text_of(*platform, "os"), text_of(*platform, "architecture"),
                            text_of(*platform, "variant")}});
  }
  return out;
}

std::string name_of(const Platform &platform) {
  return fmt::format("{}/{}{}{}", platform.os, platform.architecture,
                     platform.variant.empty() ? "" : "/", platform.variant);
}

} // namespace

llvm::Expected<std::variant<Manifest, Index>> parse_manifest(llvm::StringRef text) {
  if (text.size() > kMostManifestBytes || nests_deeper(text, kMostDepth))
    return failure("it is larger or nested deeper than a manifest can be");
  auto value = json::parse(text);
  if (!value) {
    llvm::consumeError(value.takeError());
    return failure("it is not JSON");
  }
  const json::Object *object = value->getAsObject();
  if (!object || object->getInteger("schemaVersion") != 2)
    return failure("it is not a manifest of schema version 2");
  const std::string type = text_of(*object, "mediaType");
  const json::Array *layers = object->getArray("layers"),
                    *manifests = object->getArray("manifests");
  // Which of the two it is must not be in the eye of the beholder.
  if (layers && !manifests && (type.empty() || is_one_of(kManifests, type)))
    return as_manifest(*object, *layers);
  if (manifests && !layers && (type.empty() || is_one_of(kIndexes, type)))
    return as_index(*manifests);
  return failure("it is neither a manifest nor an index{}{}",
                 type.empty() ? "" : ": it calls itself ", type.substr(0, 200));
}

Platform own_platform() {
  utsname system = {};
  ::uname(&system);
  return llvm::StringSwitch<Platform>(system.machine)
      .Case("x86_64", {"linux", "amd64", ""})
      .Case("aarch64", {"linux", "arm64", "v8"})
      .Case("armv7l", {"linux", "arm", "v7"})
      .Default({"linux", system.machine, ""});
}

llvm::Expected<Descriptor> choose(const Index &index, const Platform &platform) {
  const Descriptor *found = nullptr;
  std::set<std::string> others;
  for (const Index::Entry &entry : index.entries) {
    const Platform &one = entry.platform;
    if (one.os != platform.os || one.architecture != platform.architecture)
      others.insert(name_of(one).substr(0, 60));
    else if (!found || one.variant == platform.variant)
      found = &entry.manifest;
  }
  if (found)
    return *found;
  std::string list;
  for (const std::string &other : others)
    if (list.size() < 300)
      list += (list.empty() ? "" : ", ") + other;
  return failure("it has no image for {}{}{}", name_of(platform), list.empty() ? "" : ", only for ",
                 list);
}

std::string accepted_manifests() {
  std::string list;
  for (const auto *kinds : {&kIndexes, &kManifests})
    for (const char *kind : *kinds)
      list += (list.empty() ? "" : ", ") + std::string(kind);
  return list;
}

} // namespace nemo::image
