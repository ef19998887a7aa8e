// A fleet on this machine: a real nats-server with TLS and permissions by identity, real agents,
// and members with certificates of a real authority. Everything is ended by its pid.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include <sys/types.h>

#include "backends/fleet/backend.h"
#include "fleet.h"

namespace nemo::test {

/// Waits at most 30 seconds, and says whether it came.
bool eventually(const std::function<bool()> &done);

/// A child process that is killed at the end.
class Process {
public:
  Process(std::vector<std::string> argv, std::string output);
  ~Process() { kill9(); }
  Process(const Process &) = delete;
  void start();
  void kill9();
  void terminate(); ///< and waits

private:
  std::vector<std::string> argv_;
  std::string output_;
  pid_t pid_ = -1;
};

/// Reports are 300 ms apart here.
class Site {
public:
  Site();
  ~Site();

  Fleet fleet;
  std::unique_ptr<Process> broker;

  /// The directory of a membership, written as joining does.
  std::string enrol(const Member &member);
  /// The broker gives this one every right, as a thief of its own keys would have.
  std::optional<membership::Member> thief;
  std::unique_ptr<link::Connection> stolen() const;
  Member op, viewer, ctl;

  backends::fleet::Backend open(const Member &member);
  Process &agent(const std::string &node);
  std::string socket(const std::string &node) const { return fleet.dir / (node + "/agent.sock"); }

  /// The last value of a subject; empty: none.
  std::string value(const std::string &subject) const;
  void put(const std::string &subject, const std::string &value) const;
  /// All payloads of a stream in order.
  std::vector<std::string> stored(const std::string &subject, const std::string &stream) const;

private:
  void configure();
  void create_streams() const;
  int port_ = 0;
  std::map<std::string, std::unique_ptr<Process>> agents_;
};

proto::DeliverCall call(const std::string &node, const std::string &stack,
                        uint64_t expected_generation);
/// The same with one workload that sleeps: an empty part is one that goes away.
proto::DeliverCall sleeper(const std::string &node, const std::string &stack,
                           uint64_t expected_generation);
void add(proto::DeliverCall &call, const std::string &workload, const std::string &revision,
         const std::string &script);
/// What the fleet says of the stack on the node; a default one where there is none.
proto::PartState part_of(const proto::Fleet &fleet, const std::string &node,
                         const std::string &stack);
/// The code of a refusal; CODE_NONE for what is none.
proto::BackendError::Code code_of(llvm::Error error);

} // namespace nemo::test
