#include <cstdlib>

#include "backends/fleet/backend.h"
#include "base/membership.h"
#include "base/paths.h"
#include "base/version.h"

namespace nemo::backends::fleet {

llvm::Expected<Backend> Backend::open() {
  if (const char *named = std::getenv("NEMO_FLEET"); named && *named)
    return open(named);
  auto paths = agent_paths();
  if (!paths)
    return paths.takeError();
  return open(paths->state + "/" + membership::operator_folder.str());
}

llvm::Expected<Backend> Backend::open(const std::string &directory) {
  auto member = Member::open(directory);
  if (!member)
    return member.takeError();
  return Backend(std::move(*member));
}

llvm::Expected<proto::BackendCapabilities> Backend::capabilities() {
  proto::BackendCapabilities out;
  out.set_name(name());
  out.set_version(version_text());
  const trust::Role role = member_->membership().id.role;
  const bool decides = role == trust::Role::operator_ || role == trust::Role::controller;
  const bool reads = role == trust::Role::operator_ || role == trust::Role::viewer;
  for (const auto &[name, available] : {std::pair("gates", true), std::pair("deliver", decides),
                                        std::pair("logs", reads), std::pair("watch", reads)}) {
    proto::Capability &one = *out.add_capabilities();
    one.set_name(name);
    one.set_available(available);
    if (!available)
      one.set_reason("not for the role " + trust::to_text(role).str());
  }
  return out;
}

} // namespace nemo::backends::fleet
