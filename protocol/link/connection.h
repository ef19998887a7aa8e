// A member's connection to its fleet's broker: libnats with one owner for each of its objects, TLS
// with the member's certificate, and intervals by which a broken link is noticed in seconds. It
// reconnects on its own, for as long as it lives.
//
// libnats calls back on its own threads, one at a time for each connection.
#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "llvm/ADT/StringRef.h"
#include "llvm/Support/Error.h"

#include "protocol/membership/member.h"

typedef struct __natsSubscription natsSubscription;

namespace nemo::link {

using std::chrono::milliseconds;

struct Message {
  std::string subject;
  std::string reply; ///< where the sender waits; empty: nowhere
  std::string data;
  std::string status;    ///< of what the broker itself answers: "404", "503"
  std::string operation; ///< of a bucket's value: "DEL", "PURGE" where there is none any more
  uint64_t sequence = 0; ///< of a value that was read from a bucket
};
using Headers = std::vector<std::pair<std::string, std::string>>;

/// What arrives on a subject is taken by next(), in its own time. Of what is not taken the broker's
/// client keeps 64 MiB, and drops what is over.
class Subscription {
public:
  ~Subscription();
  Subscription(Subscription &&other) noexcept
      : subscription_(std::exchange(other.subscription_, nullptr)) {}
  Subscription &operator=(Subscription &&) = delete;
  /// nullopt: nothing came for so long. An error when nothing will.
  llvm::Expected<std::optional<Message>> next(milliseconds patience);

private:
  friend class Connection;
  explicit Subscription(natsSubscription *subscription) : subscription_(subscription) {}
  natsSubscription *subscription_;
};

class Connection {
public:
  struct Handlers {
    std::function<void(Message)> on_message; ///< of listen()
    std::function<void(bool up)> on_link;    ///< each time that it is lost or there again
    std::function<void()> on_end;            ///< it does not look for the broker any more
  };

  /// \param patience  how long to wait for the first connection. With 0 the broker need not be
  /// there: what is published until it is there is kept, up to 8 MiB.
  static llvm::Expected<std::unique_ptr<Connection>> open(const membership::Member &member,
                                                          Handlers handlers, milliseconds patience);
  /// No handler is called after it.
  ~Connection();
  Connection(const Connection &) = delete;

  /// Hands what arrives on the subject to on_message, from now on and after each reconnection.
  llvm::Error listen(const std::string &subject);
  llvm::Expected<Subscription> subscribe(const std::string &subject);

  llvm::Error publish(const std::string &subject, llvm::StringRef data,
                      const std::string &reply = {}, const Headers &headers = {});
  /// Waits for one answer.
  llvm::Expected<Message> request(const std::string &subject, llvm::StringRef data,
                                  const Headers &headers, milliseconds patience);
  /// Waits until the broker has taken everything.
  llvm::Error flush(milliseconds patience);

  bool up() const;
  /// A new subject that only this member may listen to.
  std::string new_inbox() const;
  uint64_t max_payload() const; ///< bytes; 0: not known yet

private:
  struct Shared;
  Connection() = default;
  Shared *shared_ = nullptr; ///< outlives libnats's threads
};

/// An error where JetStream's API says that it is one, or no JSON object.
llvm::Error check_api(const Message &answer);

/// What JetStream says of a message that it was given with a reply subject.
struct Stored {
  uint64_t sequence = 0;
  bool duplicate = false;
};
/// An error for whatever is no acknowledgement. \param conflict  set when the error is that the
/// expected sequence is not the last.
llvm::Expected<Stored> read_ack(const Message &answer, bool *conflict = nullptr);

} // namespace nemo::link
