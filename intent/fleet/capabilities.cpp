// The names that agents report (runtime-agent states them by probing).
#include "intent/fleet/capabilities.h"

#include <set>

namespace nemo::fleet {

const std::vector<std::string> &usual_capabilities() {
  static const std::vector<std::string> names = {"gates",       "landlock.files", "landlock.tcp",
                                                 "limit.cpu",   "limit.memory",   "limit.pids",
                                                 "network.own", "seccomp"};
  return names;
}

const std::vector<std::string> &known_capabilities() {
  static const std::vector<std::string> names = [] {
    std::vector<std::string> all = usual_capabilities();
    for (const char *name :
         {"devices", "gpu", "limit.volume", "metering", "migrate.live", "namespace.user",
          "redundancy", "refusals", "usage.cgroup", "sandbox.container", "sandbox.microvm",
          "sandbox.process", "sandbox.unikernel", "sandbox.wasm", "volume.external",
          "volume.replicated"})
      all.push_back(name);
    return all;
  }();
  return names;
}

void set_capabilities(proto::Node &node, llvm::ArrayRef<std::string> names) {
  std::set<std::string> all(names.begin(), names.end());
  for (const std::string &sandbox : node.sandboxes())
    all.insert("sandbox." + sandbox);
  for (const std::string &name : all) {
    proto::Capability &capability = *node.add_capabilities();
    capability.set_name(name);
    capability.set_available(true);
  }
}

} // namespace nemo::fleet
