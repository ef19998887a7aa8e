#include "protocol/trust/base64.h"

#include <algorithm>
#include <vector>

#include "llvm/Support/Base64.h"
#include "llvm/Support/Error.h"

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
  if (auto error = llvm::decodeBase64(text, bytes)) {
    llvm::consumeError(std::move(error));
    return std::nullopt;
  }
  std::string decoded(bytes.begin(), bytes.end());
  // Bits beyond the last byte could say anything: one text for each value.
  if (to_base64(decoded) != text)
    return std::nullopt;
  return decoded;
}

std::optional<std::string> from_base64url(llvm::StringRef text) {
  if (text.find_first_of("+/=") != llvm::StringRef::npos)
    return std::nullopt;
  std::string plain = text.str();
  std::replace(plain.begin(), plain.end(), '-', '+');
  std::replace(plain.begin(), plain.end(), '_', '/');
  plain.append((4 - plain.size() % 4) % 4, '=');
  return from_base64(plain);
}

} // namespace nemo::trust
