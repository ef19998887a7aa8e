// A certificate lasts a day and is renewed at half of that, by a child process: the exchange with
// the authority waits for the network, and the agent has one thread that may not.
#pragma once

#include <functional>
#include <string>

#include <sys/types.h>

#include "protocol/membership/member.h"
#include "runtime-agent/core/loop.h"

namespace nemo::agent::fleet {

class Renewal {
public:
  using OnNew = std::function<void(membership::Member)>;
  using OnFailure = std::function<void(std::string)>;

  /// \param member  outlives this, and is replaced by what `on_new` is given.
  Renewal(Loop &loop, const membership::Member &member, OnNew on_new, OnFailure on_failure)
      : loop_(loop), member_(member), on_new_(std::move(on_new)),
        on_failure_(std::move(on_failure)) {}
  ~Renewal() { end(); }
  Renewal(const Renewal &) = delete;

  /// To be called now and then: renews if it is time, at most once a minute.
  void look();

private:
  llvm::Error launch();
  void ready();
  void end();

  Loop &loop_;
  const membership::Member &member_;
  OnNew on_new_;
  OnFailure on_failure_;
  Fd socket_; ///< what the child says went wrong, until it ends
  pid_t pid_ = -1;
  std::string said_;
  Ticks not_before_ = 0;
};

} // namespace nemo::agent::fleet
