// From libnats's threads to the agent's one thread: a queue with a descriptor that the loop
// watches.
#pragma once

#include <functional>
#include <memory>
#include <mutex>
#include <variant>
#include <vector>

#include "protocol/link/connection.h"
#include "runtime-agent/core/loop.h"

namespace nemo::agent::fleet {

class Handover {
public:
  struct LinkIs {
    bool up;
  };
  using Item = std::variant<link::Message, LinkIs>;

  /// \param take  called on the loop's thread, for each item in the order that they came.
  static llvm::Expected<std::unique_ptr<Handover>> create(Loop &loop,
                                                          std::function<void(Item)> take);
  ~Handover();

  /// From any thread. What would make the queue longer than `most` bytes is dropped: the broker's
  /// other end asks again, and the agent fetches what it has missed.
  void put(Item item);

private:
  static constexpr size_t most = 64u << 20;
  Handover(Loop &loop, std::function<void(Item)> take) : loop_(loop), take_(std::move(take)) {}
  void drain();

  Loop &loop_;
  std::function<void(Item)> take_;
  Fd event_;
  std::mutex mutex_;
  std::vector<Item> waiting_;
  size_t held_ = 0; ///< bytes in `waiting_`
};

} // namespace nemo::agent::fleet
