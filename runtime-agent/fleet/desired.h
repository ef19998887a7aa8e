// What the node is told to run, through a broker that may say anything: each stack's entry is
// verified, opened, held to its signer's scope and to what was accepted before, remembered, and
// only then handed to the agent. An entry is acted upon once.
#pragma once

#include <functional>
#include <map>
#include <string>

#include "protocol/membership/member.h"
#include "protocol/transport.pb.h"
#include "runtime-agent/core/server.h"
#include "runtime-agent/fleet/memory.h"

namespace nemo::agent::fleet {

class Desired {
public:
  using Handler = std::function<Answer(const proto::BackendRequest &)>;

  /// \param member, memory, paths  outlive this; the member is a node. \param handler  the agent.
  Desired(const membership::Member &member, Memory &memory, trust::Paths &paths, Handler handler)
      : member_(member), memory_(memory), paths_(paths), handler_(std::move(handler)) {}

  /// Finishes what was accepted before the agent ended.
  llvm::Error finish();

  /// \param value  a NodeDesired, from anywhere.
  /// \returns whether the report has something new to say; an error where the disk fails, or what
  /// came is none at all.
  llvm::Expected<bool> take(llvm::StringRef value, UnixNanos now);

  /// Adds what became of each entry, and until when what is in force of it holds.
  /// \param state  with what the agent runs.
  void report(proto::NodeState &state, UnixNanos now) const;

private:
  struct Opened {
    trust::Verified verified;
    proto::DeliverCall call;
  };
  llvm::Expected<Opened> judge(const std::string &stack, llvm::StringRef signed_bytes,
                               UnixNanos now);
  llvm::Error check_scope(const std::string &stack, const trust::Verified &verified);
  llvm::Error deliver(const std::string &stack, const proto::DeliverCall &call);
  llvm::Error renew(const std::string &stack, const proto::DeliverCall &call);
  proto::Fleet observe();

  const membership::Member &member_;
  Memory &memory_;
  trust::Paths &paths_;
  Handler handler_;
  std::map<std::string, proto::Outcome> refused_; ///< by stack, of what lies in the bucket now
};

} // namespace nemo::agent::fleet
