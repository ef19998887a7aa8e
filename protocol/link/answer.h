// How an answer is bound to its question: sealed to the question's key, with node, nonce and
// number.
#pragma once

#include <string>

#include "llvm/ADT/StringRef.h"

namespace nemo::link {

inline constexpr llvm::StringLiteral answer_info = "nemo answer 1";

inline std::string answer_aad(llvm::StringRef node, llvm::StringRef nonce, uint64_t number) {
  return node.str() + '\0' + std::to_string(number) + '\0' + nonce.str();
}

} // namespace nemo::link
