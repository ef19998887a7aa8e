// A member's own directory: its keys, its certificate, what it trusts, and where its fleet is. The
// keys are written once; everything else is replaced file by file, each at once, so that a reader
// always finds whole ones.
//
//   member.json   {"version": 1, "id": SPIFFE ID, "authority": "host:port", "brokers":
//   ["host:port"]} signing.key   sealing.key (of nodes)   chain.pem   roots.pem   bundle.json
//   revocations
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "llvm/Support/Error.h"

#include "protocol/trust/key.h"
#include "protocol/trust/revocation.h"
#include "protocol/trust/statement.h"
#include "protocol/trust/svid.h"

namespace nemo::membership {

/// What brokers' certificates are for, wherever they run: clients look for this name in them. Only
/// who has the authority's directory can have one made; joining gives no names.
inline constexpr const char *broker_name = "broker.nemo.internal";

inline constexpr size_t max_brokers = 16;

struct Places {
  std::string authority;            ///< "host:port" of joins and renewals
  std::vector<std::string> brokers; ///< "host:port"
};

struct Credentials {
  std::vector<std::string> chain; ///< DER
  trust::Bundle bundle;
  trust::Revocations revocations;
};

class Member {
public:
  /// Makes `directory`, which must not be there: all of it or nothing.
  static llvm::Error create(const std::string &directory, const trust::SpiffeId &id,
                            const trust::SigningKey &key, const Credentials &credentials,
                            const Places &places);
  static llvm::Expected<Member> load(const std::string &directory);

  /// Takes newer ones, on the disk when this returns.
  llvm::Error replace(Credentials credentials, Places places);

  const std::string &directory() const { return directory_; }
  const trust::SpiffeId &id() const { return id_; }
  const trust::SigningKey &key() const { return key_; }
  const trust::SealingKey *sealing_key() const { return sealing_ ? &*sealing_ : nullptr; }
  const Credentials &credentials() const { return credentials_; }
  const Places &places() const { return places_; }
  trust::Signer signer() const { return {key_, id_, credentials_.chain, ""}; }
  /// Of its certificate.
  llvm::Expected<trust::Svid> svid(UnixNanos at) const;

  std::string file(const char *name) const { return directory_ + "/" + name; }

private:
  Member(std::string directory, trust::SpiffeId id, trust::SigningKey key)
      : directory_(std::move(directory)), id_(std::move(id)), key_(std::move(key)) {}
  std::string directory_;
  trust::SpiffeId id_;
  trust::SigningKey key_;
  std::optional<trust::SealingKey> sealing_;
  Credentials credentials_;
  Places places_;
};

/// The prefix of the subjects that this member listens on for answers; nobody else may.
std::string inbox_prefix(const trust::SpiffeId &id);

/// Replaces a file at once; on the disk when this returns.
llvm::Error replace_file(const std::string &path, llvm::StringRef bytes, unsigned mode);

} // namespace nemo::membership
