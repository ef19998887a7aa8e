#include "backends/backend.h"

namespace nemo::backends {

std::string Backend::name() const {
  return std::visit([](const auto &b) { return b.name(); }, kind_);
}
llvm::Expected<proto::BackendCapabilities> Backend::capabilities() {
  return std::visit([](auto &b) { return b.capabilities(); }, kind_);
}
llvm::Expected<proto::Fleet> Backend::observe() {
  return std::visit([](auto &b) { return b.observe(); }, kind_);
}
std::vector<std::string> Backend::notes() const {
  const auto *fleet = std::get_if<fleet::Backend>(&kind_);
  return fleet ? fleet->notes() : std::vector<std::string>();
}
std::map<std::string, proto::Cordon> Backend::closed() const {
  const auto *fleet = std::get_if<fleet::Backend>(&kind_);
  return fleet ? fleet->closed() : std::map<std::string, proto::Cordon>();
}
uint64_t Backend::epoch() const {
  const auto *fleet = std::get_if<fleet::Backend>(&kind_);
  return fleet ? fleet->epoch() : 0;
}
llvm::Expected<std::vector<fleet::Validity>> Backend::due(const std::string &stack, UnixNanos now) {
  auto *fleet = std::get_if<fleet::Backend>(&kind_);
  return fleet ? fleet->due(stack, now) : std::vector<fleet::Validity>();
}
llvm::Error
Backend::renew(llvm::ArrayRef<proto::DeliverCall> calls,
               llvm::function_ref<void(const std::string &, const proto::Delivered &)> on_renewed) {
  auto *fleet = std::get_if<fleet::Backend>(&kind_);
  return fleet ? fleet->renew(calls, on_renewed) : llvm::Error::success();
}
llvm::Error Backend::deliver(
    llvm::ArrayRef<proto::DeliverCall> calls,
    llvm::function_ref<bool(const std::string &, const proto::Delivered &)> on_delivered) {
  if (auto *fleet = std::get_if<fleet::Backend>(&kind_))
    return fleet->deliver(calls, [&](const std::string &node, const proto::Delivered &delivered) {
      on_delivered(node, delivered);
    });
  for (const proto::DeliverCall &call : calls) {
    auto delivered = std::visit([&](auto &b) { return b.deliver(call); }, kind_);
    if (!delivered)
      return delivered.takeError();
    if (!on_delivered(call.part().node(), *delivered))
      break;
  }
  return llvm::Error::success();
}
llvm::Expected<std::vector<std::string>> Backend::missing(const std::vector<std::string> &digests) {
  return std::visit([&](auto &b) { return b.missing(digests); }, kind_);
}
llvm::Error Backend::put(const proto::Artifact &artifact) {
  return std::visit([&](auto &b) { return b.put(artifact); }, kind_);
}
llvm::Error Backend::watch(const proto::WatchCall &call, Sink<proto::Event> sink,
                           Patience patience) {
  return std::visit([&](auto &b) { return b.watch(call, sink, patience); }, kind_);
}
llvm::Error Backend::logs(const proto::LogsCall &call, Sink<proto::LogLine> sink) {
  return std::visit([&](auto &b) { return b.logs(call, sink); }, kind_);
}
llvm::Error Backend::shutdown() {
  return std::visit([](auto &b) { return b.shutdown(); }, kind_);
}

bool can(const proto::BackendCapabilities &capabilities, llvm::StringRef name) {
  for (const proto::Capability &capability : capabilities.capabilities())
    if (name == capability.name())
      return capability.available();
  return false;
}

} // namespace nemo::backends
