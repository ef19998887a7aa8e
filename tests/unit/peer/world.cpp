#include "world.h"

#include <chrono>
#include <fcntl.h>
#include <filesystem>
#include <fstream>
#include <sys/socket.h>
#include <unistd.h>

namespace nemo::test {

using namespace agent;

bool until(Loop &loop, const std::function<bool()> &done) {
  const Ticks deadline = ticks() + 30'000;
  bool is_so = false;
  std::function<void()> look = [&] {
    is_so = done();
    if (is_so || ticks() > deadline)
      return loop.stop();
    loop.at(ticks() + 2, look);
  };
  look();
  if (!is_so)
    good(loop.run());
  return is_so;
}

std::string Site::enrol(const Member &member) {
  std::string directory = membership::place(dir / member.id.name, trust::to_text(member.id.role));
  std::filesystem::create_directories(std::filesystem::path(directory).parent_path());
  std::filesystem::permissions(dir / member.id.name, std::filesystem::perms::owner_all);
  good(membership::Member::create(directory, member.id, member.key,
                                  {member.chain, world.bundle, world.revocations},
                                  {"127.0.0.1:9", {"127.0.0.1:9"}}));
  return directory;
}

Node::Node(Site &site, const std::string &name)
    : Node(site, site.world.member(trust::Role::node, name)) {}

Node::Node(Site &site, const Member &made)
    : site(site), held(good(membership::Member::load(site.enrol(made)))) {
  restart(30'000);
  // Callers here block, and could not wait for what takes their calls to be started.
  CHECK_FALSE(said(connect("nobody", "127.0.0.1:1", "hello")).empty());
}

std::vector<pid_t> children() {
  std::ifstream in(fmt::format("/proc/self/task/{}/children", ::getpid()));
  return {std::istream_iterator<pid_t>(in), {}};
}

void Node::restart(Ticks idle) {
  peers = good(peer::Peers::start(*site.loop, held, "127.0.0.1:0",
                                  {[this](peer::Peers::Opened one) { on_stream(std::move(one)); },
                                   [this](const std::string &text) { failures.push_back(text); }},
                                  idle));
}

llvm::Expected<Fd> Node::connect(const Node &to, const std::string &hello) {
  return connect(to.held.id().name, to.address(), hello);
}

llvm::Expected<Fd> Node::connect(const std::string &name, const std::string &address,
                                 const std::string &hello) {
  std::optional<Fd> stream;
  std::string why;
  bool is_done = false;
  peers->connect(name, address, hello, [&](llvm::Expected<Fd> got) {
    is_done = true;
    if (got)
      stream = std::move(*got);
    else
      why = llvm::toString(got.takeError());
  });
  CHECK_FALSE(is_done);
  REQUIRE(until(*site.loop, [&] { return is_done; }));
  if (stream)
    return std::move(*stream);
  return failure("{}", why);
}

bool Node::has_said(const std::string &text) const {
  return llvm::any_of(failures,
                      [&](const std::string &one) { return one.find(text) != std::string::npos; });
}

llvm::Expected<membership::Channel> call(const World &world, const Member &member, const Node &to) {
  const auto deadline = std::chrono::steady_clock::now() + 20s;
  auto context =
      good(trust::TlsContext::mutual(trust::TlsContext::Side::client, member.key, member.chain,
                                     {world.bundle}, world.revocations, {}));
  return membership::Channel::open(
      *context, good(membership::dial(good(membership::parse_address(to.address(), 0)), deadline)),
      deadline);
}

Fd dial(const Node &to) {
  auto socket = good(membership::dial(good(membership::parse_address(to.address(), 0)),
                                      std::chrono::steady_clock::now() + 20s));
  Fd fd(::fcntl(socket.get(), F_DUPFD_CLOEXEC, 0));
  ::fcntl(fd.get(), F_SETFL, 0);
  const timeval limit{20, 0};
  ::setsockopt(fd.get(), SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
  return fd;
}

bool hangs_up(int fd) {
  char bytes[4096];
  for (;;) {
    const ssize_t count = ::recv(fd, bytes, sizeof bytes, 0);
    if (count == 0 || (count < 0 && errno == ECONNRESET))
      return true;
    if (count < 0)
      return false;
  }
}

std::string read_all(Loop &loop, int fd) {
  std::string all;
  CHECK(until(loop, [&] {
    char bytes[65536];
    for (;;) {
      const ssize_t count = ::recv(fd, bytes, sizeof bytes, MSG_DONTWAIT);
      if (count < 0 && errno == EAGAIN)
        return false;
      if (count <= 0)
        return true;
      all.append(bytes, static_cast<size_t>(count));
    }
  }));
  return all;
}

void send_all(Loop &loop, int fd, llvm::StringRef bytes) {
  CHECK(until(loop, [&] {
    while (!bytes.empty()) {
      const ssize_t count = ::send(fd, bytes.data(), bytes.size(), MSG_DONTWAIT | MSG_NOSIGNAL);
      if (count < 0 && errno == EAGAIN)
        return false;
      REQUIRE(count > 0);
      bytes = bytes.drop_front(static_cast<size_t>(count));
    }
    return true;
  }));
}

} // namespace nemo::test
