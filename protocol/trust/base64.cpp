#include "protocol/trust/base64.h"

#include <algorithm>
#include <vector>

#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/ScopeExit.h"
#include "llvm/Support/Base64.h"
#include "llvm/Support/Error.h"

#include "protocol/trust/openssl.h"

namespace nemo::trust {

std::string to_base64(llvm::StringRef bytes) { return llvm::encodeBase64(bytes); }

std::string to_base64url(llvm::StringRef bytes) {
  std::string text = to_base64(bytes);
  text.erase(text.find_last_not_of('=') + 1);
  std::replace(text.begin(), text.end(), '+', '-');
  std::replace(text.begin(), text.end(), '/', '_');
  return text;
}

std::optional<std::string> from_base64(llvm::StringRef text) {
  std::vector<char> bytes;
  auto wiped = llvm::make_scope_exit([&] { OPENSSL_cleanse(bytes.data(), bytes.size()); });
  bytes.reserve(text.size()); // growing would leave copies
  if (auto error = llvm::decodeBase64(text, bytes)) {
    llvm::consumeError(std::move(error));
    return std::nullopt;
  }
  std::string decoded(bytes.begin(), bytes.end());
  // Bits beyond the last byte could say anything: one text for each value.
  const Secret again(to_base64(decoded));
  if (again.bytes() != text)
    return std::nullopt;
  return decoded;
}

std::optional<std::string> from_base64url(llvm::StringRef text) {
  if (text.find_first_of("+/=") != llvm::StringRef::npos)
    return std::nullopt;
  const size_t padding = (4 - text.size() % 4) % 4;
  Secret plain(std::string(text.size() + padding, '='));
  llvm::copy(text, plain.buffer().begin());
  std::replace(plain.buffer().begin(), plain.buffer().end(), '-', '+');
  std::replace(plain.buffer().begin(), plain.buffer().end(), '_', '/');
  return from_base64(plain.bytes());
}

} // namespace nemo::trust
