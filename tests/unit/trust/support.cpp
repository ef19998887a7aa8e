#include "support.h"

#include <filesystem>
#include <fstream>
#include <unistd.h>

#include <openssl/x509v3.h>

#include "protocol/trust/bundle.h"

namespace nemo::test {

using namespace trust;

TempDir::TempDir() : path_((std::filesystem::temp_directory_path() / "nemo-XXXXXX").string()) {
  REQUIRE(::mkdtemp(path_.data()) != nullptr);
}

TempDir::~TempDir() { std::filesystem::remove_all(path_); }

void write(const std::string &path, const std::string &bytes) {
  std::ofstream(path, std::ios::binary) << bytes;
}

std::string read(const std::string &path) {
  std::ifstream in(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

World::World(std::string name)
    : fleet(std::move(name)), now(from_unix_ms(to_unix_ms(nemo::now()))),
      root(good(authority::make_root(fleet, {now - 24h * 365, now + 24h * 3650}))),
      intermediate(
          good(authority::make_intermediate(root, fleet, {now - 24h * 365, now + 24h * 365}))),
      bundle{fleet, {root.certificate}, 1, 3600} {}

Member World::member(Role role, const std::string &name) const {
  return member(role, name, {now - 1min, now + 24h});
}

Member World::member(Role role, const std::string &name, authority::Validity validity) const {
  SigningKey key = good(SigningKey::generate());
  const SpiffeId id{fleet, role, name};
  std::string own = good(authority::make_svid(intermediate, key.get(), id, {}, validity));
  return {id, std::move(key), {std::move(own), intermediate.certificate}, ""};
}

proto::Statement World::statement(std::chrono::seconds lasts) const {
  proto::Statement statement;
  statement.set_epoch(1);
  statement.set_generation(1);
  statement.set_issued_unix_ms(to_unix_ms(now));
  statement.set_expires_unix_ms(to_unix_ms(now + lasts));
  return statement;
}

std::string World::vouched(const Bundle &next, const authority::Issuer &issuer) const {
  const SigningKey key = good(SigningKey::generate());
  const SpiffeId id{fleet, Role::authority, "main"};
  std::vector<std::string> chain = {
      good(authority::make_svid(issuer, key.get(), id, {}, {now - 1min, now + 24h}))};
  if (issuer.certificate != root.certificate)
    chain.push_back(issuer.certificate);
  proto::Statement says = statement(24h);
  says.mutable_bundle()->set_fleet(next.fleet);
  says.mutable_bundle()->set_document(good(to_document(next)));
  return good(sign(says, {key, id, chain, ""}));
}

std::string World::revoked(uint64_t number, const std::vector<std::string> &keys) const {
  proto::Statement list = statement(24h);
  list.set_epoch(0);
  list.set_generation(number);
  list.mutable_revocations();
  for (const std::string &key : keys)
    list.mutable_revocations()->add_keys()->set_key_id(key);
  return good(sign(list, member(Role::authority, "main").signer()));
}

Extensions usual(const std::string &uri) {
  return {{NID_basic_constraints, "critical,CA:FALSE"},
          {NID_key_usage, "critical,digitalSignature"},
          {NID_ext_key_usage, "serverAuth,clientAuth"},
          {NID_subject_alt_name, "URI:" + uri}};
}

std::string forge(const authority::Issuer &issuer, const SigningKey &key,
                  const Extensions &extensions, authority::Validity validity) {
  const Certificate parent = good(parse_certificate(issuer.certificate));
  const Certificate made(X509_new());
  auto seconds = [](UnixNanos time) {
    return std::chrono::floor<std::chrono::seconds>(time).time_since_epoch().count();
  };
  X509_set_version(made.get(), X509_VERSION_3);
  ASN1_INTEGER_set(X509_get_serialNumber(made.get()), 4711);
  ASN1_TIME_adj(X509_getm_notBefore(made.get()), seconds(validity.from), 0, 0);
  ASN1_TIME_adj(X509_getm_notAfter(made.get()), seconds(validity.until), 0, 0);
  X509_set_pubkey(made.get(), key.get());
  const unsigned char name[] = "forged";
  X509_NAME_add_entry_by_NID(X509_get_subject_name(made.get()), NID_commonName, MBSTRING_ASC, name,
                             6, -1, 0);
  X509_set_issuer_name(made.get(), X509_get_subject_name(parent.get()));
  Extensions all = extensions;
  all.emplace_back(NID_subject_key_identifier, "hash");
  all.emplace_back(NID_authority_key_identifier, "keyid:always");
  for (const auto &[nid, value] : all) {
    X509V3_CTX context;
    X509V3_set_ctx(&context, parent.get(), made.get(), nullptr, nullptr, 0);
    X509V3_set_ctx_nodb(&context);
    X509_EXTENSION *extension = X509V3_EXT_conf_nid(nullptr, &context, nid, value.c_str());
    REQUIRE(extension != nullptr);
    X509_add_ext(made.get(), extension, -1);
    X509_EXTENSION_free(extension);
  }
  REQUIRE(X509_sign(made.get(), issuer.key.get(), EVP_sha256()) > 0);
  return to_der(i2d_X509, made.get());
}

} // namespace nemo::test
