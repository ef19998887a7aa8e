// What an operator says about registries, in a file that only he reads: who he is there, and which
// may be asked without TLS. The form is that of Docker's and Podman's auth files, so theirs can be
// used:
//   {"auths": {"registry.example:5000": {"auth": "<base64 of user:password>"}},
//    "plain-http": ["registry.site:5000"]}
#pragma once

#include <map>
#include <string>
#include <vector>

#include "llvm/Support/Error.h"

namespace nemo::registry {

struct Settings {
  std::map<std::string, std::string> credentials; ///< "user:password" of each registry
  std::vector<std::string> plain_http;
};

/// Nothing where there is no file. Fails on one that others may read or write, without reading it.
llvm::Expected<Settings> read_settings(const std::string &path);

} // namespace nemo::registry
