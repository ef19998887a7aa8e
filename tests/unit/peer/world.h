// Nodes of one fleet on this machine, each with a membership on the disk and streams to the others
// over the loopback. One loop serves them all; what carries their streams are real processes.
#pragma once

#include "support.h"

#include "protocol/membership/channel.h"
#include "protocol/peer.pb.h"
#include "runtime-agent/peer/peers.h"

namespace nemo::test {

/// Of this process.
std::vector<pid_t> children();

/// Runs the loop until it is so, at most 30 seconds. \returns whether it came to be.
bool until(agent::Loop &loop, const std::function<bool()> &done);

struct Site {
  World world;
  TempDir dir;
  std::unique_ptr<agent::Loop> loop = good(agent::Loop::create());

  /// What joining leaves on the disk. \returns its directory.
  std::string enrol(const Member &member);
};

/// A node's end, as an agent has it.
struct Node {
  Node(Site &site, const std::string &name);
  Node(Site &site, const Member &made);

  Site &site;
  membership::Member held;
  std::vector<agent::peer::Peers::Opened> opened;
  std::vector<std::string> failures;
  /// Takes what is opened, instead of `opened`.
  std::function<void(agent::peer::Peers::Opened)> on_stream = [this](auto one) {
    opened.push_back(std::move(one));
  };
  std::unique_ptr<agent::peer::Peers> peers;

  /// \param idle  milliseconds until what carries its streams goes.
  void restart(agent::Ticks idle);

  /// The stream, or why there is none.
  llvm::Expected<agent::Fd> connect(const Node &to, const std::string &hello);
  llvm::Expected<agent::Fd> connect(const std::string &name, const std::string &address,
                                    const std::string &hello);
  std::string address() const { return peers->listening(); }
  bool has_said(const std::string &text) const;
};

/// A caller that speaks TLS itself, as `member` and trusting the fleet of `world`.
llvm::Expected<membership::Channel> call(const World &world, const Member &member, const Node &to);
/// A TCP connection, blocking with a limit of 20 s.
agent::Fd dial(const Node &to);
/// Whether the other side hangs up, whatever it says before.
bool hangs_up(int fd);

/// All that comes until the end of it, through the loop's time.
std::string read_all(agent::Loop &loop, int fd);
void send_all(agent::Loop &loop, int fd, llvm::StringRef bytes);

} // namespace nemo::test
