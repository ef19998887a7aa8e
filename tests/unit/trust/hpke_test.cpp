// The published vectors of the suite (RFC 9180, A.2.1), and what tampering does.
#include "support.h"

#include "llvm/ADT/StringExtras.h"

using namespace nemo;
using namespace nemo::trust;
using namespace nemo::test;

namespace {

std::string hex(const std::string &text) { return llvm::fromHex(text); }

} // namespace

TEST_CASE("sealing gives the bytes that RFC 9180 publishes") {
  const SealingKey ephemeral = good(SealingKey::from_bytes(
      hex("f4ec9b33b792c372c1d2c2063507b684ef925b8c75a42dbcbf57d63ccd381600")));
  const SealingKey receiver = good(SealingKey::from_bytes(
      hex("8057991eef8f1f1af18f4a9491d16a1ce333f695d4db8e38da75975c4478e0fb")));
  REQUIRE(ephemeral.public_key() ==
          hex("1afa08d3dec047a643885163f1180476fa7ddb54c6a8029ea33f95796bf2ac4a"));
  REQUIRE(receiver.public_key() ==
          hex("4310ee97d88cc1f088a5576c77ab0cf5c3ac797f3d95139c6c84b5429c59662a"));
  const std::string info = "Ode on a Grecian Urn", aad = "Count-0",
                    plain = "Beauty is truth, truth beauty";
  const proto::Sealed sealed = good(seal_with(ephemeral, receiver.public_key(), info, aad, plain));
  CHECK(sealed.enc() == ephemeral.public_key());
  CHECK(
      llvm::toHex(sealed.ciphertext(), true) ==
      "1c5250d8034ec2b784ba2cfd69dbdb8af406cfe3ff938e131f0def8c8b60b4db21993c62ce81883d2dd1b51a28");
  CHECK(good(open(receiver, info, aad, sealed)).bytes() == plain);
}

TEST_CASE("only the receiver opens, and only what was sealed") {
  const SealingKey receiver = good(SealingKey::generate()), other = good(SealingKey::generate());
  const proto::Sealed sealed = good(seal(receiver.public_key(), "info", "aad", "plain"));
  CHECK(good(open(receiver, "info", "aad", sealed)).bytes() == "plain");
  CHECK_THAT(said(open(other, "info", "aad", sealed)), has("sealed to another key"));
  proto::Sealed forged = sealed;
  forged.set_key_id(other.id());
  CHECK_THAT(said(open(other, "info", "aad", forged)), has("cannot be opened"));
  CHECK_THAT(said(open(receiver, "other", "aad", sealed)), has("cannot be opened"));
  CHECK_THAT(said(open(receiver, "info", "bad", sealed)), has("cannot be opened"));
  for (size_t i = 0; i < sealed.ciphertext().size(); ++i) {
    proto::Sealed tampered = sealed;
    (*tampered.mutable_ciphertext())[i] ^= 1;
    CHECK_THAT(said(open(receiver, "info", "aad", tampered)), has("cannot be opened"));
  }
  proto::Sealed tampered = sealed;
  (*tampered.mutable_enc())[3] ^= 1;
  CHECK_THAT(said(open(receiver, "info", "aad", tampered)), has("cannot be opened"));
  tampered.set_enc(std::string(32, '\0')); // a point of low order: the secret would be known
  CHECK_THAT(said(open(receiver, "info", "aad", tampered)), has("no key can be agreed on"));
  tampered.set_enc("short");
  CHECK_THAT(said(open(receiver, "info", "aad", tampered)), has("without a key"));
  tampered = sealed;
  tampered.set_ciphertext(sealed.ciphertext().substr(0, 15));
  CHECK_THAT(said(open(receiver, "info", "aad", tampered)), has("of 15 bytes is none"));
  CHECK_THAT(said(seal(std::string(32, '\0'), "", "", "")), has("no key can be agreed on"));
  CHECK_THAT(said(seal("short", "", "", "")), has("no X25519 key"));
}

TEST_CASE("what is sealed twice shows no likeness, and nothing can be sealed, too") {
  const SealingKey receiver = good(SealingKey::generate());
  const proto::Sealed one = good(seal(receiver.public_key(), "", "", "same")),
                      two = good(seal(receiver.public_key(), "", "", "same"));
  CHECK(one.ciphertext() != two.ciphertext());
  CHECK(one.enc() != two.enc());
  CHECK(
      good(open(receiver, "", "", good(seal(receiver.public_key(), "", "", "")))).bytes().empty());
}
