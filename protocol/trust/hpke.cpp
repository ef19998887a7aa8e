#include "protocol/trust/hpke.h"

#include <openssl/hmac.h>

#include "llvm/ADT/Twine.h"
#include "llvm/Support/ErrorHandling.h"

namespace nemo::trust {

namespace {

constexpr auto kem_suite = llvm::StringLiteral::withInnerNUL("KEM\x00\x20");
constexpr auto hpke_suite = llvm::StringLiteral::withInnerNUL("HPKE\x00\x20\x00\x01\x00\x03");
constexpr size_t hash_size = 32, key_size = 32, nonce_size = 12, tag_size = 16;

// Names of steps are those of the RFC.

Secret hmac(llvm::StringRef key, llvm::StringRef bytes) {
  std::string out(hash_size, '\0');
  // A key of zeros would be no secret, and no caller could go on.
  if (!HMAC(EVP_sha256(), key.data(), static_cast<int>(key.size()), data(bytes), bytes.size(),
            data(out), nullptr))
    llvm::report_fatal_error("OpenSSL has no HMAC with SHA-256");
  return Secret(std::move(out));
}

Secret labeled_extract(llvm::StringRef suite, llvm::StringRef salt, llvm::StringRef label,
                       llvm::StringRef ikm) {
  Secret labeled((llvm::Twine("HPKE-v1") + suite + label + ikm).str());
  return hmac(salt, labeled.bytes());
}

/// At most one block of the hash, which is all that this suite asks for.
Secret labeled_expand(llvm::StringRef suite, const Secret &prk, llvm::StringRef label,
                      llvm::StringRef info, size_t length) {
  const char two_bytes[] = {0, static_cast<char>(length)};
  const std::string labeled =
      (llvm::Twine(llvm::StringRef(two_bytes, 2)) + "HPKE-v1" + suite + label + info + "\x01")
          .str();
  Secret block = hmac(prk.bytes(), labeled);
  block.buffer().resize(length);
  return block;
}

llvm::Expected<Secret> diffie_hellman(EVP_PKEY *own, EVP_PKEY *other) {
  const PkeyContext context(EVP_PKEY_CTX_new(own, nullptr));
  size_t size = 32;
  Secret shared(std::string(size, '\0'));
  // Fails for points of low order, which would make the secret zero (RFC 9180, 7.1.4).
  if (EVP_PKEY_derive_init(context.get()) != 1 ||
      EVP_PKEY_derive_set_peer(context.get(), other) != 1 ||
      EVP_PKEY_derive(context.get(), data(shared.buffer()), &size) != 1 || size != 32)
    return openssl_failure("no key can be agreed on with this X25519 key");
  return shared;
}

Pkey public_from(llvm::StringRef bytes) {
  return Pkey(EVP_PKEY_new_raw_public_key(EVP_PKEY_X25519, nullptr, data(bytes), bytes.size()));
}

struct KeyAndNonce {
  Secret key;
  Secret nonce;
};

KeyAndNonce key_schedule(const Secret &dh, llvm::StringRef enc, llvm::StringRef receiver,
                         llvm::StringRef info) {
  const Secret eae_prk = labeled_extract(kem_suite, "", "eae_prk", dh.bytes());
  const Secret shared_secret = labeled_expand(kem_suite, eae_prk, "shared_secret",
                                              (llvm::Twine(enc) + receiver).str(), hash_size);
  const Secret psk_id_hash = labeled_extract(hpke_suite, "", "psk_id_hash", "");
  const Secret info_hash = labeled_extract(hpke_suite, "", "info_hash", info);
  const auto mode_base = llvm::StringLiteral::withInnerNUL("\0");
  const std::string context =
      (llvm::Twine(mode_base) + psk_id_hash.bytes() + info_hash.bytes()).str();
  const Secret secret = labeled_extract(hpke_suite, shared_secret.bytes(), "secret", "");
  return {labeled_expand(hpke_suite, secret, "key", context, key_size),
          labeled_expand(hpke_suite, secret, "base_nonce", context, nonce_size)};
}

using CipherContext = std::unique_ptr<EVP_CIPHER_CTX, Released<EVP_CIPHER_CTX_free>>;

/// ChaCha20Poly1305 one way or the other; false: the tag is wrong.
bool cipher(bool encrypt, const KeyAndNonce &with, llvm::StringRef aad, llvm::StringRef in,
            std::string &out, std::string &tag) {
  const CipherContext context(EVP_CIPHER_CTX_new());
  int size = 0, rest = 0;
  out.resize(in.size());
  const bool done =
      EVP_CipherInit_ex2(context.get(), EVP_chacha20_poly1305(), data(with.key.bytes()),
                         data(with.nonce.bytes()), encrypt ? 1 : 0, nullptr) == 1 &&
      (encrypt ||
       EVP_CIPHER_CTX_ctrl(context.get(), EVP_CTRL_AEAD_SET_TAG, tag_size, tag.data()) == 1) &&
      (aad.empty() || EVP_CipherUpdate(context.get(), nullptr, &size, data(aad),
                                       static_cast<int>(aad.size())) == 1) &&
      (in.empty() || EVP_CipherUpdate(context.get(), data(out), &size, data(in),
                                      static_cast<int>(in.size())) == 1) &&
      EVP_CipherFinal_ex(context.get(), data(out) + in.size(), &rest) == 1 &&
      (!encrypt ||
       EVP_CIPHER_CTX_ctrl(context.get(), EVP_CTRL_AEAD_GET_TAG, tag_size, tag.data()) == 1);
  forget_openssl_errors();
  return done;
}

} // namespace

llvm::Expected<proto::Sealed> seal_with(const SealingKey &ephemeral, llvm::StringRef public_key,
                                        llvm::StringRef info, llvm::StringRef aad,
                                        llvm::StringRef plain) {
  if (plain.size() > max_sealed || aad.size() > max_sealed)
    return failure("{} bytes are too many to seal; at most {} are", plain.size(), max_sealed);
  const Pkey receiver = public_from(public_key);
  if (!receiver)
    return openssl_failure("what should be sealed to is no X25519 key");
  auto dh = diffie_hellman(ephemeral.get(), receiver.get());
  if (!dh)
    return dh.takeError();
  proto::Sealed sealed;
  std::string tag(tag_size, '\0');
  if (!cipher(true, key_schedule(*dh, ephemeral.public_key(), public_key, info), aad, plain,
              *sealed.mutable_ciphertext(), tag))
    return failure("ChaCha20Poly1305 is not there");
  sealed.mutable_ciphertext()->append(tag);
  sealed.set_enc(ephemeral.public_key());
  sealed.set_key_id(sha256_bytes(public_key));
  return sealed;
}

llvm::Expected<proto::Sealed> seal(llvm::StringRef public_key, llvm::StringRef info,
                                   llvm::StringRef aad, llvm::StringRef plain) {
  auto ephemeral = SealingKey::generate();
  if (!ephemeral)
    return ephemeral.takeError();
  return seal_with(*ephemeral, public_key, info, aad, plain);
}

llvm::Expected<Secret> open(const SealingKey &key, llvm::StringRef info, llvm::StringRef aad,
                            const proto::Sealed &sealed) {
  if (sealed.key_id() != key.id())
    return failure("it is sealed to another key");
  const llvm::StringRef text = sealed.ciphertext();
  if (text.size() < tag_size || text.size() > max_sealed + tag_size || aad.size() > max_sealed)
    return failure("a sealed text of {} bytes is none", text.size());
  const Pkey ephemeral = public_from(sealed.enc());
  if (!ephemeral)
    return openssl_failure("a sealed text without a key to open it with");
  auto dh = diffie_hellman(key.get(), ephemeral.get());
  if (!dh)
    return dh.takeError();
  Secret plain;
  std::string tag = text.take_back(tag_size).str();
  if (!cipher(false, key_schedule(*dh, sealed.enc(), key.public_key(), info), aad,
              text.drop_back(tag_size), plain.buffer(), tag))
    return failure("a sealed text cannot be opened: it, or what it belongs to, was changed");
  return plain;
}

} // namespace nemo::trust
