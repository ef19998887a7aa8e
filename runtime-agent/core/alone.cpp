#include "runtime-agent/core/attachment.h"

#include <filesystem>
#include <unistd.h>

#include "base/error.h"
#include "base/membership.h"

namespace nemo::agent {

namespace fs = std::filesystem;

llvm::Error take_part(const std::string &state, char **argv, Place &) {
  std::error_code unknown;
  const fs::path about = fs::path(membership::place(state, "node")) / membership::about.str();
  if (!fs::exists(about, unknown))
    return llvm::Error::success();
  const fs::path here = fs::read_symlink("/proc/self/exe", unknown).parent_path();
  for (const char *place : {"nemo-agent-fleet", "../libexec/nemo/nemo-agent-fleet"})
    ::execv((here / place).c_str(), argv);
  return failure(
      "{} makes this node a member of a fleet, and nemo-agent-fleet cannot be run from {} "
      "or ../libexec/nemo: install both from the same package or build",
      about.string(), here.string());
}

llvm::Expected<Attachment> attach(Loop &, const std::string &, const Place &, Agent &) {
  return Attachment();
}

} // namespace nemo::agent
