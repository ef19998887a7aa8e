// Live moves between this agent and those of other nodes: streams for them, and the halves of
// runtime-agent/migrate at the ends. What may move, and whose it is, says the agent.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <string>

#include "runtime-agent/core/agent.h"
#include "runtime-agent/migrate/arriving.h"
#include "runtime-agent/migrate/leaving.h"

namespace nemo::agent::fleet {

class Moves {
public:
  using Done = std::function<void(llvm::Expected<Fd>)>;
  /// To another node, which is told the hello.
  using Connect = std::function<void(const std::string &node, std::string hello, Done done)>;

  /// \param agent  outlives this, and uses it from now on.
  Moves(Loop &loop, Agent &agent, Connect connect);
  ~Moves();
  Moves(const Moves &) = delete;

  /// Another node has opened one. \param node  sure, unlike what it says.
  void take_stream(const std::string &node, const proto::MoveOffer &offer, Fd stream);

private:
  struct Asking {
    std::unique_ptr<migrate::Channel> channel;
    Loop::TimerId deadline = 0;
  };

  void leave(const Mover::Leave &what);
  void begin(const Mover::Leave &what, Fd stream);
  void ask(const Mover::Leave &what);
  void answered(const std::string &move, std::optional<bool> runs);
  void answer(const std::string &move, Fd stream);
  void resume(const std::string &move, const std::string &control);
  void call_off(const std::string &move, const std::string &why);
  void connect(const Mover::Leave &what, Done done);

  Loop &loop_;
  Agent &agent_;
  Connect connect_;
  std::map<std::string, std::unique_ptr<migrate::Leaving>> leaving_; ///< null: no stream yet
  std::map<std::string, std::unique_ptr<migrate::Arriving>> arriving_;
  std::map<std::string, std::unique_ptr<migrate::Resuming>> resuming_;
  std::map<std::string, Asking> asking_;
  std::shared_ptr<bool> alive_ = std::make_shared<bool>(true); ///< for what comes later
};

} // namespace nemo::agent::fleet
