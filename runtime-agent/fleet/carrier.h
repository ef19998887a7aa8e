// The broker's client, in a process of its own: it has threads, and the agent may have none, as it
// makes sandboxes by clone(), in whose child a lock that another thread held would stay locked.
// What the broker sends is parsed there, too, by a process that can only hand over bytes.
//
// It ends with the agent, and is started again when it ends before.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include <sys/types.h>

#include "protocol/link/connection.h"
#include "runtime-agent/core/loop.h"

namespace nemo::agent::fleet {

class Carrier {
public:
  struct Handlers {
    std::function<void(link::Message)> on_message;
    std::function<void(bool up)> on_link;
    std::function<void(std::string)> on_failure; ///< for the log
  };

  /// Forks: the calling process has one thread. \param member  outlives this.
  static llvm::Expected<std::unique_ptr<Carrier>> start(Loop &loop,
                                                        const membership::Member &member,
                                                        std::vector<std::string> subjects,
                                                        Handlers handlers);
  ~Carrier();

  /// Takes what comes on one more subject.
  void listen(const std::string &subject);

  /// Dropped where the client takes nothing for so long that `most` bytes wait.
  void publish(const std::string &subject, llvm::StringRef data, const std::string &reply = {},
               const link::Headers &headers = {});

private:
  static constexpr size_t most = 32u << 20;
  Carrier(Loop &loop, const membership::Member &member, std::vector<std::string> subjects,
          Handlers handlers)
      : loop_(loop), member_(member), subjects_(std::move(subjects)),
        handlers_(std::move(handlers)) {}
  llvm::Error launch();
  void launch_soon();
  void end();
  void send(const std::vector<std::string> &parts);
  void ready(uint32_t events);
  void read();
  void write();

  Loop &loop_;
  const membership::Member &member_;
  std::vector<std::string> subjects_;
  Handlers handlers_;
  Fd socket_;
  pid_t pid_ = -1;
  std::string in_, out_;
  size_t sent_ = 0; ///< of `out_`
  Loop::TimerId again_ = 0;
};

} // namespace nemo::agent::fleet
