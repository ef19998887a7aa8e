// How a machine becomes a member with a single-use token. The token holds the seed of an Ed25519
// key; the joiner signs with it, and the authority, which keeps only a digest of the public half,
// checks. So nothing that travels, and nothing that the authority stores, lets anybody else join.
//
// 1. The joiner opens TLS 1.3 to the authority and accepts only a certificate of the role authority
// that leads to the root whose
//    key the token pins, under an intermediate that is no older than the token's (tls.h).
// 2. It sends its certificate request, signed by its own new key, and the proof: a signature over
// this very channel (RFC
//    9266), the token and the request. Somebody in the middle has another channel, and the proof is
//    void there.
// 3. It gets its certificate, the pinned root, what that root says of others, and the revocations,
// and checks them all against the pin.
#pragma once

#include <string>
#include <vector>

#include "llvm/ADT/StringRef.h"
#include "llvm/Support/Error.h"

#include "protocol/trust.pb.h"
#include "protocol/trust/revocation.h"
#include "protocol/trust/svid.h"

namespace nemo::trust {

inline constexpr size_t channel_size = 32;   ///< bytes of a channel binding
inline constexpr size_t max_token = 1 << 10; ///< characters
inline constexpr size_t max_join =
    256 << 10; ///< bytes of a JoinRequest; a response may have max_signed

struct JoinToken {
  std::string id; ///< 16 bytes
  Secret seed;    ///< 32 bytes
  SpiffeId member;
  std::string pin; ///< key id of the root
  /// When the intermediate in use begins: one that was replaced before may have been stolen.
  UnixNanos intermediate_from;
  UnixNanos expires;
};

/// With a new id and seed.
JoinToken make_token(const SpiffeId &member, llvm::StringRef pin, UnixNanos intermediate_from,
                     UnixNanos expires);

/// "nemo-join-1." and base64url: one word that can be pasted; never put it into an argument of a
/// program.
Secret to_text(const JoinToken &token);
llvm::Expected<JoinToken> parse_token(llvm::StringRef text);

/// 32 bytes; its SHA-256 is what the authority stores.
llvm::Expected<std::string> token_key(const JoinToken &token);

/// \param channel  what channel_binding() says of the connection.
llvm::Expected<proto::JoinRequest> join_request(const JoinToken &token, const SigningKey &key,
                                                llvm::StringRef channel, UnixNanos now);

/// Sizes, and that whoever made the request on this channel knows the seed that `token_key` belongs
/// to. Says nothing of whether there is such a token.
llvm::Error check_proof(const proto::JoinRequest &request, llvm::StringRef channel);

struct Joined {
  std::vector<std::string> chain; ///< DER
  Bundle bundle;
  Revocations revocations;
};

/// Checks everything against what the joiner knew before: the pin, the identity and its own key.
llvm::Expected<Joined> accept(const proto::JoinResponse &response, const JoinToken &token,
                              const SigningKey &key, UnixNanos now);

} // namespace nemo::trust
