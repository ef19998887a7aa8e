#include "orchestrator/own_agent.h"

#include <chrono>
#include <thread>

#include "backends/local/backend.h"
#include "base/diagnostics/registry.h"
#include "base/error.h"

namespace nemo::orchestrator {

using backends::local::AgentProcess;
using backends::local::Backend;

namespace {

constexpr auto to_end = std::chrono::seconds(10);

/// An answer to `shutdown` means that it goes; this waits until nothing listens any more.
bool is_gone(const AgentProcess &where) {
  for (const auto begin = std::chrono::steady_clock::now();;) {
    auto client = where.connect(/*start=*/false);
    if (!client) {
      llvm::consumeError(client.takeError());
      return true;
    }
    if (std::chrono::steady_clock::now() - begin > to_end)
      return false;
    std::this_thread::sleep_for(std::chrono::milliseconds(50));
  }
}

} // namespace

llvm::Expected<std::string> start_agent() {
  auto agent = Backend::open(/*start=*/true);
  if (!agent)
    return agent.takeError();
  auto where = AgentProcess::locate();
  if (!where)
    return where.takeError();
  return where->socket_path();
}

llvm::Expected<bool> stop_agent() {
  auto where = AgentProcess::locate();
  if (!where)
    return where.takeError();
  auto pid = where->pid();
  if (!pid)
    return pid.takeError();
  if (*pid == 0)
    return false;
  auto agent = Backend::open(/*start=*/false);
  if (!agent)
    return agent.takeError();
  if (llvm::Error error = agent->shutdown())
    return error;
  if (!is_gone(*where))
    return failure(diag::make(diag::N0801, "the agent said that it would end, and still answers"));
  return true;
}

} // namespace nemo::orchestrator
