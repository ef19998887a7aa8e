// TLS 1.3 between members, each sure of who the other is. A peer is accepted by its X.509-SVID, the
// roots of its fleet and the revocations, and not by a host name. Sessions are not resumed: a
// resumed one would skip all of that.
//
// Certificate, roots and revocations can be replaced at any time: new handshakes see the new ones,
// and open sessions go on; check() says which of these have to be dropped.
#pragma once

#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include <openssl/ssl.h>

#include "llvm/ADT/ArrayRef.h"
#include "llvm/Support/Error.h"

#include "protocol/trust/revocation.h"
#include "protocol/trust/svid.h"

namespace nemo::trust {

class TlsSession {
public:
  SSL *get() const { return ssl_.get(); }
  /// Known after the handshake; null before, and where the peer did not have to say.
  const Svid *peer() const { return peer_ ? &*peer_ : nullptr; }
  /// Why the peer was refused, for the log; empty if it was not.
  const std::string &refusal() const { return refusal_; }
  /// 32 bytes that both ends of this connection know and no other connection has (RFC 9266,
  /// tls-exporter).
  llvm::Expected<std::string> channel_binding() const;

private:
  friend class TlsContext;
  TlsSession() = default;
  std::unique_ptr<SSL, Released<SSL_free>> ssl_;
  std::optional<Svid> peer_;
  std::string refusal_;
};

/// Outlives the handshakes of its sessions.
class TlsContext {
public:
  enum class Side : uint8_t { client, server };
  /// Whom to talk to, of those whose certificate is good.
  using Admit = std::function<llvm::Error(const Svid &)>;

  /// Both sides show certificates. \param bundles  of every fleet whose members may be the peer.
  static llvm::Expected<std::unique_ptr<TlsContext>> mutual(Side side, const SigningKey &key,
                                                            llvm::ArrayRef<std::string> chain,
                                                            std::vector<Bundle> bundles,
                                                            Revocations revocations, Admit admit);

  /// For the authority's end of a join: joiners have no certificate yet. \param chain  with the
  /// root at its end, which joiners know only by its pin.
  static llvm::Expected<std::unique_ptr<TlsContext>> for_joins(const SigningKey &key,
                                                               llvm::ArrayRef<std::string> chain);

  /// For the joiner's end: the peer has to have the role authority in `fleet`, under the root whose
  /// key `pin` names, by an intermediate that begins at `intermediate_from` or later.
  static llvm::Expected<std::unique_ptr<TlsContext>>
  to_join(llvm::StringRef fleet, llvm::StringRef pin, UnixNanos intermediate_from);

  /// For handshakes from now on.
  llvm::Error replace(const SigningKey &key, llvm::ArrayRef<std::string> chain);
  void replace(std::vector<Bundle> bundles, Revocations revocations);

  /// A new connection; the caller gives it its descriptor or BIOs and performs the handshake.
  llvm::Expected<std::unique_ptr<TlsSession>> session() const;

  /// Whether an open session of mutual() may go on: its peer's certificate was good when it began,
  /// has neither expired nor been revoked, and leads to a root that still counts.
  llvm::Error check(const TlsSession &session, UnixNanos now) const;

  SSL_CTX *get() const { return context_.get(); }

private:
  struct State {
    std::vector<Bundle> bundles;
    Revocations revocations;
    std::string fleet, pin; ///< to_join() only
  };
  TlsContext() = default;
  static llvm::Expected<std::unique_ptr<TlsContext>> create(Side side);
  std::shared_ptr<const State> state() const;
  llvm::Expected<Svid> judge(X509 *leaf, STACK_OF(X509) * others) const;
  static int verify_peer(X509_STORE_CTX *store, void *self);

  std::unique_ptr<SSL_CTX, Released<SSL_CTX_free>> context_;
  Side side_ = Side::client;
  Admit admit_;
  mutable std::mutex mutex_; ///< of state_, and of the key and certificates in context_
  std::shared_ptr<const State> state_ = std::make_shared<State>();
};

} // namespace nemo::trust
