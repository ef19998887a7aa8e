#include "support.h"

#include <filesystem>
#include <sys/stat.h>
#include <unistd.h>

#include <openssl/core_names.h>
#include <openssl/pem.h>

#include "protocol/trust/certificate.h"
#include "protocol/trust/key_file.h"

using namespace nemo;
using namespace nemo::trust;
using namespace nemo::test;

TEST_CASE("keys come back from their files as they were") {
  const TempDir dir;
  const SigningKey key = good(SigningKey::generate());
  good(key.save(dir / "member.key"));
  struct stat status {};
  REQUIRE(::stat((dir / "member.key").c_str(), &status) == 0);
  CHECK((status.st_mode & 07777) == 0600);
  const SigningKey back = good(SigningKey::load(dir / "member.key"));
  CHECK(back.id() == key.id());
  CHECK(back.id().size() == 32);
  CHECK(is_signed_by(key.get(), "text", good(back.sign("text"))));

  const SealingKey sealing = good(SealingKey::generate());
  good(sealing.save(dir / "sealing.key"));
  CHECK(good(SealingKey::load(dir / "sealing.key")).public_key() == sealing.public_key());
  CHECK_THAT(said(SigningKey::load(dir / "sealing.key")), has("not on the curve P-256"));
  CHECK_THAT(said(SealingKey::load(dir / "member.key")), has("not X25519"));
}

TEST_CASE("a key file that others could have read or written is refused") {
  const TempDir dir;
  good(good(SigningKey::generate()).save(dir / "k"));
  for (const mode_t mode : {0640, 0604, 0620, 0602, 0660, 0644}) {
    REQUIRE(::chmod((dir / "k").c_str(), mode) == 0);
    CHECK_THAT(said(SigningKey::load(dir / "k")), has("chmod 600"));
  }
  REQUIRE(::chmod((dir / "k").c_str(), 0600) == 0);
  CHECK(said(SigningKey::load(dir / "k")).empty());
  std::filesystem::create_symlink(dir / "k", dir / "link");
  CHECK_THAT(said(SigningKey::load(dir / "link")), has("symbolic link"));
  CHECK_THAT(said(SigningKey::load(dir.path())), has("not a regular file"));
  CHECK_THAT(said(SigningKey::load(dir / "none")), has("No such file"));
  if (::geteuid() == 0) {
    REQUIRE(::chown((dir / "k").c_str(), 12345, 12345) == 0);
    CHECK_THAT(said(SigningKey::load(dir / "k")), has("belongs to user 12345"));
  }
}

TEST_CASE("a key is never written over another") {
  const TempDir dir;
  const SigningKey first = good(SigningKey::generate());
  good(first.save(dir / "k"));
  CHECK_THAT(said(good(SigningKey::generate()).save(dir / "k")), has("exists already"));
  CHECK(good(SigningKey::load(dir / "k")).id() == first.id());
}

TEST_CASE("what is no key without a password is refused, without asking for one") {
  const TempDir dir;
  good(write_secret(dir / "text", "no key"));
  CHECK_THAT(said(SigningKey::load(dir / "text")), has("holds no private key"));
  const SigningKey key = good(SigningKey::generate());
  const Bio out(BIO_new(BIO_s_mem()));
  char password[] = "secret";
  REQUIRE(PEM_write_bio_PKCS8PrivateKey(out.get(), key.get(), EVP_aes_256_cbc(), password, 6,
                                        nullptr, nullptr) == 1);
  char *text = nullptr;
  const long size = BIO_get_mem_data(out.get(), &text);
  good(write_secret(dir / "locked", llvm::StringRef(text, static_cast<size_t>(size))));
  CHECK_THAT(said(SigningKey::load(dir / "locked")), has("without a password"));
  good(write_secret(dir / "large", std::string(70'000, 'x')));
  CHECK_THAT(said(SigningKey::load(dir / "large")), has("over 64 KiB"));
}

TEST_CASE("a signature is of one key and one text") {
  const SigningKey key = good(SigningKey::generate()), other = good(SigningKey::generate());
  const std::string signature = good(key.sign("text"));
  CHECK(is_signed_by(key.get(), "text", signature));
  CHECK_FALSE(is_signed_by(other.get(), "text", signature));
  CHECK_FALSE(is_signed_by(key.get(), "texu", signature));
  CHECK_FALSE(is_signed_by(key.get(), "text", ""));
  CHECK_FALSE(is_signed_by(key.get(), "text", signature.substr(1)));
  CHECK_FALSE(is_signed_by(good(SealingKey::generate()).get(), "text", signature));
  CHECK(key_id(nullptr).empty());
  const Pkey p384(EVP_EC_gen("P-384"));
  // The same point, written otherwise: a key with another id.
  for (const char *format : {"compressed", "hybrid"}) {
    const SigningKey odd = good(SigningKey::generate());
    REQUIRE(is_p256(odd.get()));
    REQUIRE(EVP_PKEY_set_utf8_string_param(odd.get(), OSSL_PKEY_PARAM_EC_POINT_CONVERSION_FORMAT,
                                           format) == 1);
    CHECK(key_id(odd.get()) != odd.id());
    const std::string encoded = to_der(i2d_PUBKEY, odd.get());
    const unsigned char *at = data(llvm::StringRef(encoded));
    const Pkey read_back(d2i_PUBKEY(nullptr, &at, static_cast<long>(encoded.size())));
    REQUIRE(read_back);
    CHECK_FALSE(is_p256(read_back.get()));
    CHECK_THAT(said(parse_request(good(make_request(odd, {"f", Role::node, "n"})))),
               has("not on the curve P-256"));
  }
  CHECK_FALSE(is_p256(p384.get()));
}
