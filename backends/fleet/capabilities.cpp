#include <cstdlib>

#include "backends/fleet/backend.h"
#include "backends/fleet/place.h"
#include "base/diagnostics/registry.h"
#include "base/error.h"
#include "base/membership.h"
#include "base/paths.h"
#include "base/version.h"

namespace nemo::backends::fleet {

llvm::Expected<std::string> membership_place() {
  if (const char *named = std::getenv("NEMO_FLEET"); named && *named)
    return std::string(named);
  auto paths = agent_paths();
  if (!paths)
    return paths.takeError();
  // Who may decide comes before who may only read.
  for (const char *role : {"operator", "controller", "viewer"})
    if (std::string place = membership::place(paths->state, role);
        membership::Member::is_there(place))
      return place;
  Diagnostic fault = diag::make(diag::N0844, "you are no member of a fleet on this machine");
  fault.notes.push_back(
      {"looked in " + paths->state + "/fleet for operator, controller and viewer"});
  fault.fix = "`nemo fleet init` makes a fleet; `nemo fleet invite NAME --role operator`, where it "
              "was made, prints the command that lets you in";
  return failure(std::move(fault));
}

llvm::Expected<Backend> Backend::open() {
  auto directory = membership_place();
  return directory ? open(*directory) : directory.takeError();
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
  const trust::Role role = member_->membership().id().role;
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
