// What a machine asks of its fleet's authority, on a TLS connection of its own: to join with a
// token, or a new certificate for the key it has. The first byte of the question says which; the
// answer is a JoinResponse, then a JSON object that says where the brokers are.
#pragma once

#include <chrono>
#include <string>

#include "llvm/Support/Error.h"

#include "protocol/membership/address.h"
#include "protocol/membership/member.h"
#include "protocol/trust/join.h"

namespace nemo::membership {

inline constexpr uint16_t authority_port = 7423;
inline constexpr uint16_t broker_port = 7422;

enum class Question : char { join = 'J', renew = 'R' };

struct Answer {
  Credentials credentials;
  Places places;
  std::string own_host; ///< this machine's, as seen from the authority
};

/// {"version": 1, "brokers": [...]}, and back: `authority` is the caller's.
std::string places_json(const std::vector<std::string> &brokers);
llvm::Expected<std::vector<std::string>> read_places(llvm::StringRef json);

llvm::Expected<Answer> join(const Address &authority, const trust::JoinToken &token,
                            const trust::SigningKey &key, std::chrono::milliseconds limit);

/// A certificate for the same key, newer roots and revocations. So the broker, which knows members
/// by their keys, need not hear of it, and what was delegated to a key stays so.
llvm::Expected<Answer> renew(const Member &member, std::chrono::milliseconds limit);

} // namespace nemo::membership
