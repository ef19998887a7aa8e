#include "protocol/trust/id.h"

#include <algorithm>
#include <array>
#include <optional>

#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/raw_ostream.h"

#include "base/error.h"

namespace nemo::trust {

namespace {

constexpr std::array role_names = {"node",       "operator", "viewer",
                                   "controller", "broker",   "authority"};

bool is_word(char c) {
  return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '.' || c == '-' || c == '_';
}

std::optional<Role> role_from(llvm::StringRef text) {
  const auto *found = std::find(role_names.begin(), role_names.end(), text);
  if (found == role_names.end())
    return std::nullopt;
  return static_cast<Role>(found - role_names.begin());
}

} // namespace

llvm::StringRef to_text(Role role) { return role_names[static_cast<size_t>(role)]; }

std::string SpiffeId::text() const {
  return "spiffe://" + fleet + "/" + to_text(role).str() + "/" + name;
}

bool is_fleet_name(llvm::StringRef text) {
  return !text.empty() && text.size() <= 255 && llvm::all_of(text, is_word);
}

bool is_member_name(llvm::StringRef text) {
  return !text.empty() && text.size() <= 63 && text.front() != '-' && text.back() != '-' &&
         llvm::all_of(text, [](char c) { return is_word(c) && c != '.' && c != '_'; });
}

llvm::Expected<SpiffeId> parse_id(llvm::StringRef text) {
  llvm::StringRef rest = text;
  if (!rest.consume_front("spiffe://"))
    return failure("{} is no SPIFFE ID: it does not begin with spiffe://", shown(text));
  const auto [fleet, path] = rest.split('/');
  const auto [role_text, name] = path.split('/');
  if (!is_fleet_name(fleet))
    return failure("{} is no SPIFFE ID: its trust domain is not 1 to 255 of a-z, 0-9, '.', '-' "
                   "and '_'",
                   shown(text));
  const std::optional<Role> role = role_from(role_text);
  if (!role)
    return failure("{} names no role of a fleet (node, operator, viewer, controller, broker, "
                   "authority)",
                   shown(text));
  if (!is_member_name(name))
    return failure("{} has no name that is an RFC 1123 label", shown(text));
  return SpiffeId{fleet.str(), *role, name.str()};
}

std::string shown(llvm::StringRef text) {
  std::string out;
  llvm::raw_string_ostream stream(out);
  stream << '\'';
  llvm::printEscapedString(text.take_front(100), stream);
  stream << (text.size() > 100 ? "...'" : "'");
  return out;
}

} // namespace nemo::trust
