#include "wire.h"

namespace nemo::test {

using namespace trust;

namespace {

/// 1: done, 0: needs more from the other end, -1: failed.
int step(TlsSession &session) {
  const int result = SSL_do_handshake(session.get());
  const int reason = SSL_get_error(session.get(), result);
  forget_openssl_errors();
  return result == 1 ? 1 : reason == SSL_ERROR_WANT_READ ? 0 : -1;
}

bool says(SSL *from, SSL *to) {
  char heard[6] = "";
  const bool arrived = SSL_write(from, "hello", 5) == 5 && SSL_read(to, heard, 5) == 5;
  forget_openssl_errors();
  return arrived && std::string(heard) == "hello";
}

} // namespace

Wire connect(const TlsContext &client, const TlsContext &server) {
  Wire wire{good(client.session()), good(server.session())};
  connect(wire);
  return wire;
}

void connect(Wire &wire) {
  BIO *one = nullptr, *other = nullptr;
  REQUIRE(BIO_new_bio_pair(&one, 1 << 18, &other, 1 << 18) == 1);
  SSL_set_bio(wire.client->get(), one, one);
  SSL_set_bio(wire.server->get(), other, other);
  int at_client = 0, at_server = 0;
  for (int i = 0; i < 10 && (at_client == 0 || at_server == 0); ++i) {
    if (at_client == 0)
      at_client = step(*wire.client);
    if (at_server == 0)
      at_server = step(*wire.server);
  }
  // A client is done before the server has judged it: only a message shows that both agree.
  wire.open = at_client == 1 && at_server == 1 && says(wire.client->get(), wire.server->get()) &&
              says(wire.server->get(), wire.client->get());
}

} // namespace nemo::test
