#include "protocol/trust/join.h"

#include "llvm/Support/Endian.h"

#include "base/error.h"
#include "protocol/trust/base64.h"
#include "protocol/trust/bundle.h"
#include "protocol/trust/statement.h"

namespace nemo::trust {

namespace {

constexpr llvm::StringLiteral token_prefix = "nemo-join-1.";
constexpr size_t check_size =
    4; ///< against slips of the mouse: a cut token is told from a used one

Pkey token_pair(const JoinToken &token) {
  return Pkey(EVP_PKEY_new_raw_private_key(EVP_PKEY_ED25519, nullptr, data(token.seed.bytes()),
                                           token.seed.bytes().size()));
}

/// What the proof is over: each part has a length that is fixed or written.
std::string proven(const proto::JoinRequest &request, llvm::StringRef channel) {
  std::string bytes = "nemo join 1";
  bytes += '\0';
  for (llvm::StringRef part :
       {channel, llvm::StringRef(request.token_id()), llvm::StringRef(request.token_key()),
        llvm::StringRef(request.csr())}) {
    char size[8];
    llvm::support::endian::write64be(size, part.size());
    bytes.append(size, sizeof size);
    bytes += part;
  }
  return bytes;
}

} // namespace

JoinToken make_token(const SpiffeId &member, llvm::StringRef pin, UnixNanos intermediate_from,
                     UnixNanos expires) {
  return {random_bytes(16), Secret(random_bytes(32)), member,
          pin.str(),        intermediate_from,        expires};
}

Secret to_text(const JoinToken &token) {
  proto::JoinToken message;
  message.set_id(token.id);
  message.set_seed(token.seed.bytes().str());
  message.set_member(token.member.text());
  message.set_pin(token.pin);
  message.set_expires_unix_ms(to_unix_ms(token.expires));
  message.set_intermediate_from_unix_ms(to_unix_ms(token.intermediate_from));
  // Each in its whole size before the secret is in it: growing would leave copies.
  Secret bytes;
  bytes.buffer().reserve(message.ByteSizeLong() + check_size);
  message.AppendToString(&bytes.buffer());
  OPENSSL_cleanse(message.mutable_seed()->data(), message.seed().size());
  bytes.buffer() += sha256_bytes(bytes.bytes()).substr(0, check_size);
  const Secret encoded(to_base64url(bytes.bytes()));
  Secret text;
  text.buffer().reserve(token_prefix.size() + encoded.bytes().size());
  text.buffer() += token_prefix;
  text.buffer() += encoded.bytes();
  return text;
}

llvm::Expected<JoinToken> parse_token(llvm::StringRef text) {
  text = text.trim();
  if (text.size() > max_token || !text.consume_front(token_prefix))
    return failure("this is no join token: one begins with {} and has at most {} characters",
                   token_prefix.str(), max_token);
  auto decoded = from_base64url(text);
  if (!decoded || decoded->size() < check_size)
    return failure("this join token is damaged: it was cut or changed. Copy it again");
  const Secret bytes(std::move(*decoded));
  const llvm::StringRef body = bytes.bytes().drop_back(check_size);
  proto::JoinToken message;
  if (llvm::StringRef(sha256_bytes(body)).take_front(check_size) !=
          bytes.bytes().take_back(check_size) ||
      !message.ParseFromArray(body.data(), static_cast<int>(body.size())) ||
      message.id().size() != 16 || message.seed().size() != 32 || message.pin().size() != 32 ||
      message.intermediate_from_unix_ms() <= 0)
    return failure("this join token is damaged: it was cut or changed. Copy it again");
  auto member = parse_id(message.member());
  if (!member)
    return member.takeError();
  return JoinToken{message.id(),
                   Secret(std::move(*message.mutable_seed())),
                   std::move(*member),
                   message.pin(),
                   from_unix_ms(message.intermediate_from_unix_ms()),
                   from_unix_ms(message.expires_unix_ms())};
}

llvm::Expected<std::string> token_key(const JoinToken &token) {
  const Pkey pair = token_pair(token);
  std::string key(32, '\0');
  size_t size = key.size();
  if (!pair || EVP_PKEY_get_raw_public_key(pair.get(), data(key), &size) != 1)
    return openssl_failure("a join token's key cannot be made");
  return key;
}

llvm::Expected<proto::JoinRequest> join_request(const JoinToken &token, const SigningKey &key,
                                                llvm::StringRef channel, UnixNanos now) {
  if (channel.size() != channel_size)
    return failure("a join that is bound to no connection");
  if (token.expires <= now)
    return failure("this join token expired at {}: ask for a new one", to_rfc3339(token.expires));
  auto csr = make_request(key, token.member);
  if (!csr)
    return csr.takeError();
  auto known = token_key(token);
  if (!known)
    return known.takeError();
  proto::JoinRequest request;
  request.set_token_id(token.id);
  request.set_token_key(std::move(*known));
  request.set_csr(std::move(*csr));
  const std::string bytes = proven(request, channel);
  const Pkey pair = token_pair(token);
  const DigestContext context(EVP_MD_CTX_new());
  std::string proof(64, '\0');
  size_t size = proof.size();
  if (EVP_DigestSignInit(context.get(), nullptr, nullptr, nullptr, pair.get()) != 1 ||
      EVP_DigestSign(context.get(), data(proof), &size, data(llvm::StringRef(bytes)),
                     bytes.size()) != 1)
    return openssl_failure("the proof for a join token cannot be made");
  request.set_proof(std::move(proof));
  return request;
}

llvm::Error check_proof(const proto::JoinRequest &request, llvm::StringRef channel) {
  if (channel.size() != channel_size)
    return failure("a join that is bound to no connection");
  if (request.token_id().size() != 16 || request.token_key().size() != 32 ||
      request.csr().size() > max_certificate || request.proof().size() != 64)
    return failure("what should be a request to join is none");
  const Pkey key(EVP_PKEY_new_raw_public_key(EVP_PKEY_ED25519, nullptr,
                                             data(llvm::StringRef(request.token_key())), 32));
  const std::string bytes = proven(request, channel);
  const DigestContext context(EVP_MD_CTX_new());
  const bool right =
      key && EVP_DigestVerifyInit(context.get(), nullptr, nullptr, nullptr, key.get()) == 1 &&
      EVP_DigestVerify(context.get(), data(llvm::StringRef(request.proof())),
                       request.proof().size(), data(llvm::StringRef(bytes)), bytes.size()) == 1;
  forget_openssl_errors();
  if (!right)
    return failure("a request to join does not prove that its token is known, on this connection");
  return llvm::Error::success();
}

llvm::Expected<Joined> accept(const proto::JoinResponse &response, const JoinToken &token,
                              const SigningKey &key, UnixNanos now) {
  if (!response.error().empty())
    return failure("the authority of the fleet {} refused: {}", token.member.fleet,
                   shown(response.error()));
  Joined joined;
  joined.chain.assign(response.chain().begin(), response.chain().end());
  auto root = parse_certificate(response.root());
  if (!root)
    return root.takeError();
  EVP_PKEY *root_key = X509_get0_pubkey(root->get());
  if (!root_key || key_id(root_key) != token.pin)
    return failure("the authority of the fleet {} sent another root than the join token pins",
                   token.member.fleet);
  const Bundle pinned{token.member.fleet, {response.root()}, 0, 0};
  auto svid = verify_svid(joined.chain, pinned, now);
  if (!svid)
    return svid.takeError();
  if (svid->issuer_from < token.intermediate_from)
    return failure("the authority certified {} with an intermediate that was replaced before the "
                   "join token was made",
                   svid->id.text());
  // Of the other roots only what the pinned one says: the authority's intermediate may be stolen.
  const std::vector<std::string> bundles(response.bundles().begin(), response.bundles().end());
  joined.bundle = follow_bundles(pinned, bundles, now);
  if (joined.bundle.sequence == 0)
    return failure("the authority of the fleet {} sent no bundle that the pinned root signed",
                   token.member.fleet);
  if (svid->id != token.member || svid->key_ids.front() != key.id())
    return failure("the authority certified {} with another name or key than was asked for",
                   svid->id.text());
  if (!response.revocations().empty()) {
    auto revocations = joined.revocations.next(response.revocations(), joined.bundle, now);
    if (!revocations)
      return revocations.takeError();
    joined.revocations = std::move(*revocations);
  }
  if (auto error = joined.revocations.check(*svid))
    return error;
  return joined;
}

} // namespace nemo::trust
