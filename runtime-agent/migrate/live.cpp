#include "runtime-agent/migrate/live.h"

#include <thread>

#include "base/error.h"

namespace nemo::migrate {

namespace {

using Clock = std::chrono::steady_clock;
using llvm::json::Object;

constexpr std::chrono::milliseconds kLookEvery{1}; // what it waits here, the machine stands still

llvm::Error tell(Monitor &monitor, llvm::StringRef command, Object arguments = {}) {
  return monitor.execute(command, std::move(arguments)).takeError();
}

llvm::Expected<std::string> status_of(Monitor &monitor) {
  auto answer = monitor.execute("query-status");
  if (!answer)
    return answer.takeError();
  return answer->getString("status").value_or("unknown").str();
}

llvm::Error begin(Monitor &source, Monitor &target, const std::string &channel,
                  const Options &options) {
  auto waiting = status_of(target);
  if (!waiting)
    return waiting.takeError();
  if (*waiting != "inmigrate")
    return failure("the target does not wait for a machine: it is '{}'", *waiting);
  if (auto error = tell(source, "migrate-set-parameters",
                        Object{{"downtime-limit", options.downtime_limit.count()},
                               {"max-bandwidth", static_cast<int64_t>(options.bytes_per_second)}}))
    return error;
  if (auto error = tell(target, "migrate-incoming", Object{{"uri", "unix:" + channel}}))
    return error;
  return tell(source, "migrate", Object{{"uri", "unix:" + channel}});
}

/// Until the source says that all is over there.
llvm::Expected<Moved> copy(Monitor &source, const Options &options) {
  const auto deadline = Clock::now() + options.patience;
  for (;;) {
    auto answer = source.execute("query-migrate");
    if (!answer)
      return answer.takeError();
    const llvm::StringRef status = answer->getString("status").value_or("none");
    if (status == "completed") {
      Moved moved;
      moved.total = std::chrono::milliseconds(answer->getInteger("total-time").value_or(0));
      moved.downtime = std::chrono::milliseconds(answer->getInteger("downtime").value_or(0));
      if (const Object *memory = answer->getObject("ram"))
        moved.bytes = static_cast<uint64_t>(memory->getInteger("transferred").value_or(0));
      return moved;
    }
    if (status == "failed" || status == "cancelled")
      return failure("the migration has {}: {}", status.str(),
                     answer->getString("error-desc").value_or("QEMU does not say why").str());
    if (options.cancel && options.cancel->load())
      return failure("the migration was cancelled");
    if (Clock::now() > deadline)
      return failure("the migration did not come to its end within {} ms",
                     options.patience.count());
    std::this_thread::sleep_for(kLookEvery);
  }
}

/// The target has not been told to run and never will be: the source may.
llvm::Error let_go_on(Monitor &source, llvm::Error cause) {
  const std::string why = llvm::toString(std::move(cause));
  llvm::consumeError(tell(source, "migrate_cancel"));
  for (int i = 0; i < 1000; ++i) {
    auto status = status_of(source);
    if (!status)
      return failure("{}; and the source cannot be asked: {}", why,
                     llvm::toString(status.takeError()));
    if (*status == "running")
      return failure("{}; the source runs on", why);
    if (*status == "postmigrate" || *status == "paused")
      llvm::consumeError(tell(source, "cont"));
    std::this_thread::sleep_for(kLookEvery);
  }
  return failure("{}; and the source does not go on", why);
}

} // namespace

llvm::Expected<Moved> move(Monitor &source, Monitor &target, const std::string &channel,
                           const Options &options) {
  if (auto error = begin(source, target, channel, options))
    return let_go_on(source, std::move(error));
  auto moved = copy(source, options);
  if (!moved)
    return let_go_on(source, moved.takeError());
  // The source has stopped, and the target may still be taking in the end.
  for (const auto deadline = Clock::now() + options.patience;;) {
    auto status = status_of(target);
    if (!status)
      return let_go_on(source, status.takeError());
    if (*status == "paused" || *status == "prelaunch")
      break;
    if (*status != "inmigrate" || Clock::now() > deadline)
      return let_go_on(source, failure("the target took the machine in and is '{}'", *status));
    std::this_thread::sleep_for(kLookEvery);
  }
  if (auto error = tell(target, "cont"))
    return failure("{}; nobody knows whether the target runs, so the source does not",
                   llvm::toString(std::move(error)));
  return *moved;
}

} // namespace nemo::migrate
