// Messages between an agent and its porter, each whole and with a descriptor or without one.
#pragma once

#include <deque>
#include <functional>
#include <string>
#include <utility>

#include "llvm/ADT/StringRef.h"

#include "runtime-agent/core/loop.h"

namespace nemo::agent::peer {

inline constexpr size_t max_hello = 64u << 10;
inline constexpr size_t max_mail = max_hello + 1024;

/// One end of a SOCK_SEQPACKET socket. What does not fit waits in order; both ends bound how much
/// that can be: by the number of streams.
class Mail {
public:
  using OnMail = std::function<void(llvm::StringRef bytes, Fd with)>;
  /// \param on_end  once; there is no more mail. Either may destroy this.
  Mail(Loop &loop, Fd socket, OnMail on_mail, std::function<void()> on_end);
  ~Mail();
  Mail(const Mail &) = delete;

  void send(std::string bytes, Fd with = Fd());

private:
  void ready(uint32_t events);
  void read();
  void write();

  Loop &loop_;
  Fd socket_;
  OnMail on_mail_;
  std::function<void()> on_end_;
  std::deque<std::pair<std::string, Fd>> waiting_;
  std::shared_ptr<bool> alive_ = std::make_shared<bool>(true);
};

} // namespace nemo::agent::peer
