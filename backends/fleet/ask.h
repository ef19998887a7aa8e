// Questions to nodes: signed, so that a node answers members only, and answered sealed to a key
// that is made for the question, so that the broker reads nothing.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "backends/fleet/member.h"
#include "protocol/backend.pb.h"

namespace nemo::backends::fleet {

class Questions {
public:
  /// \param member  outlives this.
  static llvm::Expected<Questions> open(Member &member);

  /// \returns the question's number, 0 first.
  llvm::Expected<size_t> ask(const std::string &node, const proto::BackendRequest &request);

  struct Came {
    enum class Kind {
      response, ///< of which there may be more
      done,
      failed, ///< `response` has the error
      over,   ///< nobody answered in time, or a stream's time is over: ask again for what follows
    };
    size_t number;
    Kind kind;
    proto::BackendResponse response;
  };
  /// The next from any question; nothing when none came for so long. What is no answer of the node
  /// that was asked is dropped.
  llvm::Expected<std::optional<Came>> next(milliseconds patience);

  const std::string &node(size_t number) const { return asked_[number].node; }

private:
  struct Asked {
    std::string node, nonce;
    trust::SealingKey key;
    UnixNanos until;
    uint64_t number = 0; ///< of the last piece that came
    bool over = false;
  };
  Questions(Member &member, std::string inbox, link::Subscription answers)
      : member_(&member), inbox_(std::move(inbox)), answers_(std::move(answers)) {}
  /// The frames in a message, put to the end of `ready_`.
  void take(const link::Message &message);
  void close(size_t number, Came::Kind kind, proto::BackendResponse response);

  Member *member_;
  std::string inbox_;
  link::Subscription answers_;
  std::vector<Asked> asked_;
  std::vector<Came> ready_;
  size_t given_ = 0; ///< of `ready_`
};

} // namespace nemo::backends::fleet
