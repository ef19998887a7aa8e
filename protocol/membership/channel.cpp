#include "protocol/membership/channel.h"

#include <netdb.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>

#include <openssl/ssl.h>

#include "llvm/Support/Endian.h"

#include "base/error.h"

namespace nemo::membership {

template <typename Step> llvm::Error Channel::repeat(llvm::StringRef what, Step step) {
  SSL *ssl = session_->get();
  for (;;) {
    trust::forget_openssl_errors();
    const int result = step(ssl);
    if (result > 0)
      return llvm::Error::success();
    const int reason = SSL_get_error(ssl, result);
    if (reason == SSL_ERROR_WANT_READ || reason == SSL_ERROR_WANT_WRITE) {
      if (auto late =
              await(socket_.get(), reason == SSL_ERROR_WANT_READ ? POLLIN : POLLOUT, until_))
        return late;
      continue;
    }
    if (!session_->refusal().empty()) {
      trust::forget_openssl_errors();
      return failure("{}", session_->refusal());
    }
    if (reason == SSL_ERROR_SSL)
      return trust::openssl_failure(what);
    trust::forget_openssl_errors();
    return failure("{}: the other side has closed the connection", what.str());
  }
}

llvm::Expected<Channel> Channel::open(const trust::TlsContext &context, Socket socket,
                                      Deadline until) {
  auto session = context.session();
  if (!session)
    return session.takeError();
  Channel made(std::move(socket), std::move(*session), until);
  if (SSL_set_fd(made.session_->get(), made.socket_.get()) != 1)
    return trust::openssl_failure("TLS cannot use the socket");
  if (auto error = made.repeat("TLS handshake", [](SSL *ssl) { return SSL_do_handshake(ssl); }))
    return error;
  return made;
}

std::string Channel::own_host() const {
  sockaddr_storage own{};
  socklen_t size = sizeof own;
  char host[INET6_ADDRSTRLEN + 16] = "";
  if (::getsockname(socket_.get(), reinterpret_cast<sockaddr *>(&own), &size) != 0 ||
      ::getnameinfo(reinterpret_cast<sockaddr *>(&own), size, host, sizeof host, nullptr, 0,
                    NI_NUMERICHOST) != 0)
    return {};
  return own.ss_family == AF_INET6 ? fmt::format("[{}]", host) : host;
}

llvm::Error Channel::write(llvm::StringRef bytes) {
  std::string frame(4, '\0');
  llvm::support::endian::write32be(frame.data(), static_cast<uint32_t>(bytes.size()));
  frame += bytes;
  size_t done = 0;
  while (done < frame.size()) {
    size_t part = 0;
    if (auto error = repeat("TLS", [&](SSL *ssl) {
          return SSL_write_ex(ssl, frame.data() + done, frame.size() - done, &part);
        }))
      return error;
    done += part;
  }
  return llvm::Error::success();
}

llvm::Error Channel::read_into(char *bytes, size_t count) {
  while (count > 0) {
    size_t part = 0;
    if (auto error = repeat("TLS", [&](SSL *ssl) { return SSL_read_ex(ssl, bytes, count, &part); }))
      return error;
    bytes += part;
    count -= part;
  }
  return llvm::Error::success();
}

llvm::Expected<std::string> Channel::read(size_t most) {
  char length[4];
  if (auto error = read_into(length, sizeof length))
    return error;
  const size_t size = llvm::support::endian::read32be(length);
  if (size > most)
    return failure("the other side sends {} bytes where {} are allowed", size, most);
  std::string bytes(size, '\0');
  if (auto error = read_into(bytes.data(), size))
    return error;
  return bytes;
}

} // namespace nemo::membership
