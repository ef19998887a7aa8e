// The one seam between a plan and the place where it becomes true: observe, deliver, capabilities,
// and two streams. Every backend is a folder of the same four files (backend.h, capabilities.cpp,
// observe.cpp, deliver.cpp) with a class that has these members.
#pragma once

#include <map>
#include <string>
#include <variant>
#include <vector>

#include "backends/fleet/backend.h"
#include "backends/local/backend.h"
#include "backends/null/backend.h"
#include "backends/plugin/backend.h"

namespace nemo::backends {

class Backend {
public:
  using Kind = std::variant<null::Backend, local::Backend, fleet::Backend, plugin::Backend>;
  explicit Backend(Kind kind) : kind_(std::move(kind)) {}

  std::string name() const;
  llvm::Expected<proto::BackendCapabilities> capabilities();
  llvm::Expected<proto::Fleet> observe();
  /// What was left out of what was observed last, and why.
  std::vector<std::string> notes() const;
  /// Of a fleet, the nodes that took nothing new when it was observed last, silent ones among them.
  std::map<std::string, proto::Cordon> closed() const;
  /// Of a fleet, the highest epoch that nodes claimed when they were observed last; else 0.
  uint64_t epoch() const;
  /// One after the other, or where the backend can, all at once; ends at the first error, or, where
  /// it is all at once, has all of them. \param on_delivered  once for each, when it is there;
  /// \returns whether to go on.
  llvm::Error
  deliver(llvm::ArrayRef<proto::DeliverCall> calls,
          llvm::function_ref<bool(const std::string &node, const proto::Delivered &)> on_delivered);
  /// Of a fleet, what of the stack is about to expire, as observed last; else nothing is.
  llvm::Expected<std::vector<fleet::Validity>> due(const std::string &stack, UnixNanos now);
  /// Of a fleet: these parts are in force, and hold for longer then. All at once.
  llvm::Error
  renew(llvm::ArrayRef<proto::DeliverCall> calls,
        llvm::function_ref<void(const std::string &node, const proto::Delivered &)> on_renewed);
  /// Which of these artifacts are not there yet.
  llvm::Expected<std::vector<std::string>> missing(const std::vector<std::string> &digests);
  llvm::Error put(const proto::Artifact &artifact);
  llvm::Error watch(
      const proto::WatchCall &call, Sink<proto::Event> sink,
      Patience patience = [] { return tick; });
  llvm::Error logs(const proto::LogsCall &call, Sink<proto::LogLine> sink);
  /// Ends whatever serves the backend here; what it runs goes on.
  llvm::Error shutdown();

private:
  Kind kind_;
};

/// True when `capabilities` has `name` and it is available.
bool can(const proto::BackendCapabilities &capabilities, llvm::StringRef name);

} // namespace nemo::backends
