// Files with secrets in them.
#pragma once

#include <string>

#include "llvm/ADT/StringRef.h"
#include "llvm/Support/Error.h"

#include "protocol/trust/openssl.h"

namespace nemo::trust {

/// At most 64 KiB from a regular file, not a link, that belongs to this process's user and that
/// nobody else may read or write; anything else is refused, and the error says what to do.
llvm::Expected<Secret> read_secret(const std::string &path);

/// Creates the file with mode 0600; it and its name are on the disk when this returns. Never
/// replaces one.
llvm::Error write_secret(const std::string &path, llvm::StringRef bytes);

/// Puts the name of a new file on the disk.
llvm::Error sync_directory_of(const std::string &path);

/// PKCS #8 in PEM, without a password.
llvm::Expected<Pkey> read_key(const std::string &path);
Secret to_pem(EVP_PKEY *key);

} // namespace nemo::trust
