// Questions to this node over the broker: verified, answered by the agent, each answer sealed to
// the key that came with the question and signed by the node. Who carries them can neither read an
// answer nor ask a question of its own.
//
// Logs are sealed, too: they are the workloads' business. A stream ends when its question expires;
// who wants more asks again, so that nothing is sent to who has gone.
#pragma once

#include <functional>
#include <list>
#include <map>
#include <optional>
#include <string>

#include "protocol/membership/member.h"
#include "protocol/transport.pb.h"
#include "runtime-agent/core/server.h"

namespace nemo::agent::fleet {

class Questions {
public:
  using Handler = std::function<Answer(const proto::BackendRequest &)>;
  /// \param stream  its number, of what is a piece of one.
  using Send = std::function<void(const std::string &subject, const std::string &bytes,
                                  std::optional<uint64_t> stream)>;

  /// \param paths  outlives this.
  Questions(const membership::Member &member, trust::Paths &paths, Handler handler, Send send)
      : member_(member), paths_(paths), handler_(std::move(handler)), send_(std::move(send)) {}

  /// \param reply  where the answer shall go: only the asker's own inbox will do.
  /// \returns an error, for the log, where it is not answered at all.
  llvm::Error take(llvm::StringRef bytes, const std::string &reply, UnixNanos now);

  /// Streams may have something new. \returns whether there was more than is sent at once: call
  /// again soon.
  bool pump(UnixNanos now);

  /// A piece of the stream reached nobody. Whoever asked goes by the pieces' numbers and asks anew,
  /// or has gone: so that was the last of it.
  void nobody_listens(uint64_t stream);

private:
  struct Asked {
    std::string reply, reply_key, nonce;
    UnixNanos until;
    uint64_t number = 0;             ///< of the last frame
    std::optional<uint64_t> id = {}; ///< of a stream
    Stream stream = {};
  };
  llvm::Error send(Asked &asked, const std::string &frames, UnixNanos now);

  const membership::Member &member_;
  trust::Paths &paths_;
  Handler handler_;
  Send send_;
  std::list<Asked> asked_;
  uint64_t last_stream_ = 0;
  std::map<std::string, UnixNanos> nonces_; ///< of questions that have not expired
};

} // namespace nemo::agent::fleet
