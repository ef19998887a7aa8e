// A membership as it lies on disk (base/membership.h), read and checked.
#pragma once

#include <string>
#include <vector>

#include "llvm/Support/Error.h"

#include "protocol/trust/statement.h"

namespace nemo::link {

struct Membership {
  std::string directory;
  trust::SpiffeId id;
  trust::SigningKey key;
  std::vector<std::string> chain; ///< DER
  std::string delegation;         ///< of a controller
  trust::Bundle bundle;
  trust::Revocations revocations;
  std::vector<std::string> servers; ///< URLs
  uint32_t report_ms = 20'000;      ///< between two reports of which nothing is new
  uint32_t heartbeat_ms = 1'000;

  trust::Signer signer() const { return {key, id, chain, delegation}; }
  trust::Trust trust() const { return {bundle, revocations}; }
};

/// Whether there is one in the directory.
bool has_membership(const std::string &directory);

/// An error names the file and what is wrong: a key that others may read, a certificate that is not
/// that key's or not of this member, roots of another fleet. A certificate that has expired is
/// none.
llvm::Expected<Membership> load_membership(const std::string &directory, UnixNanos now);

} // namespace nemo::link
