// A short connection to the brokers as one member, for what is asked and answered at once. What
// stays connected for long has reasons of its own to be built otherwise.
#pragma once

#include <chrono>
#include <memory>
#include <string>

#include "llvm/ADT/StringRef.h"
#include "llvm/Support/Error.h"

#include "protocol/membership/member.h"

typedef struct __natsConnection natsConnection;
typedef struct __jsCtx jsCtx;

namespace nemo::broker {

class Link {
public:
  /// \param limit  of the connection and of every question.
  static llvm::Expected<Link> open(const membership::Member &member,
                                   std::chrono::milliseconds limit);

  llvm::Expected<std::string> request(const std::string &subject, llvm::StringRef question);
  /// Stored by a stream when this returns.
  llvm::Error store(const std::string &subject, llvm::StringRef bytes);
  jsCtx *jetstream() const { return jetstream_.get(); }

private:
  struct Closed {
    void operator()(natsConnection *connection) const;
    void operator()(jsCtx *context) const;
  };
  Link() = default;
  std::unique_ptr<natsConnection, Closed> connection_;
  std::unique_ptr<jsCtx, Closed> jetstream_;
  std::chrono::milliseconds limit_{};
};

} // namespace nemo::broker
