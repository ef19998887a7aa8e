// The protocol's calls as functions: what goes in, what comes out, and a fault when the answer is
// of another kind than the question.
#pragma once

#include <chrono>
#include <string>
#include <vector>

#include "backends/wire/client.h"

namespace nemo::backends {

/// Takes one thing of a stream; nullptr when nothing came for a tick (100 ms). False ends the
/// stream.
template <typename T> using Sink = llvm::function_ref<bool(const T *)>;
/// How long the next tick is, where somebody has something to do sooner.
using Patience = llvm::function_ref<std::chrono::milliseconds()>;
inline constexpr std::chrono::milliseconds tick{100};

namespace wire {

llvm::Expected<proto::BackendCapabilities> capabilities(Client &client);
llvm::Expected<proto::Fleet> observe(Client &client);
llvm::Expected<proto::Delivered> deliver(Client &client, const proto::DeliverCall &call);
llvm::Expected<std::vector<std::string>> missing(Client &client,
                                                 const std::vector<std::string> &digests);
llvm::Error put(Client &client, const proto::Artifact &artifact);
llvm::Error shutdown(Client &client);
llvm::Error watch(Client client, const proto::WatchCall &call, Sink<proto::Event> sink,
                  Patience patience);
llvm::Error logs(Client client, const proto::LogsCall &call, Sink<proto::LogLine> sink);

} // namespace wire
} // namespace nemo::backends
