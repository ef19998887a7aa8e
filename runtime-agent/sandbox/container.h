// Containers: the file system of an image, run by an OCI runtime (crun) that is the program of a
// process sandbox. What that sandbox has for every kind stays around it: its user, its processes,
// its network and TCP ports, its control groups, its log. What would keep the runtime from its work
// is left out there, and given to the container by the bundle that we write: a user namespace in
// the sandbox's, a root that is read-only, no capabilities, system calls by a list of those that
// are allowed.
#pragma once

#include <cstdint>
#include <string>

#include "llvm/Support/Error.h"

#include "runtime-agent/sandbox/sandbox.h"

namespace nemo::sandbox {

struct Container {
  /// As of a process; program, environment and working directory are what they are in the image.
  Spec spec;
  std::string root; ///< the image's file system, a directory on the host; never written
  uint32_t uid =
      0; ///< who the program is inside; on the host it is the sandbox's user all the same
  uint32_t gid = 0;
};

/// config.json of the bundle (OCI runtime specification 1.0). \param files  of /etc that the
/// sandbox has for it, such as "/etc/hosts".
std::string bundle_config(const Container &container, const std::vector<std::string> &files,
                          bool tcp_restricted);

/// `linux.seccomp` of it: what is not listed does not exist (ENOSYS). Lists what this program's
/// libseccomp knows, without what the process sandbox forbids.
std::string bundle_seccomp(bool tcp_restricted);

/// As start(const Spec &). The runtime's own complaints are in the log: it ends with 127 or 1 then.
llvm::Expected<Started> start(const Container &container, const Host &host,
                              Announce announce = nullptr);

/// Whether this host runs containers, by running one. Adds "sandbox.container" to the host's
/// abilities. \param directory  for a few files, which are removed again.
void probe_containers(Host &host, const std::string &directory);

} // namespace nemo::sandbox
