#include "runtime-agent/pull/pull.h"

#include <algorithm>
#include <cerrno>
#include <fcntl.h>
#include <filesystem>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "base/error.h"
#include "base/files.h"
#include "runtime-agent/image/config.h"
#include "runtime-agent/image/manifest.h"
#include "runtime-agent/registry/client.h"
#include "runtime-agent/sandbox/descriptor.h"
#include "runtime-agent/unpack/layer.h"

namespace nemo::pull {

namespace fs = std::filesystem;
using sandbox::Descriptor;

namespace {

constexpr uint64_t kKeptFree = 256 << 20;

llvm::Expected<image::Manifest> find_manifest(registry::Client &client, const std::string &digest) {
  std::string name = "sha256:" + digest;
  for (const bool chosen : {false, true}) {
    auto text = client.manifest(name);
    if (!text)
      return text.takeError();
    auto parsed = image::parse_manifest(*text);
    if (!parsed)
      return failure("the manifest {} is refused: {}", name, llvm::toString(parsed.takeError()));
    if (auto *manifest = std::get_if<image::Manifest>(&*parsed))
      return std::move(*manifest);
    if (chosen)
      break;
    auto one = image::choose(std::get<image::Index>(*parsed), image::own_platform());
    if (!one)
      return one.takeError();
    name = "sha256:" + one->digest;
  }
  return failure("the index names another index, {}, where a manifest was expected", name);
}

/// Bytes that an image may take. What the agent and its workloads write to the same disk must not
/// end there.
llvm::Expected<uint64_t> room(const std::string &store) {
  struct statvfs disk = {};
  if (::statvfs(store.c_str(), &disk) != 0)
    return system_failure(errno, "{}", store);
  const uint64_t free = static_cast<uint64_t>(disk.f_bavail) * disk.f_frsize;
  return free - std::min(free, kKeptFree);
}

llvm::Error check_room(const std::string &store, uint64_t bytes) {
  auto free = room(store);
  if (!free)
    return free.takeError();
  if (bytes > *free)
    return failure("it takes {} MiB more, and {} MiB may be used in {}, where {} MiB stay free",
                   (bytes >> 20) + 1, *free >> 20, store, kKeptFree >> 20);
  return llvm::Error::success();
}

llvm::Error unpack_all(const image::Manifest &manifest, const std::string &store,
                       const std::string &directory) {
  std::error_code error;
  fs::create_directories(directory + "/root", error);
  fs::copy_file(registry::blob_path(store, manifest.config.digest), directory + "/config.json",
                error);
  if (error)
    return failure("cannot write {}: {}", directory, error.message());
  for (const std::string &one : {directory, directory + "/root"})
    ::chmod(one.c_str(), 0755); // whatever the umask
  auto tree = unpack::Tree::open(directory + "/root");
  if (!tree)
    return tree.takeError();
  auto free = room(store);
  if (!free)
    return free.takeError();
  unpack::Limits limits;
  limits.bytes = std::min(limits.bytes, *free);
  for (const image::Layer &layer : manifest.layers)
    if (auto failed = unpack_layer(registry::blob_path(store, layer.blob.digest), layer.packing,
                                   *tree, limits))
      return failure("layer sha256:{} is refused: {}", layer.blob.digest,
                     llvm::toString(std::move(failed)));
  return llvm::Error::success();
}

llvm::Error check_config(const std::string &path) {
  auto text = read_file(path, image::kMostConfigBytes);
  if (!text)
    return text.takeError();
  auto config = image::parse_config(*text);
  return config ? llvm::Error::success() : config.takeError();
}

} // namespace

llvm::Error pull(const image::Reference &reference, const registry::Settings &settings,
                 const std::string &store,
                 const std::function<void(uint64_t, uint64_t)> &progress) {
  if (reference.digest.empty())
    return failure("its digest is missing: NAME@sha256:... says which image is meant");
  const std::string place = store + "/" + reference.digest;
  const std::string beside = store + "/.image-" + reference.digest;
  const Descriptor lock(
      ::open((store + "/.pulling").c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600));
  if (!lock || ::flock(lock.get(), LOCK_EX) != 0)
    return system_failure(errno, "{}", store);
  if (fs::exists(place))
    return llvm::Error::success();
  registry::Client client(reference, settings);
  auto manifest = find_manifest(client, reference.digest);
  if (!manifest)
    return manifest.takeError();
  uint64_t all = manifest->config.bytes, before = 0;
  uint64_t there = registry::bytes_there(store, manifest->config);
  for (const image::Layer &layer : manifest->layers) {
    all += layer.blob.bytes; // at most kMostLayers * kMostLayerBytes
    there += registry::bytes_there(store, layer.blob);
  }
  if (auto error = check_room(store, all - there))
    return error;
  const auto fetch = [&](const image::Descriptor &blob) -> llvm::Error {
    if (auto error =
            client.blob(blob, store, [&](uint64_t bytes) { progress(before + bytes, all); }))
      return error;
    progress(before += blob.bytes, all);
    return llvm::Error::success();
  };
  if (auto error = fetch(manifest->config))
    return error;
  if (auto error = check_config(registry::blob_path(store, manifest->config.digest)))
    return error;
  for (const image::Layer &layer : manifest->layers)
    if (auto error = fetch(layer.blob))
      return error;
  std::error_code ignored;
  fs::remove_all(beside, ignored);
  auto error = unpack_all(*manifest, store, beside);
  if (!error) {
    const Descriptor directory(::open(store.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    if (::syncfs(directory.get()) != 0 || ::rename(beside.c_str(), place.c_str()) != 0 ||
        ::fsync(directory.get()) != 0)
      error = system_failure(errno, "cannot keep the image in {}", store);
  }
  if (error)
    fs::remove_all(beside, ignored);
  return error;
}

} // namespace nemo::pull
