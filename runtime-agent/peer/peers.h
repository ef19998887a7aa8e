// Streams between the agents of two nodes, each sure of who the other is, past any broker. Mutual
// TLS is a child process's business (porter.h): the agent gets plain Unix sockets, and what is
// hostile is parsed where there is nothing to steal but this node's identity. It is there while
// there are streams: started when somebody calls or is called, and ended when it has long been
// idle.
//
// A stream whose end comes may have been cut: a purpose says itself when all was said.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <string>

#include <sys/types.h>

#include "llvm/Support/Error.h"

#include "protocol/membership/member.h"
#include "runtime-agent/peer/mail.h"

namespace nemo::agent::peer {

inline constexpr uint16_t usual_port = 7424;

class Peers {
public:
  struct Opened {
    trust::SpiffeId peer;
    std::string hello; ///< a proto::PeerHello, not parsed yet
    Fd stream;         ///< non-blocking
  };
  struct Handlers {
    std::function<void(Opened)> on_stream;
    std::function<void(std::string)> on_failure; ///< for the log
  };
  using Done = std::function<void(llvm::Expected<Fd>)>;

  /// Forks: the calling process has one thread.
  /// \param member  outlives this. \param listen  "ADDRESS:PORT", port 0 for any that is free;
  /// empty: every address, `usual_port`, or any where that is taken.
  /// \param idle  until what carries streams goes where there are none.
  static llvm::Expected<std::unique_ptr<Peers>> start(Loop &loop, const membership::Member &member,
                                                      const std::string &listen, Handlers handlers,
                                                      Ticks idle = 30'000);
  ~Peers();

  /// "[::]:41234", and the port of it: the same for as long as this lives.
  const std::string &listening() const { return listening_; }
  uint16_t port() const { return port_; }

  /// Says `hello` to `node`, which is at `address` (no name: "192.0.2.1:41234"). `done` gets a
  /// non-blocking stream that its agent has been given, or why there is none, within 5 s, and not
  /// before this returns.
  void connect(const std::string &node, const std::string &address, std::string hello, Done done);

  /// The membership was written anew: certificate, roots or revocations. Streams with peers that
  /// are no longer trusted end, the others go on.
  void reload();

private:
  Peers(Loop &loop, const membership::Member &member, Handlers handlers, Ticks idle)
      : loop_(loop), member_(member), handlers_(std::move(handlers)), idle_(idle) {}
  llvm::Error listen(const std::string &where);
  llvm::Error wait_for_callers();
  llvm::Error launch();
  void wait_soon();
  void ended();
  void end();
  void take(llvm::StringRef bytes, Fd with);
  void settle(uint64_t id, llvm::Expected<Fd> stream);

  Loop &loop_;
  const membership::Member &member_;
  Handlers handlers_;
  Ticks idle_;
  Fd listener_;          ///< of the agent, so that its address outlives a porter
  bool waiting_ = false; ///< for callers, while there is no porter
  std::string listening_;
  uint16_t port_ = 0;
  pid_t pid_ = -1;
  std::unique_ptr<Mail> mail_;
  uint64_t last_id_ = 0;
  std::map<uint64_t, Done> asked_;
  Loop::TimerId again_ = 0;
  std::shared_ptr<bool> alive_ = std::make_shared<bool>(true); ///< for what comes later
};

} // namespace nemo::agent::peer
