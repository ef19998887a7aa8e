// A member's own directory (base/membership.h): its keys, its certificate, what it trusts, and
// where its fleet is. The keys are written once; everything else is replaced file by file, each at
// once, so that a reader always finds whole ones.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "llvm/Support/Error.h"

#include "base/membership.h"
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

/// What a node says of itself where nobody else does, and how often it speaks.
struct NodeSettings {
  std::string site, node_class;
  std::string address;         ///< host: where other nodes reach this one
  std::string peer_listen;     ///< "ADDRESS:PORT" for their streams; empty: see agent::peer::Peers
  uint32_t report_ms = 20'000; ///< between two reports of which nothing is new
  uint32_t heartbeat_ms = 300;
  uint32_t renew_s = 0; ///< after a certificate begins; 0: half of its life
};

class Member {
public:
  /// Makes `directory`, which must not be there: all of it or nothing.
  static llvm::Error create(const std::string &directory, const trust::SpiffeId &id,
                            const trust::SigningKey &key, const Credentials &credentials,
                            const Places &places, const NodeSettings &settings = {});
  static bool is_there(const std::string &directory);
  /// An error names the file and what is wrong with it: a key that others may read, a certificate
  /// of another key or member, or of other roots. One that has expired is none: see svid().
  static llvm::Expected<Member> load(const std::string &directory);

  // Newer ones, on the disk when these return; what else lies there stays.
  llvm::Error replace(Credentials credentials, Places places);
  llvm::Error replace(trust::Bundle bundle);
  llvm::Error replace(trust::Revocations revocations);
  llvm::Error replace_delegation(std::string delegation);

  const std::string &directory() const { return directory_; }
  const trust::SpiffeId &id() const { return id_; }
  const trust::SigningKey &key() const { return key_; }
  const trust::SealingKey *sealing_key() const { return sealing_ ? &*sealing_ : nullptr; }
  const Credentials &credentials() const { return credentials_; }
  const Places &places() const { return places_; }
  const NodeSettings &settings() const { return settings_; }
  const std::string &delegation() const { return delegation_; } ///< of a controller
  trust::Signer signer() const { return {key_, id_, credentials_.chain, delegation_}; }
  /// \param paths  of who verifies much.
  trust::Trust trust(trust::Paths *paths = nullptr) const {
    return {credentials_.bundle, credentials_.revocations, paths};
  }
  /// Of its certificate.
  llvm::Expected<trust::Svid> svid(UnixNanos at) const;
  /// When its certificate begins, and whether it is time for another.
  UnixNanos begins() const { return begins_; }
  bool is_renewal_due(UnixNanos at) const;

  std::string file(llvm::StringRef name) const { return directory_ + "/" + name.str(); }

private:
  Member(std::string directory, trust::SpiffeId id, trust::SigningKey key)
      : directory_(std::move(directory)), id_(std::move(id)), key_(std::move(key)) {}
  llvm::Error check_certificate();
  std::string directory_;
  trust::SpiffeId id_;
  trust::SigningKey key_;
  std::optional<trust::SealingKey> sealing_;
  Credentials credentials_;
  Places places_;
  NodeSettings settings_;
  std::string delegation_;
  UnixNanos begins_, ends_; ///< of the certificate
};

/// Replaces a file at once; on the disk when this returns.
llvm::Error replace_file(const std::string &path, llvm::StringRef bytes, unsigned mode);

} // namespace nemo::membership
