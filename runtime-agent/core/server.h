// The agent's Unix socket: many clients, non-blocking, one frame protocol. Every buffer is bounded
// and answers are pulled only as fast as their reader takes them, so a slow, silent or malformed
// client costs the others nothing.
#pragma once

#include <functional>
#include <list>
#include <memory>
#include <string>
#include <variant>

#include "llvm/Support/Error.h"

#include "protocol/backend.pb.h"
#include "runtime-agent/core/loop.h"

namespace nemo::agent {

/// A streaming answer. Called whenever the client can take more: fills in the next response, or
/// says that there is none now, or that there will be none (the server then sends Done).
enum class Pull { item, wait, done };
using Stream = std::function<Pull(proto::BackendResponse &)>;
using Answer = std::variant<proto::BackendResponse, Stream>;

proto::BackendResponse refusal(proto::BackendError::Code code, std::string message);

class Server {
public:
  struct Limits {
    size_t clients = 64;
    size_t request_bytes = 24u << 20; ///< an artifact is at most 16 MiB
    size_t total_bytes = 96u << 20;   ///< of all requests that are not whole yet
    size_t answer_bytes =
        256u << 10;            ///< no further answer is made while this much waits to be read
    Ticks partial_ms = 30'000; ///< patience with half a request
    Ticks unread_ms = 60'000;  ///< patience with a reader that takes nothing
  };
  using Handler = std::function<Answer(const proto::BackendRequest &)>;

  /// Listens; replaces a socket file that nobody listens on, refuses where somebody does. The
  /// socket is its owner's only.
  static llvm::Expected<std::unique_ptr<Server>> listen(Loop &loop, const std::string &path,
                                                        Handler handler, const Limits &limits);
  ~Server();

  /// Streams may have something new.
  void wake();
  /// Sends what is ready without waiting for anybody, then hangs up and removes the socket file.
  void close();
  size_t clients() const { return clients_.size(); }

private:
  struct Client {
    Fd fd;
    std::string in;
    std::string out;
    size_t sent = 0;
    Stream stream;
    Ticks progress = 0;     ///< when a byte last went either way
    Ticks began = 0;        ///< when the first byte of a request that is not whole came
    bool more = false;      ///< there is more to answer as soon as `out` is read
    bool ended = false;     ///< it sends no more
    bool closing = false;   ///< hang up once `out` is sent
    bool lingering = false; ///< nothing more is sent; what still comes is read and dropped
    bool gone = false;
    uint32_t interest = 0;
  };
  Server(Loop &loop, std::string path, Handler handler, const Limits &limits)
      : loop_(loop), path_(std::move(path)), handler_(std::move(handler)), limits_(limits) {}
  void accept();
  void ready(Client &client, uint32_t events);
  void read(Client &client);
  void pump(Client &client);
  void send(Client &client);
  void settle(Client &client);
  void refuse(Client &client, proto::BackendError::Code code, std::string message);
  bool make_room();
  void sweep();
  void sweep_later();
  void drop(Client &client);

  Loop &loop_;
  std::string path_;
  Handler handler_;
  Limits limits_;
  Fd listener_;
  std::list<std::shared_ptr<Client>> clients_;
  size_t held_ = 0; ///< bytes in all `in`
  Loop::TimerId sweep_ = 0;
  bool paused_ = false;
};

} // namespace nemo::agent
