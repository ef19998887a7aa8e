// What two agents say to each other during a move, over one stream: words, and between them the
// machine's memory, which is pumped from one QEMU to the other with back-pressure.
//   source: memory… end       run              target: ready           taken     runs
// A frame is a byte for its kind, four for its length in network order, and that many bytes.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>

#include "llvm/ADT/StringRef.h"
#include "llvm/Support/Error.h"

#include "runtime-agent/core/loop.h"

namespace nemo::migrate {

enum class Kind : uint8_t {
  ready = 1, ///< the target's machine waits for memory
  memory,
  end,   ///< of memory
  taken, ///< the target has all of it, and stands still
  run,   ///< it is the target's from here on
  runs,  ///< it runs there
  no,    ///< it does not run there and never will; why stands in the payload
  never, ///< `no`, and another attempt would be no better
};

struct Frame {
  Kind kind = Kind::no;
  llvm::StringRef payload;
};
constexpr size_t kMostMemory = 64 << 10, kMostWords = 512; ///< of a payload

enum class Took { frame, nothing, garbage };
/// From `at` on, which is moved behind the frame.
Took take_frame(llvm::StringRef bytes, size_t &at, Frame &frame);
std::string to_frame(Kind kind, llvm::StringRef payload = {});
/// Of a text that another node has said: what can be shown.
std::string printable(llvm::StringRef text);

/// A descriptor that is listened to for some events, or for none.
class Watched {
public:
  explicit Watched(agent::Loop &loop) : loop_(loop) {}
  ~Watched() { close(); }
  void open(agent::Fd fd, agent::Loop::OnReady ready);
  void listen(uint32_t events); ///< 0: not even to a hang-up
  void close();
  int get() const { return fd_.get(); }
  explicit operator bool() const { return static_cast<bool>(fd_); }

private:
  agent::Loop &loop_;
  agent::Fd fd_;
  uint32_t events_ = 0;
  agent::Loop::OnReady ready_;
};

class Channel {
public:
  struct Handlers {
    std::function<void(const Frame &)> on_frame; ///< all kinds but memory
    std::function<void(std::string why)> on_end; ///< of the stream. Neither destroys the channel
  };
  Channel(agent::Loop &loop, agent::Fd stream, Handlers handlers);

  void say(Kind kind, llvm::StringRef payload = {});
  /// Everything that can be read of `memory` until its end, and then the end.
  void carry(agent::Fd memory);
  /// What comes as memory is written to `memory`, which is closed at the end.
  void deliver(agent::Fd memory);
  uint64_t carried() const { return carried_; } ///< bytes of memory, either way

private:
  void stream_ready(uint32_t events);
  void read();
  void take_frames();
  void write();
  void carry_some();
  void deliver_some();
  void listen();
  void end(std::string why);

  Handlers handlers_;
  Watched stream_, memory_;
  bool delivers_ = false, ended_ = false;
  uint64_t carried_ = 0;
  std::string in_, out_;
  size_t sent_ = 0;         ///< of `out_`
  std::string undelivered_; ///< of the last frame of memory; while there is any, nothing is read
  size_t delivered_ = 0;    ///< of `undelivered_`
};

} // namespace nemo::migrate
