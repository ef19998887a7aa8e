// Hostile clients against a running server: each is refused or dropped, and the next one is served.
#include <catch2/catch.hpp>

#include <thread>

#include "protocol/framing/framing.h"
#include "runtime-agent/core/server.h"
#include "support.h"

using namespace nemo;
using namespace nemo::agent;

namespace {

proto::BackendRequest request() {
  proto::BackendRequest one;
  one.set_version(1);
  one.mutable_observe();
  return one;
}

} // namespace

TEST_CASE("malformed, oversized and half-sent requests cost only their sender") {
  test::TempDir dir;
  auto loop = llvm::cantFail(Loop::create());
  auto handler = [&](const proto::BackendRequest &asked) -> Answer {
    if (asked.has_shutdown())
      loop->stop();
    proto::BackendResponse response;
    response.mutable_done();
    return response;
  };
  Server::Limits limits;
  limits.clients = 4;
  limits.request_bytes = 1 << 20;
  auto server = llvm::cantFail(Server::listen(*loop, dir / "s.sock", handler, limits));
  std::thread thread([&] { llvm::cantFail(loop->run()); });
  auto connect = [&] { return test::Connection(dir / "s.sock"); };
  {
    test::Connection garbage = connect();
    garbage.send_bytes(std::string(64, '\xff'));
    const auto said = garbage.receive();
    CHECK((said && said->error().code() == proto::BackendError::INVALID));
    test::Connection large = connect();
    large.send_bytes(std::string("\x80\x80\x80\x10", 4) + std::string(2 << 20, 'x'));
    const auto refused = large.receive();
    CHECK((refused && refused->error().code() == proto::BackendError::INVALID));
    test::Connection half = connect();
    half.send_bytes(framing::encode(request()).substr(0, 2));
    test::Connection old = connect();
    proto::BackendRequest version = request();
    version.set_version(2);
    CHECK(old.ask(version).error().code() == proto::BackendError::INVALID);
    for (int i = 0; i < 10; ++i)
      CHECK(connect().ask(request()).has_done());
    test::Connection many = connect();
    for (int i = 0; i < 100; ++i)
      many.send(request());
    for (int i = 0; i < 100; ++i)
      CHECK(many.receive().has_value());
  }
  proto::BackendRequest stop = request();
  stop.mutable_shutdown();
  CHECK(connect().ask(stop).has_done());
  thread.join();
}
