// What holders and granters of leases say to each other on a stream: frames of a length in four
// bytes and a message, each small; and the grants as signed statements.
#pragma once

#include <deque>
#include <functional>
#include <optional>
#include <string>

#include "protocol/membership/member.h"
#include "protocol/peer.pb.h"
#include "runtime-agent/core/loop.h"
#include "runtime-agent/lease/granter.h"

namespace nemo::agent::fleet {

/// One end of such a stream. Both what comes and what waits to be sent are bounded.
class LeaseStream {
public:
  using OnFrame = std::function<void(llvm::StringRef bytes)>;
  /// \param on_end  once: the other side has ended it, or sends what it should not. Either may
  /// destroy this.
  LeaseStream(Loop &loop, Fd stream, OnFrame on_frame, std::function<void()> on_end);
  ~LeaseStream();
  LeaseStream(const LeaseStream &) = delete;

  void send(const google::protobuf::MessageLite &message);
  Ticks heard() const { return heard_; } ///< when something came last

private:
  void ready(uint32_t events);
  void read();
  void write();
  void end();

  Loop &loop_;
  Fd stream_;
  OnFrame on_frame_;
  std::function<void()> on_end_;
  std::string in_, out_;
  Ticks heard_ = ticks();
  std::shared_ptr<bool> alive_ = std::make_shared<bool>(true);
};

/// What `peer` asks for, by a frame of its; nothing: what no holder asks.
std::optional<lease::Request> read_request(llvm::StringRef bytes, const std::string &peer);

/// What a granter that is `member` says to `holder`.
llvm::Expected<proto::LeaseAnswer> to_answer(const lease::Said &said, const lease::Request &request,
                                             const membership::Member &member);

/// And what `member` makes of what `granter` has said to it: a grant counts with its signature
/// only.
llvm::Expected<lease::Said> read_answer(const proto::LeaseAnswer &answer,
                                        const lease::Request &request, const std::string &granter,
                                        const membership::Member &member, trust::Paths &paths);

} // namespace nemo::agent::fleet
