// A fleet's certificate authority. The root key exists in one file that its operator moves away; it
// is read only to make an intermediate, whose key stays here and certifies members for a day at a
// time. Everything that it does is in the audit log before anybody hears of it.
//
// Its directory: authority.db, intermediate-N.key, audit.log. Several processes may have it open.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "llvm/ADT/ArrayRef.h"
#include "llvm/Support/Error.h"

#include "backends/fleet/authority/certify.h"
#include "backends/fleet/authority/state.h"
#include "protocol/trust/audit.h"
#include "protocol/trust/join.h"
#include "protocol/trust/statement.h"

namespace nemo::authority {

inline constexpr std::chrono::hours svid_lifetime{24};
inline constexpr std::chrono::hours intermediate_lifetime{24 * 365};
inline constexpr std::chrono::hours root_lifetime{24 * 3650};
inline constexpr std::chrono::hours longest_invitation{24 * 7};

/// For one thread at a time: others open their own.
class Authority {
public:
  using Chain = std::vector<std::string>; ///< DER, the member's own first, without the root

  /// Makes a fleet: the root key in a new file at `root_key`, an intermediate, an empty state in
  /// `directory`, which is made if it is not there. \param who  whom the audit log names; in every
  /// function.
  static llvm::Error create(const std::string &directory, const std::string &fleet,
                            const std::string &root_key, llvm::StringRef who, UnixNanos now);
  static llvm::Expected<std::unique_ptr<Authority>> open(const std::string &directory);

  const std::string &fleet() const { return fleet_; }
  llvm::Expected<trust::Bundle> bundle();

  struct Certified {
    trust::SpiffeId id;
    std::string key_id;
    UnixNanos expires;
  };
  /// Every key that a member may use now, by member.
  llvm::Expected<std::vector<Certified>> certified(UnixNanos now);
  /// Grows with everything that is done here: the lines of the audit log.
  llvm::Expected<uint64_t> revision();

  /// A single-use token; its text is told once and kept nowhere.
  llvm::Expected<trust::Secret> invite(const trust::SpiffeId &member, std::chrono::seconds lifetime,
                                       llvm::StringRef who, UnixNanos now);

  /// Answers a joiner on the connection that `channel` names; an error is for JoinResponse.error
  /// and uses nothing up. Whoever held the name before is revoked. Whoever did not get the answer
  /// may ask again with the same token and key, until the token ends or the member is revoked.
  llvm::Expected<proto::JoinResponse> join(const proto::JoinRequest &request,
                                           llvm::StringRef channel, UnixNanos now);

  /// For a member that has a certificate: a Signed of kind RENEWAL, from anywhere. Hosts stay as
  /// they were.
  llvm::Expected<Chain> renew(llvm::StringRef signed_bytes, UnixNanos now);

  /// For who may use this directory: the first operator, the broker.
  llvm::Expected<Chain> certify(llvm::StringRef csr, llvm::ArrayRef<std::string> hosts,
                                llvm::StringRef who, UnixNanos now);

  /// Everything that the member was certified with until now; it may join again.
  llvm::Error revoke(const trust::SpiffeId &member, llvm::StringRef who, llvm::StringRef why,
                     UnixNanos now);
  /// A key for good: a member's that was stolen, or an intermediate's. Who had a member's key may
  /// have renewed with it: everything else that its member was certified with is revoked, too, and
  /// the member joins again.
  llvm::Error revoke_key(llvm::StringRef key_id, llvm::StringRef who, llvm::StringRef why,
                         UnixNanos now);

  /// The list as it is to be handed out: a Signed of kind REVOCATIONS. It is signed anew, with the
  /// next number, when it changes and once a day, so that members notice when somebody withholds
  /// it.
  llvm::Expected<std::string> revocations(UnixNanos now);
  /// The fleet's roots as Signed of kind BUNDLE, each as a root signed it when the roots changed or
  /// an intermediate was made; of the last changes, in their order. A member follows those that its
  /// roots signed (follow_bundles()), also one that was away for several.
  llvm::Expected<std::vector<std::string>> signed_bundles();

  /// A new intermediate, by the root whose key is in this file. Members' certificates stay good;
  /// revoke the old intermediate's key if it was stolen. Its file is removed. Invitations hold, but
  /// where the root is another than before, whose key they do not name, they are void; the log says
  /// how many.
  llvm::Error rotate(const std::string &root_key, llvm::StringRef who, UnixNanos now);
  /// A second root with a new key in a new file, vouched for by the one whose key is in `root_key`.
  /// Members learn of it by signed_bundles(); then rotate() to it, and drop the old one when no
  /// certificate leads to it any more.
  llvm::Error add_root(const std::string &root_key, const std::string &new_root_key,
                       llvm::StringRef who, UnixNanos now);
  /// \param root_key  the file of a root that stays: members drop one at the word of another.
  llvm::Error drop_root(llvm::StringRef key_id, const std::string &root_key, llvm::StringRef who,
                        UnixNanos now);

  /// The authority itself as a member, for its end of TLS and its statements; its key is only in
  /// memory. The chain for joiners has the root at its end.
  llvm::Expected<trust::Signer> self(UnixNanos now);
  llvm::Expected<Chain> chain_for_joins(UnixNanos now);

  /// Checks the audit log against its head.
  llvm::Expected<trust::AuditHead> verify_audit();
  /// One more line, for what others did: who planned, approved and applied what.
  llvm::Error record(const trust::AuditEntry &entry);

private:
  Authority() = default;
  struct Online; ///< the intermediate in use
  llvm::Error load();
  std::string intermediate_file(int64_t number) const;
  llvm::Error log(UnixNanos time, llvm::StringRef who, llvm::StringRef what, llvm::StringRef about,
                  const std::string &detail);
  llvm::Expected<Chain> issue(const trust::CertificateRequest &request,
                              llvm::ArrayRef<std::string> hosts, UnixNanos now);
  /// Whom the token is for; `again`: it was used by this key.
  llvm::Expected<trust::SpiffeId> member_of(const proto::JoinRequest &request,
                                            llvm::StringRef key_id, UnixNanos now, bool &again);
  llvm::Error revoke_member(const trust::SpiffeId &member, UnixNanos now);
  llvm::Expected<std::string> sign_list(UnixNanos now);
  llvm::Expected<Issuer> load_root(const std::string &root_key);
  llvm::Error put_root(const Issuer &root, int64_t position);
  llvm::Error sign_bundle(const Issuer &root, UnixNanos now);
  llvm::Error put_intermediate(const Issuer &root, UnixNanos now);

  std::string directory_;
  std::string fleet_;
  std::unique_ptr<State> state_;
  std::optional<Issuer> online_;
  int64_t online_number_ = 0;
  std::optional<trust::SigningKey> own_key_;
  Chain own_chain_;
  UnixNanos own_until_;
};

} // namespace nemo::authority
