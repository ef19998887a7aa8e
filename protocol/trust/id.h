// Who somebody is: spiffe://FLEET/ROLE/NAME, after the SPIFFE-ID specification. The trust domain is
// the fleet, the first segment of the path is the role, the second the name; there is nothing else.
#pragma once

#include <compare>
#include <cstdint>
#include <string>

#include "llvm/ADT/StringRef.h"
#include "llvm/Support/Error.h"

namespace nemo::trust {

/// What members may do follows from their role: statement.cpp has the table of what each may sign.
enum class Role : uint8_t {
  node,       ///< runs workloads and reports
  operator_,  ///< decides for the whole fleet
  viewer,     ///< reads
  controller, ///< decides for the tenants that an operator delegated to it
  broker,     ///< carries messages; signs nothing, so that who steals it can forge nothing
  authority,  ///< issues certificates, revokes
};

llvm::StringRef to_text(Role role);

struct SpiffeId {
  std::string fleet;
  Role role = Role::node;
  std::string name;

  std::string text() const;
  auto operator<=>(const SpiffeId &) const = default;
};

/// At most 255 of a-z, 0-9, '.', '-' and '_'.
bool is_fleet_name(llvm::StringRef text);

/// An RFC 1123 label, as the names of nodes in a fleet are: also safe as one token of a broker's
/// subject.
bool is_member_name(llvm::StringRef text);

/// \returns an error that quotes the text for whatever is not exactly such an ID.
llvm::Expected<SpiffeId> parse_id(llvm::StringRef text);

/// Foreign text for a message: quoted, cut at 100 bytes, with what is not printable escaped.
std::string shown(llvm::StringRef text);

} // namespace nemo::trust
