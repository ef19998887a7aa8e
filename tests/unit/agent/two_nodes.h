// Two agents on one loop, each with a state of its own, and streams between them that can be cut.
#pragma once

#include <csignal>
#include <list>

#include <arpa/inet.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <catch2/catch.hpp>

#include "base/error.h"
#include "protocol/peer.pb.h"
#include "runtime-agent/fleet/moves.h"
#include "support.h"
#include "wire.h"

namespace nemo::test {

using agent::Agent;
using agent::Fd;
using agent::Loop;
using agent::Ticks;
using agent::ticks;
using migrate::Kind;
using proto::Running;

constexpr Ticks kPatience = 20'000;

/// A node: an agent, what it moves by, and what the world says to it.
struct Node {
  std::string name;
  std::string state;
  std::unique_ptr<Agent> agent;
  std::unique_ptr<agent::fleet::Moves> moves;
};

class Nodes {
public:
  Nodes() : loop_(llvm::cantFail(Loop::create())) {
    for (Node *node : {&a, &b})
      node->state = dir_ / node->name;
    for (Node *node : {&a, &b})
      start(*node);
  }
  ~Nodes() {
    CHECK_FALSE(both);
    socket_.reset();
    for (Node *node : {&a, &b}) {
      if (!node->agent)
        start(*node);
      if (observe(*node).parts_size() != 0)
        deliver(*node, {});
    }
    until([&] { return all(a).empty() && all(b).empty(); });
    for (Node *node : {&a, &b})
      stop(*node);
  }

  void start(Node &node) {
    ::mkdir(node.state.c_str(), 0700);
    node.agent = llvm::cantFail(
        Agent::open(*loop_, {node.state, {.node = node.name, .site = "s", .in_fleet = true}}));
    node.moves = std::make_unique<agent::fleet::Moves>(
        *loop_, *node.agent, [this, &node](const std::string &to, std::string hello, auto done) {
          connect(node, to == "a" ? a : b, hello, std::move(done));
        });
  }
  static void stop(Node &node) {
    node.moves.reset();
    node.agent.reset();
  }

  static proto::Fleet observe(Node &node) {
    proto::BackendRequest request;
    request.set_version(1);
    request.mutable_observe();
    return std::get<proto::BackendResponse>(node.agent->answer(request)).fleet();
  }

  /// What machines lack here; empty: nothing.
  std::string lacks() {
    const proto::Fleet fleet = observe(a);
    for (const proto::Capability &one : fleet.nodes(0).capabilities())
      if (one.name() == "migrate.live")
        return one.reason();
    return "nobody knows of live moves";
  }

  void deliver(Node &node, const std::vector<proto::Instance> &instances) {
    proto::BackendRequest request;
    request.set_version(1);
    proto::Part &part = *request.mutable_deliver()->mutable_part();
    part = test::part();
    part.set_node(node.name);
    const proto::Fleet before = observe(node);
    for (const proto::PartState &there : before.parts())
      request.mutable_deliver()->set_expected_generation(there.generation());
    for (const proto::Instance &one : instances)
      *part.add_instances() = one;
    const auto response = std::get<proto::BackendResponse>(node.agent->answer(request));
    INFO(response.error().message());
    REQUIRE(response.has_delivered());
  }

  std::vector<Running> all(Node &node) {
    if (!node.agent)
      return {};
    const proto::Fleet fleet = observe(node);
    return {fleet.running().begin(), fleet.running().end()};
  }
  Running one(Node &node) {
    const auto list = all(node);
    return list.empty() ? Running() : list.front();
  }
  bool runs(Node &node) { return one(node).state() == Running::RUNNING; }

  /// Turns the loop, asks the machine, and tells the nodes of each other. \returns whether it held.
  bool until(const std::function<bool()> &holds) {
    const Ticks deadline = ticks() + kPatience;
    bool held = false;
    std::function<void()> turn = [&] {
      wires_.remove_if([](const auto &wire) { return !wire; });
      ask();
      if (++turns_ % 10 == 0) {
        for (auto [node, other] : {std::pair(&a, &b), std::pair(&b, &a)})
          if (node->agent && other->agent)
            node->agent->learn(other->name, all(*other));
        both |= runs(a) && runs(b);
        held = holds();
      }
      if (held || ticks() > deadline)
        return loop_->stop();
      loop_->at(ticks() + 2, turn);
    };
    loop_->at(0, turn);
    llvm::cantFail(loop_->run());
    if (!held)
      for (Node *node : {&a, &b})
        for (const Running &one : all(*node))
          UNSCOPED_INFO(node->name << ": " << one.state() << ", " << one.reason());
    return held;
  }

  /// The text of the last event of this type.
  std::string said(Node &node, const std::string &type) {
    proto::BackendRequest request;
    request.set_version(1);
    request.mutable_watch()->set_until_now(true);
    auto stream = std::get<agent::Stream>(node.agent->answer(request));
    proto::BackendResponse response;
    std::string text;
    while (stream(response) == agent::Pull::item) {
      if (response.event().type() == type)
        text = response.event().message();
      response.Clear();
    }
    return text;
  }

  void listen_to(const Running &machine) {
    const llvm::StringRef address = machine.addresses(0).address();
    sockaddr_in to = {};
    to.sin_family = AF_INET;
    to.sin_port = htons(7);
    REQUIRE(::inet_pton(AF_INET, address.split(':').first.str().c_str(), &to.sin_addr) == 1);
    socket_ = Fd(::socket(AF_INET, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
    REQUIRE(::connect(socket_.get(), reinterpret_cast<sockaddr *>(&to), sizeof to) == 0);
  }

  Node a{"a", {}, {}, {}}, b{"b", {}, {}, {}};
  Wire::OnFrame on_frame = [](Kind) { return true; };
  bool back = false;  ///< the counter went back
  bool both = false;  ///< ran at some time
  uint64_t count = 0; ///< the last one
  int streams = 0;

private:
  void connect(Node &from, Node &to, const std::string &hello, agent::fleet::Moves::Done done) {
    ++streams;
    int near[2], far[2];
    REQUIRE(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, near) == 0);
    REQUIRE(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, far) == 0);
    wires_.push_back(std::make_unique<Wire>(*loop_, near[1], far[1], on_frame, deaf_));
    loop_->at(0, [&from, &to, hello, done, stream = near[0], other = far[0]] {
      Fd mine(stream), theirs(other);
      proto::PeerHello parsed;
      REQUIRE(parsed.ParseFromString(hello));
      if (to.moves)
        to.moves->take_stream(from.name, parsed.move(), std::move(theirs));
      done(std::move(mine));
    });
  }

  void ask() {
    if (!socket_)
      return;
    (void)!::send(socket_.get(), "x", 1, 0);
    char text[64];
    for (ssize_t size; (size = ::recv(socket_.get(), text, sizeof text - 1, 0)) > 0;) {
      text[size] = 0;
      const uint64_t next = std::strtoull(text, nullptr, 10);
      back |= next <= count;
      count = next;
    }
  }

  TempDir dir_;
  std::unique_ptr<Loop> loop_;
  std::list<std::unique_ptr<Wire>> wires_;
  Fd socket_;
  int turns_ = 0;
  bool deaf_ = false;
};

} // namespace nemo::test
