// A fleet with a real root, an intermediate and members; and certificates that no honest authority
// makes.
#pragma once

#include <catch2/catch.hpp>

#include <string>
#include <utility>
#include <vector>

#include "backends/fleet/authority/certify.h"
#include "protocol/trust/statement.h"

namespace nemo::test {

using namespace std::chrono_literals;

/// What an error says; empty where there is none.
template <typename T> std::string said(llvm::Expected<T> result) {
  return result ? std::string() : llvm::toString(result.takeError());
}
inline std::string said(llvm::Error error) {
  return error ? llvm::toString(std::move(error)) : std::string();
}
inline auto has(const std::string &text) { return Catch::Matchers::Contains(text); }

/// The value, or the test fails with what the error says.
template <typename T> T good(llvm::Expected<T> result) {
  if (!result)
    FAIL(llvm::toString(result.takeError()));
  return std::move(*result);
}
inline void good(llvm::Error error) {
  if (error)
    FAIL(llvm::toString(std::move(error)));
}

/// A directory that is removed at the end.
class TempDir {
public:
  TempDir();
  ~TempDir();
  TempDir(const TempDir &) = delete;
  std::string operator/(const std::string &name) const { return path_ + "/" + name; }
  const std::string &path() const { return path_; }

private:
  std::string path_;
};

void write(const std::string &path, const std::string &bytes);
std::string read(const std::string &path);

struct Member {
  trust::SpiffeId id;
  trust::SigningKey key;
  std::vector<std::string> chain;
  std::string delegation;
  trust::Signer signer() const { return {key, id, chain, delegation}; }
};

struct World {
  explicit World(std::string name = "shop.example");

  std::string fleet;
  UnixNanos now;
  authority::Issuer root;
  authority::Issuer intermediate;
  trust::Bundle bundle;
  trust::Revocations revocations;

  trust::Trust trust() const { return {bundle, revocations}; }
  Member member(trust::Role role, const std::string &name) const; ///< for a day from now
  Member member(trust::Role role, const std::string &name, authority::Validity validity) const;
  /// With times, epoch 1 and generation 1.
  proto::Statement statement(std::chrono::seconds lasts = 60s) const;
  /// What the authority, certified by `issuer`, would say of the fleet's roots.
  std::string vouched(const trust::Bundle &next, const authority::Issuer &issuer) const;
  /// A list with this number, signed by the authority.
  std::string revoked(uint64_t number, const std::vector<std::string> &keys) const;
};

using Extensions = std::vector<std::pair<int, std::string>>;

/// What the authority gives a node, to be changed before it is forged.
Extensions usual(const std::string &uri);

/// A certificate for `key` with these extensions, in OpenSSL's notation, signed by `issuer`.
std::string forge(const authority::Issuer &issuer, const trust::SigningKey &key,
                  const Extensions &extensions, authority::Validity validity);

} // namespace nemo::test
