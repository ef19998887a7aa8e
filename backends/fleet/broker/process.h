// nats-server as a process: found by its pid file, so that it may outlive whoever started it and is
// adopted by the next. Reload and end are signals.
#pragma once

#include <string>

#include <sys/types.h>

#include "llvm/Support/Error.h"

#include "backends/fleet/broker/settings.h"
#include "backends/fleet/broker/version.h"

namespace nemo::broker {

/// Of a broker directory: nats.conf, nats.log, nats.pid, store.
class Process {
public:
  explicit Process(std::string directory) : directory_(std::move(directory)) {}

  std::string configuration_path() const { return directory_ + "/nats.conf"; }
  std::string log_path() const { return directory_ + "/nats.log"; }

  /// 0: none runs. A pid that belongs to something else by now does not count.
  pid_t running() const;
  /// Starts it and waits until it listens. \returns its pid; an error with its last words when it
  /// does not come up.
  llvm::Expected<pid_t> start(const Server &server, const membership::Address &listen) const;
  /// Reads its configuration and certificates again; sessions that no longer hold are closed.
  llvm::Error reload() const;
  /// Asks it to end, and ends it when it does not within 10 s.
  llvm::Error stop() const;

private:
  std::string last_words() const;
  std::string directory_;
};

} // namespace nemo::broker
