#include "base/digest.h"

#include "llvm/ADT/ArrayRef.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/SHA256.h"

namespace nemo {

std::string sha256(llvm::StringRef bytes) {
  const auto hash = llvm::SHA256::hash(llvm::ArrayRef<uint8_t>(bytes.bytes_begin(), bytes.size()));
  return llvm::toHex(llvm::ArrayRef<uint8_t>(hash.data(), hash.size()), /*LowerCase=*/true);
}

} // namespace nemo
