// A fleet whose machines are directories of this one, with its own authority and a real broker. All
// of it is ended and removed with this.
#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include <sys/types.h>

#include "bench/support/bench.h"
#include "bench/support/child.h"

namespace nemo::bench {

class Fleet {
public:
  static llvm::Expected<std::unique_ptr<Fleet>> make(const Bench &bench);
  ~Fleet();
  Fleet(const Fleet &) = delete;

  /// \param machine  whose it is run on; empty: that of the first operator.
  llvm::Expected<ChildRun> nemo(const std::string &machine, std::vector<std::string> words) const;
  /// Where it keeps its state; environment() says so to what runs on it.
  std::string state(const std::string &machine) const {
    return directory_ + "/" + (machine.empty() ? "operator" : machine);
  }
  /// "NAME=value" of what runs on it.
  std::vector<std::string> environment(const std::string &machine) const;

  /// Another machine, which joins. \param role  "node", whose agent is started, or "operator".
  /// \param more  flags of `nemo fleet join`.
  llvm::Error add(const std::string &machine, const std::string &role = "node",
                  const std::vector<std::string> &more = {});
  const std::vector<std::string> &nodes() const { return nodes_; }
  /// What the nodes run of the stack ends with this.
  void runs(const std::string &stack) { stacks_.push_back(stack); }

  /// The agent and the process that speaks to the broker for it.
  llvm::Expected<std::vector<pid_t>> processes(const std::string &node) const;

  llvm::Expected<pid_t> broker_pid() const;
  int port() const { return port_; } ///< of the broker, on 127.0.0.1

  /// \returns the folder of an intent with so many replicas that sleep, one a node at most.
  llvm::Expected<std::string> write_intent(int replicas) const;

  const std::string &program() const { return program_; }
  const std::string &directory() const { return directory_; }

private:
  Fleet(const Bench &bench, std::string directory)
      : program_(bench.program("nemo")), directory_(std::move(directory)) {}
  std::string program_, directory_;
  int port_ = 0;
  std::vector<std::string> nodes_, stacks_;
};

/// Waits for what will come. \returns false when it did not within that time, or on an interrupt.
bool eventually(std::chrono::seconds within, const std::function<bool()> &there);

} // namespace nemo::bench
