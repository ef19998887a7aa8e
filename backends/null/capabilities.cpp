#include "backends/null/backend.h"

namespace nemo::backends::null {

llvm::Expected<proto::BackendCapabilities> Backend::capabilities() {
  proto::BackendCapabilities all;
  all.set_name("null");
  all.set_version("1");
  auto say = [&](const char *name, const char *why_not) {
    proto::Capability *capability = all.add_capabilities();
    capability->set_name(name);
    capability->set_available(*why_not == 0);
    capability->set_reason(why_not);
  };
  say("gates", "");
  say("deliver", "");
  say("watch", "the null backend runs nothing");
  say("logs", "the null backend runs nothing");
  return all;
}

} // namespace nemo::backends::null
