#include "protocol/trust/tls.h"

#include <openssl/x509_vfy.h>

#include "base/error.h"

namespace nemo::trust {

llvm::Expected<std::string> TlsSession::channel_binding() const {
  constexpr llvm::StringLiteral label = "EXPORTER-Channel-Binding";
  std::string bytes(32, '\0');
  if (SSL_export_keying_material(get(), data(bytes), bytes.size(), label.data(), label.size(),
                                 nullptr, 0, 1) != 1)
    return openssl_failure("a connection has no binding before its handshake");
  return bytes;
}

llvm::Expected<std::unique_ptr<TlsContext>> TlsContext::create(Side side) {
  std::unique_ptr<TlsContext> made(new TlsContext);
  made->side_ = side;
  made->context_.reset(
      SSL_CTX_new(side == Side::server ? TLS_server_method() : TLS_client_method()));
  SSL_CTX *context = made->get();
  if (!context || SSL_CTX_set_min_proto_version(context, TLS1_3_VERSION) != 1 ||
      SSL_CTX_set1_groups_list(context, "X25519:P-256") != 1 ||
      SSL_CTX_set_num_tickets(context, 0) != 1)
    return openssl_failure("TLS cannot be set up");
  SSL_CTX_set_session_cache_mode(context, SSL_SESS_CACHE_OFF);
  SSL_CTX_set_options(context, SSL_OP_NO_TICKET);
  // Who is not known yet may not make this side hold much: four certificates and their frames.
  SSL_CTX_set_max_cert_list(context, max_chain * max_certificate);
  SSL_CTX_set_cert_verify_callback(context, verify_peer, made.get());
  SSL_CTX_set_verify(context, SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT, nullptr);
  return made;
}

llvm::Expected<std::unique_ptr<TlsContext>>
TlsContext::mutual(Side side, const SigningKey &key, llvm::ArrayRef<std::string> chain,
                   std::vector<Bundle> bundles, Revocations revocations, Admit admit) {
  auto made = create(side);
  if (!made)
    return made;
  if (auto error = (*made)->replace(key, chain))
    return error;
  (*made)->replace(std::move(bundles), std::move(revocations));
  (*made)->admit_ = std::move(admit);
  return made;
}

llvm::Expected<std::unique_ptr<TlsContext>>
TlsContext::for_joins(const SigningKey &key, llvm::ArrayRef<std::string> chain) {
  auto made = create(Side::server);
  if (!made)
    return made;
  SSL_CTX_set_verify((*made)->get(), SSL_VERIFY_NONE, nullptr);
  if (auto error = (*made)->replace(key, chain))
    return error;
  return made;
}

llvm::Expected<std::unique_ptr<TlsContext>>
TlsContext::to_join(llvm::StringRef fleet, llvm::StringRef pin, UnixNanos intermediate_from) {
  auto made = create(Side::client);
  if (!made)
    return made;
  auto state = std::make_shared<State>();
  state->fleet = fleet.str();
  state->pin = pin.str();
  (*made)->state_ = std::move(state);
  (*made)->admit_ = [intermediate_from](const Svid &svid) -> llvm::Error {
    if (svid.id.role != Role::authority)
      return failure("{} is not the authority of its fleet", svid.id.text());
    if (svid.issuer_from < intermediate_from)
      return failure("{} shows an intermediate that was replaced before the join token was made",
                     svid.id.text());
    return llvm::Error::success();
  };
  return made;
}

llvm::Error TlsContext::replace(const SigningKey &key, llvm::ArrayRef<std::string> chain) {
  if (chain.empty())
    return failure("TLS with a key needs its certificate");
  auto own = parse_certificate(chain.front());
  if (!own)
    return own.takeError();
  STACK_OF(X509) *others = sk_X509_new_null();
  llvm::Error error = llvm::Error::success();
  for (const std::string &der : chain.drop_front()) {
    auto other = parse_certificate(der);
    if (!other) {
      error = other.takeError();
      break;
    }
    sk_X509_push(others, other->release());
  }
  // All three at once, so that no handshake sees a key beside another's certificate.
  // session() copies them.
  const std::lock_guard lock(mutex_);
  if (!error && SSL_CTX_use_cert_and_key(get(), own->get(), key.get(), others, 1) != 1)
    error = openssl_failure("TLS refuses the key or its certificate");
  sk_X509_pop_free(others, X509_free);
  return error;
}

void TlsContext::replace(std::vector<Bundle> bundles, Revocations revocations) {
  auto next = std::make_shared<State>();
  next->bundles = std::move(bundles);
  next->revocations = std::move(revocations);
  const std::lock_guard lock(mutex_);
  state_ = std::move(next);
}

std::shared_ptr<const TlsContext::State> TlsContext::state() const {
  const std::lock_guard lock(mutex_);
  return state_;
}

llvm::Expected<std::unique_ptr<TlsSession>> TlsContext::session() const {
  std::unique_ptr<TlsSession> made(new TlsSession);
  {
    const std::lock_guard lock(mutex_);
    made->ssl_.reset(SSL_new(get()));
  }
  if (!made->ssl_ || SSL_set_app_data(made->get(), made.get()) != 1)
    return openssl_failure("a TLS connection cannot be set up");
  if (side_ == Side::server)
    SSL_set_accept_state(made->get());
  else
    SSL_set_connect_state(made->get());
  return made;
}

llvm::Expected<Svid> TlsContext::judge(X509 *leaf, STACK_OF(X509) * others) const {
  const std::shared_ptr<const State> state = this->state();
  const UnixNanos now = nemo::now();
  if (!state->pin.empty()) {
    for (int i = 0; i < sk_X509_num(others); ++i) {
      X509 *root = sk_X509_value(others, i);
      if (EVP_PKEY *key = X509_get0_pubkey(root); key && key_id(key) == state->pin)
        return verify_svid(leaf, others, {state->fleet, {to_der(i2d_X509, root)}, 0, 0}, now);
    }
    return failure("the other side does not show the root that the join token pins");
  }
  const std::vector<std::string> uris = uris_of(leaf);
  if (uris.size() != 1)
    return failure("the other side's certificate has {} URIs, not one", uris.size());
  auto id = parse_id(uris.front());
  if (!id)
    return id.takeError();
  for (const Bundle &bundle : state->bundles) {
    if (bundle.fleet != id->fleet)
      continue;
    auto svid = verify_svid(leaf, others, bundle, now);
    if (svid)
      if (auto error = state->revocations.check(*svid))
        return error;
    return svid;
  }
  return failure("{} is of a fleet that is not trusted here", id->text());
}

int TlsContext::verify_peer(X509_STORE_CTX *store, void *self) {
  const auto &context = *static_cast<const TlsContext *>(self);
  SSL *ssl =
      static_cast<SSL *>(X509_STORE_CTX_get_ex_data(store, SSL_get_ex_data_X509_STORE_CTX_idx()));
  auto &session = *static_cast<TlsSession *>(SSL_get_app_data(ssl));
  auto svid = context.judge(X509_STORE_CTX_get0_cert(store), X509_STORE_CTX_get0_untrusted(store));
  llvm::Error error = svid ? llvm::Error::success() : svid.takeError();
  if (!error && context.admit_)
    error = context.admit_(*svid);
  if (error) {
    session.refusal_ = llvm::toString(std::move(error));
    X509_STORE_CTX_set_error(store, X509_V_ERR_APPLICATION_VERIFICATION);
    return 0;
  }
  session.peer_ = std::move(*svid);
  X509_STORE_CTX_set_error(store, X509_V_OK);
  return 1;
}

llvm::Error TlsContext::check(const TlsSession &session, UnixNanos now) const {
  const Svid *peer = session.peer();
  if (!peer)
    return failure("the other side has not said who it is");
  if (peer->path_until <= now)
    return failure("the certificate of {}, or one that it leads to a root by, has expired",
                   peer->id.text());
  const std::shared_ptr<const State> state = this->state();
  auto is_root = [&](const std::string &der) {
    auto root = parse_certificate(der);
    if (root)
      return key_id(X509_get0_pubkey(root->get())) == peer->key_ids.back();
    llvm::consumeError(root.takeError());
    return false;
  };
  if (llvm::none_of(state->bundles, [&](const Bundle &bundle) {
        return bundle.fleet == peer->id.fleet && llvm::any_of(bundle.roots, is_root);
      }))
    return failure("the root that {} leads to is no longer trusted", peer->id.text());
  return state->revocations.check(*peer);
}

} // namespace nemo::trust
