// How an image wants to be run (the OCI image configuration, `config`).
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "llvm/ADT/StringRef.h"
#include "llvm/Support/Error.h"

namespace nemo::image {

struct Config {
  std::vector<std::string> command;     ///< Entrypoint and Cmd
  std::vector<std::string> environment; ///< "NAME=value"
  std::string working_directory;        ///< absolute; empty: "/"
  std::string user;                     ///< "", "1000", "www-data:www-data"
};

llvm::Expected<Config> parse_config(llvm::StringRef json);

struct User {
  uint32_t uid = 0, gid = 0;
};

/// \param passwd, group  the image's own /etc/passwd and /etc/group; empty where it has none.
llvm::Expected<User> find_user(llvm::StringRef user, llvm::StringRef passwd, llvm::StringRef group);

} // namespace nemo::image
