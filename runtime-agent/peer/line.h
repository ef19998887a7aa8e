// One TLS connection to another node: shakes hands, exchanges the first frame, then pumps bytes to
// and from the agent's socket. At most one buffer waits each way: who does not read is not read
// from. An end of one direction is passed on as such, the other goes on.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "protocol/trust/tls.h"
#include "runtime-agent/core/loop.h"

namespace nemo::agent::peer {

class Line {
public:
  enum class Side : uint8_t { called, caller };
  enum class Stage : uint8_t { dialling, handshake, introduction, open, ended };
  struct Handlers {
    /// The handshake is done: an error if there is to be no stream.
    std::function<llvm::Error(Line &)> on_peer;
    /// The other node said what for (called), or has taken the stream (caller): \returns the end
    /// of the socket that the agent has not got.
    std::function<llvm::Expected<Fd>(Line &)> on_open;
    /// Once. Destroys it, later.
    std::function<void(Line &, const std::string &why)> on_end;
  };

  /// \param tcp  non-blocking; of a caller still connecting. \param hello  of a caller.
  Line(Loop &loop, std::unique_ptr<trust::TlsSession> session, Fd tcp, Side side, std::string hello,
       Ticks until, Handlers handlers);
  ~Line();
  Line(const Line &) = delete;

  /// Not within the constructor, as it may end.
  void start();
  void end(const std::string &why);

  Side side() const { return side_; }
  Stage stage() const { return stage_; }
  const trust::TlsSession &session() const { return *session_; }
  const trust::Svid *peer() const { return session_->peer(); }
  const std::string &hello() const { return hello_; }
  std::string node, source; ///< whom it is to, of a caller; where from, of who was called
  uint64_t id = 0;          ///< of a caller, until the agent knows what became of it
  bool is_told = false;     ///< the agent does

private:
  struct Watched {
    Fd fd;
    std::optional<uint32_t> interest;
  };
  enum class Step : uint8_t { done, wait, failed };
  Step tls(int result);
  void run();
  bool advance();
  bool introduce();
  bool open();
  bool pump();
  bool from_network();
  bool to_agent();
  bool from_agent();
  bool to_network();
  void settle();
  void agent_is_gone();
  void want(Watched &watched, std::optional<uint32_t> events);

  Loop &loop_;
  std::unique_ptr<trust::TlsSession> session_;
  Watched tcp_, agent_;
  Side side_;
  Stage stage_;
  Handlers handlers_;
  Loop::TimerId deadline_ = 0, more_ = 0;
  std::string hello_;
  std::string frame_; ///< the first, on its way
  size_t done_ = 0;   ///< of it
  std::string to_network_, to_agent_;
  size_t sent_network_ = 0, sent_agent_ = 0;
  bool wants_read_ = false, wants_write_ = false; ///< OpenSSL does
  bool network_ended_ = false, agent_ended_ = false;
  bool told_network_ = false, told_agent_ = false; ///< that there is no more
};

} // namespace nemo::agent::peer
