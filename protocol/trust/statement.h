// Signed statements: what members tell each other through a broker that nobody trusts. One function
// signs, one verifies, and one table (statement.cpp) says who may sign which kind, how long it may
// hold, and at which time the signer's certificate has to be valid.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "llvm/ADT/StringRef.h"
#include "llvm/Support/Error.h"

#include "base/clock.h"
#include "protocol/trust.pb.h"
#include "protocol/trust/guard.h"
#include "protocol/trust/hpke.h"
#include "protocol/trust/paths.h"
#include "protocol/trust/revocation.h"
#include "protocol/trust/svid.h"

namespace nemo::trust {

inline constexpr size_t max_signed = 17 << 20; ///< bytes of a Signed
inline constexpr size_t max_reason = 1000;     ///< bytes that say why a node is cordoned
inline constexpr std::chrono::milliseconds longest_desired_state = std::chrono::hours(90 * 24);

inline int64_t to_unix_ms(UnixNanos time) {
  return std::chrono::floor<std::chrono::milliseconds>(time).time_since_epoch().count();
}
/// Times that nanoseconds cannot say become the nearest that they can.
UnixNanos from_unix_ms(int64_t ms);

/// A member as one that signs.
struct Signer {
  const SigningKey &key;
  SpiffeId id;
  std::vector<std::string> chain; ///< DER, its own certificate first
  std::string delegation;         ///< of a controller, for desired state: a Signed
};

/// Fills in fleet and signer; the kind follows from the body. Everything else is the caller's,
/// `issued` and `expires` too. \returns the bytes of a Signed; an error for what verify() would
/// refuse from anybody in that role.
llvm::Expected<std::string> sign(proto::Statement statement, const Signer &signer);

/// What the receiver holds to be true. Nothing is accepted without one.
struct Expectation {
  Kind kind = Kind::Signed_Kind_KIND_NONE;
  std::string fleet;
  std::optional<SpiffeId> signer;   ///< exactly this one; else anybody whose role may sign the kind
  std::optional<std::string> node;  ///< the node that it is for or about; empty text: none
  std::optional<std::string> nonce; ///< of the request that a lease grant answers
  Mark at_least;                    ///< see may_follow()
  bool may_be_expired = false;      ///< for what was accepted before: it is told, not refused
  UnixNanos now;
  std::optional<std::string> lease = std::nullopt;  ///< that a grant is of
  std::optional<std::string> holder = std::nullopt; ///< SPIFFE ID of whom a lease is granted to
  const Guard *delegations = nullptr; ///< marks of those of each controller, by its SPIFFE ID

  /// For the node `me`, from whoever may decide. \param delegations  the receiver's guard, which
  /// also admits Verified::delegation: an older one may have allowed more.
  static Expectation desired_state(const SpiffeId &me, Mark at_least, UnixNanos now,
                                   const Guard *delegations = nullptr);
  /// What a node says of itself: REPORT, HEARTBEAT, SEALING_KEY.
  static Expectation of_node(Kind kind, const SpiffeId &node, Mark at_least, UnixNanos now);
  /// \param nonce  random, of this request alone: an old grant does not answer it.
  static Expectation lease_grant(const SpiffeId &granter, llvm::StringRef lease,
                                 const SpiffeId &holder, llvm::StringRef nonce, UnixNanos now);
  /// What the authority says to everybody: REVOCATIONS, BUNDLE.
  static Expectation of_fleet(Kind kind, llvm::StringRef fleet, Mark at_least, UnixNanos now);
  /// To the node `me`, from whoever may ask; which questions which role may ask is the node's to
  /// say.
  static Expectation question(const SpiffeId &me, UnixNanos now);
  /// Whether `node` takes anything new. It stands until there is another: one that has run out is
  /// told, not refused.
  static Expectation cordon(const SpiffeId &node, Mark at_least, UnixNanos now);
  static Expectation renewal(llvm::StringRef fleet, UnixNanos now);
  static Expectation delegation(llvm::StringRef fleet, UnixNanos now);
  /// By whoever holds the lead of controllers; whether the signer is the holder is the caller's to
  /// look at. It may be expired: whose clock is right is nobody's to say.
  static Expectation lead(llvm::StringRef fleet, llvm::StringRef lease, UnixNanos now);
  /// PLAN_ASKED, PLAN_APPROVAL.
  static Expectation of_plan(Kind kind, llvm::StringRef fleet, UnixNanos now);
};

struct Trust {
  const Bundle &bundle; ///< of the fleet that is expected
  const Revocations &revocations;
  Paths *paths = nullptr; ///< for who verifies much
};

/// Which tenants a signer may decide for.
struct Scope {
  bool all = false;
  std::vector<std::string> tenants;
  bool allows(llvm::StringRef tenant) const;
};

struct Verified {
  proto::Statement statement;
  Svid signer;
  Scope scope;        ///< of desired state; an agent also holds each instance in the payload to it
  std::string digest; ///< of the payload
  bool expired = false;  ///< only where the expectation allows it
  bool repeated = false; ///< accepted before: whoever holds the message can send it, so that it is
                         ///< no sign of life of who signed it
  /// Of the delegation that desired state by a controller rests on, for Guard::admit() as
  /// DELEGATION of the signer's SPIFFE ID.
  std::optional<Mark> delegation = std::nullopt;
  Mark mark() const;
};

/// \param bytes  a Signed, from anywhere.
/// \returns an error for whatever is not exactly what is expected.
llvm::Expected<Verified> verify(llvm::StringRef bytes, const Expectation &expected,
                                const Trust &trust);

/// Seals `plain` as the payload of desired state, bound to everything else that the statement says:
/// fleet, signer, node, epoch, generation, plan digest and tenants, which have to be there before.
llvm::Error seal_payload(proto::Statement &statement, const SpiffeId &signer,
                         llvm::StringRef public_key, llvm::StringRef plain);
llvm::Expected<Secret> open_payload(const Verified &state, const SealingKey &key);

} // namespace nemo::trust
