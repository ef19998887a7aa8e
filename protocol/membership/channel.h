// Messages over TLS: four bytes of length, most significant first, and so many bytes. Every
// connection has one deadline for all that happens on it, so that nobody can hold it open.
#pragma once

#include <memory>
#include <string>

#include "llvm/ADT/StringRef.h"
#include "llvm/Support/Error.h"

#include "protocol/membership/address.h"
#include "protocol/trust/tls.h"

namespace nemo::membership {

/// Whoever has one ignores SIGPIPE.
class Channel {
public:
  /// Performs the handshake. \param socket  connected, non-blocking.
  static llvm::Expected<Channel> open(const trust::TlsContext &context, Socket socket,
                                      Deadline until);

  const trust::TlsSession &session() const { return *session_; }
  /// The host of this end, as the kernel chose it; empty where it does not say.
  std::string own_host() const;
  llvm::Error write(llvm::StringRef bytes);
  /// Refuses a message of more than `most` bytes before it reads it.
  llvm::Expected<std::string> read(size_t most);

private:
  Channel(Socket socket, std::unique_ptr<trust::TlsSession> session, Deadline until)
      : socket_(std::move(socket)), session_(std::move(session)), until_(until) {}
  /// One step of OpenSSL's, repeated as long as it wants to wait for the socket.
  template <typename Step> llvm::Error repeat(llvm::StringRef what, Step step);
  llvm::Error read_into(char *bytes, size_t count);

  Socket socket_;
  std::unique_ptr<trust::TlsSession> session_;
  Deadline until_;
};

} // namespace nemo::membership
