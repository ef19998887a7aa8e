// One health check of one instance, without blocking: connect (tcp), GET (http) or a command inside
// the sandbox (exec). Ends by calling back once, also when time runs out.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "runtime-agent/core/record.h"
#include "runtime-agent/sandbox/sandbox.h"

namespace nemo::agent {

class Probe {
public:
  struct Target {
    proto::Health check;
    std::string address; ///< IPv4 of the workload
    uint16_t port = 0;
    pid_t supervisor = 0;
    std::vector<std::string> environment;
  };
  /// `why` says what was found when it did not pass. Called from the loop, never from within
  /// start(); the probe may be destroyed in it.
  using OnDone = std::function<void(bool passed, std::string why)>;

  static std::unique_ptr<Probe> start(Loop &loop, const Target &target, const sandbox::Host &host,
                                      OnDone done);
  ~Probe();
  Probe(const Probe &) = delete;

private:
  Probe(Loop &loop, OnDone done) : loop_(loop), done_(std::move(done)) {}
  void connect(const Target &target);
  void run(const Target &target, const sandbox::Host &host);
  void socket_ready(uint32_t events);
  void finish(bool passed, std::string why);
  void finish_soon(std::string why);
  void release();

  Loop &loop_;
  OnDone done_;
  Fd fd_;
  pid_t child_ = -1;
  Loop::TimerId timer_ = 0;
  std::string request_; ///< http: still to send; empty for tcp
  std::string reply_;
  bool http_ = false;
};

} // namespace nemo::agent
