#include "backends/wire/calls.h"

#include <set>

namespace nemo::backends::wire {

namespace {

llvm::Error wrong_answer(const Client &client) {
  return protocol_fault(client.peer(), "answered another question than it was asked");
}

} // namespace

llvm::Expected<proto::BackendCapabilities> capabilities(Client &client) {
  proto::BackendRequest request;
  request.mutable_capabilities();
  auto response = client.call(std::move(request));
  if (!response)
    return response.takeError();
  if (!response->has_capabilities())
    return wrong_answer(client);
  return std::move(*response->mutable_capabilities());
}

llvm::Expected<proto::Fleet> observe(Client &client) {
  proto::BackendRequest request;
  request.mutable_observe();
  auto response = client.call(std::move(request));
  if (!response)
    return response.takeError();
  if (!response->has_fleet())
    return wrong_answer(client);
  if (response->fleet().version() != 1)
    return protocol_fault(client.peer(),
                          "reports a fleet in a version that this nemo does not know");
  return std::move(*response->mutable_fleet());
}

llvm::Expected<proto::Delivered> deliver(Client &client, const proto::DeliverCall &call) {
  proto::BackendRequest request;
  *request.mutable_deliver() = call;
  auto response = client.call(std::move(request));
  if (!response)
    return response.takeError();
  if (!response->has_delivered())
    return wrong_answer(client);
  return std::move(*response->mutable_delivered());
}

llvm::Expected<std::vector<std::string>> missing(Client &client,
                                                 const std::vector<std::string> &digests) {
  proto::BackendRequest request;
  auto &list = *request.mutable_have()->mutable_digests();
  list.Assign(digests.begin(), digests.end());
  auto response = client.call(std::move(request));
  if (!response)
    return response.takeError();
  if (!response->has_have())
    return wrong_answer(client);
  const std::set<std::string> asked(digests.begin(), digests.end());
  std::vector<std::string> result;
  for (const std::string &digest : response->have().missing()) {
    if (!asked.contains(digest))
      return wrong_answer(client);
    result.push_back(digest);
  }
  return result;
}

llvm::Error put(Client &client, const proto::Artifact &artifact) {
  proto::BackendRequest request;
  *request.mutable_put()->mutable_artifact() = artifact;
  auto response = client.call(std::move(request));
  if (!response)
    return response.takeError();
  return response->has_done() ? llvm::Error::success() : wrong_answer(client);
}

llvm::Error shutdown(Client &client) {
  proto::BackendRequest request;
  request.mutable_shutdown();
  auto response = client.call(std::move(request));
  if (!response)
    return response.takeError();
  return response->has_done() ? llvm::Error::success() : wrong_answer(client);
}

llvm::Error watch(Client client, const proto::WatchCall &call, Sink<proto::Event> sink,
                  Patience patience) {
  proto::BackendRequest request;
  *request.mutable_watch() = call;
  bool wrong = false;
  if (llvm::Error error = client.stream(
          std::move(request), patience, [&](const proto::BackendResponse *response) -> bool {
            wrong = response != nullptr && !response->has_event();
            return !wrong && sink(response != nullptr ? &response->event() : nullptr);
          }))
    return error;
  return wrong ? wrong_answer(client) : llvm::Error::success();
}

llvm::Error logs(Client client, const proto::LogsCall &call, Sink<proto::LogLine> sink) {
  proto::BackendRequest request;
  *request.mutable_logs() = call;
  bool wrong = false;
  if (llvm::Error error = client.stream(
          std::move(request), [] { return tick; },
          [&](const proto::BackendResponse *response) -> bool {
            wrong = response != nullptr && !response->has_log();
            return !wrong && sink(response != nullptr ? &response->log() : nullptr);
          }))
    return error;
  return wrong ? wrong_answer(client) : llvm::Error::success();
}

} // namespace nemo::backends::wire
