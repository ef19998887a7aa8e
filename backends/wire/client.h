// One side of a conversation in frames: a socket, or the stdin and stdout of a process. The other
// side is hostile until proven otherwise, so every wait has an end and every frame a limit.
#pragma once

#include <chrono>
#include <optional>
#include <string>

#include "base/subprocess.h"
#include "protocol/backend.pb.h"
#include "llvm/ADT/STLFunctionalExtras.h"
#include "llvm/Support/Error.h"

namespace nemo::backends::wire {

using std::chrono::milliseconds;

class Client {
public:
  /// Owns `socket`. \param peer  what diagnostics call the other side.
  Client(int socket, std::string peer);
  /// Speaks on the process's stdin and stdout, which must be pipes. When the client goes, the
  /// process sees the end of its input, has two seconds to leave, and is killed then.
  Client(Subprocess process, std::string peer);
  Client(Client &&) noexcept;
  Client &operator=(Client &&) noexcept;
  ~Client();

  /// One request, one answer. A BackendError becomes a Refusal.
  llvm::Expected<proto::BackendResponse> call(proto::BackendRequest request,
                                              milliseconds patience = milliseconds(60'000));

  /// One request, answers until the other side says `done`, hangs up cleanly, or `sink` returns
  /// false. `sink` gets nullptr when nothing came for as long as `tick` says. After it the
  /// conversation is over.
  llvm::Error stream(proto::BackendRequest request, llvm::function_ref<milliseconds()> tick,
                     llvm::function_ref<bool(const proto::BackendResponse *)> sink);

  const std::string &peer() const { return peer_; }

private:
  enum class Came { frame, end, nothing };
  llvm::Error send(proto::BackendRequest &request, milliseconds patience);
  llvm::Expected<Came> receive(proto::BackendResponse &response, milliseconds patience);
  void release();
  int read_fd() const;
  int write_fd() const;

  int socket_ = -1;
  std::optional<Subprocess> process_;
  std::string peer_;
  std::string pending_; ///< what has arrived and is no whole frame yet
  bool broken_ = false; ///< after a fault nothing on this stream can be trusted
};

/// The other side broke the protocol: N0805.
llvm::Error protocol_fault(const std::string &peer, const std::string &what);

} // namespace nemo::backends::wire
