// A hostile client on the agent's socket, against the real agent in a directory of its own.
// Whatever it sends, whole answers come back, the next client is served, and an agent that starts
// again on the same directory has what was acknowledged. The agent is told that this host has no
// sandbox, so nothing is ever started.
//
// The input is a list of pieces: a byte of flags, two bytes of length, that many bytes. A piece is
// framed as a request unless flag 1 is set; flag 2 hangs up first.
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "protocol/framing/framing.h"
#include "runtime-agent/core/agent.h"

using namespace nemo;
using namespace nemo::agent;
namespace fs = std::filesystem;

namespace {

void expect(bool holds, const char *what) {
  if (holds)
    return;
  std::fprintf(stderr, "%s\n", what);
  std::abort();
}

/// The agent, its server and one loop that is moved on by hand.
class World {
public:
  explicit World(const std::string &directory)
      : loop_(llvm::cantFail(Loop::create())), socket_(directory + "/s"),
        agent_(llvm::cantFail(
            Agent::open(*loop_, {directory, {"local", "local", ""}, sandbox::Host{}}))),
        server_(llvm::cantFail(Server::listen(
            *loop_, socket_,
            [this](const proto::BackendRequest &request) { return agent_->answer(request); },
            {}))) {
    agent_->on_news = [this] { server_->wake(); };
  }
  ~World() {
    agent_->on_news = [] {};
    server_->close();
  }

  Fd connect() {
    Fd fd(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    std::copy(socket_.begin(), socket_.end(), address.sun_path);
    expect(::connect(fd.get(), reinterpret_cast<sockaddr *>(&address), sizeof address) == 0,
           "nobody listens any more");
    return fd;
  }

  void step() {
    loop_->at(0, [this] { loop_->stop(); });
    llvm::cantFail(loop_->run());
  }

private:
  std::unique_ptr<Loop> loop_;
  std::string socket_;
  std::unique_ptr<Agent> agent_;
  std::unique_ptr<Server> server_;
};

class Client {
public:
  explicit Client(World &world) : world_(world), fd_(world.connect()) {}

  void send(llvm::StringRef bytes) {
    for (int idle = 0; !bytes.empty() && idle < 8;) {
      const ssize_t sent = ::send(fd_.get(), bytes.data(), bytes.size(), MSG_NOSIGNAL);
      if (sent > 0)
        bytes = bytes.drop_front(static_cast<size_t>(sent));
      else
        ++idle;
      world_.step();
      receive();
    }
  }

  /// Takes what has come; it must be whole messages, but for one that is still under way.
  void receive() {
    char chunk[64 << 10];
    ssize_t count = 0;
    while ((count = ::recv(fd_.get(), chunk, sizeof chunk, 0)) > 0)
      pending_.append(chunk, static_cast<size_t>(count));
    proto::BackendResponse response;
    framing::Take taken;
    while ((taken = framing::take(pending_, response)) == framing::Take::complete)
      last_ = response;
    expect(taken == framing::Take::incomplete, "an answer is no message");
  }

  const proto::BackendResponse &last() const { return last_; }

private:
  World &world_;
  Fd fd_;
  std::string pending_;
  proto::BackendResponse last_;
};

/// What is desired, as a client that behaves sees it.
std::string observed(World &world) {
  Client client(world);
  proto::BackendRequest request;
  request.set_version(1);
  request.mutable_observe();
  client.send(framing::encode(request));
  for (int i = 0; i < 100 && !client.last().has_fleet(); ++i) {
    world.step();
    client.receive();
  }
  expect(client.last().has_fleet(), "a client that behaves is not served");
  std::string parts;
  for (const proto::PartState &part : client.last().fleet().parts())
    parts += part.SerializeAsString();
  return parts;
}

/// In memory, so that the journal's fsyncs cost nothing; removed at the end.
struct Root {
  std::string path = "/dev/shm/nemo-fuzz-XXXXXX";
  Root() { expect(::mkdtemp(path.data()) != nullptr, "/dev/shm cannot be written"); }
  ~Root() { fs::remove_all(path); }
};

std::string framed(llvm::StringRef bytes) {
  std::string out;
  for (size_t size = bytes.size();; size >>= 7) {
    out += static_cast<char>((size & 0x7f) | (size > 0x7f ? 0x80 : 0));
    if (size <= 0x7f)
      break;
  }
  return out + bytes.str();
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  static const Root root;
  llvm::StringRef input(reinterpret_cast<const char *>(data), size);
  const std::string directory = root.path + "/state";
  fs::create_directory(directory);
  std::string before;
  {
    World world(directory);
    auto client = std::make_unique<Client>(world);
    while (input.size() > 3) {
      const auto flags = static_cast<uint8_t>(input[0]);
      const size_t length = static_cast<uint8_t>(input[1]) +
                            (static_cast<size_t>(static_cast<uint8_t>(input[2])) << 8);
      const llvm::StringRef piece = input.drop_front(3).take_front(length);
      input = input.drop_front(3 + piece.size());
      if (flags & 2)
        client = std::make_unique<Client>(world);
      client->send(flags & 1 ? piece.str() : framed(piece));
    }
    before = observed(world);
  }
  {
    World again(directory);
    expect(observed(again) == before, "an agent that starts again has forgotten");
  }
  fs::remove_all(directory);
  return 0;
}
