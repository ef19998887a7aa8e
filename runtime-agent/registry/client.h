// A registry, as far as pulling needs it (OCI distribution specification 1.1): manifests, blobs,
// and the tokens that they are asked with.
#pragma once

#include <map>
#include <string>

#include "llvm/ADT/STLFunctionalExtras.h"

#include "runtime-agent/image/manifest.h"
#include "runtime-agent/image/reference.h"
#include "runtime-agent/registry/http.h"
#include "runtime-agent/registry/settings.h"

namespace nemo::registry {

/// The parameters of a challenge, `Bearer realm="...",service="..."`; names in lower case. Empty
/// when it is of another scheme or malformed.
std::map<std::string, std::string> parse_challenge(llvm::StringRef challenge,
                                                   llvm::StringRef scheme);

/// Where a blob lies that is whole: not under the name of an image or an artifact, which it could
/// then pass for.
std::string blob_path(const std::string &store, const std::string &digest);
/// How much of it is there, whole or from a transfer that was cut.
uint64_t bytes_there(const std::string &store, const image::Descriptor &blob);

class Client {
public:
  Client(image::Reference reference, Settings settings);

  /// \param name  a tag, or "sha256:..."; what is asked for by digest has it.
  llvm::Expected<std::string> manifest(const std::string &name);

  /// Until a blob is in `store` (blob_path). What was there of it from a transfer that was cut
  /// is gone on with; a connection that is lost is made again as long as that leads further. What
  /// has the name has the content, also after a power cut.
  ///
  /// \param progress  called with the bytes that are there.
  llvm::Error blob(const image::Descriptor &blob, const std::string &store,
                   llvm::function_ref<void(uint64_t)> progress);

private:
  llvm::Expected<Response> ask(Request request);
  llvm::Error authorise(const Response &refusal);
  llvm::Error take_token(const std::map<std::string, std::string> &challenge);
  std::string url(llvm::StringRef kind, llvm::StringRef name) const;
  std::string basic() const;
  llvm::Error answered(const Response &response, llvm::StringRef what) const;

  image::Reference reference_;
  Settings settings_;
  Http http_;
  std::string authorization_;
};

} // namespace nemo::registry
