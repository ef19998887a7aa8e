// A real nemo-agent in a directory of its own, and a client that speaks its protocol. Whatever a
// test started is ended when it leaves: first the workloads, by an empty delivery, then the agent.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include <sys/types.h>

#include "protocol/backend.pb.h"

namespace nemo::test {

/// A directory that is removed at the end.
class TempDir {
public:
  TempDir();
  ~TempDir();
  TempDir(const TempDir &) = delete;
  const std::string &path() const { return path_; }
  std::string operator/(const std::string &name) const { return path_ + "/" + name; }

private:
  std::string path_;
};

class Connection {
public:
  explicit Connection(
      const std::string &socket); ///< waits until somebody answers, at most ten seconds
  ~Connection();
  Connection(Connection &&other) noexcept
      : fd_(std::exchange(other.fd_, -1)), pending_(std::move(other.pending_)) {}
  int fd() const { return fd_; }
  void send(const proto::BackendRequest &request);
  void send_bytes(const std::string &bytes);
  std::optional<proto::BackendResponse> receive(); ///< nullopt at the end of the stream
  proto::BackendResponse ask(const proto::BackendRequest &request);

private:
  int fd_ = -1;
  std::string pending_;
};

class AgentProcess {
public:
  explicit AgentProcess(const std::string &state);
  ~AgentProcess();
  void start();
  void kill9();
  int terminate(); ///< SIGTERM; its exit code
  pid_t pid() const { return pid_; }
  std::string socket() const { return state_ + "/agent.sock"; }
  Connection connect() const { return Connection(socket()); }

  proto::Fleet observe() const;
  proto::BackendResponse deliver(const proto::Part &part, bool take_over = false,
                                 std::optional<uint64_t> expected = std::nullopt) const;
  /// Observes until `done` holds for the instance; fails the test after twenty seconds.
  proto::Running until(const std::string &workload,
                       const std::function<bool(const proto::Running &)> &done) const;
  proto::Running until(const std::string &workload, proto::Running::State state) const;
  std::vector<std::string> log(const std::string &stack, const std::string &workload) const;

private:
  int wait();
  std::string state_;
  pid_t pid_ = -1;
};

std::optional<proto::Running> find(const proto::Fleet &fleet, const std::string &workload,
                                   const std::string &revision = {});

/// A part of stack "t" from source "test", and one instance that runs `script` with /bin/sh.
proto::Part part();
proto::Instance *add(proto::Part &part, const std::string &workload, const std::string &revision,
                     const std::string &script);
bool eventually(const std::function<bool()> &done);
bool can_sandbox(const proto::Fleet &fleet);

} // namespace nemo::test
