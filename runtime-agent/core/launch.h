// From a desired instance to what the sandbox is told: limits, environment, binds. Pure but for
// looking at the host's files; what it cannot know yet (a peer's address) it says by name.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "runtime-agent/core/artifacts.h"
#include "runtime-agent/core/record.h"
#include "runtime-agent/image/config.h"
#include "runtime-agent/sandbox/kinds.h"

namespace nemo::agent {

/// What an instance's files are called, below the state directory.
class Layout {
public:
  explicit Layout(std::string state);
  const std::string &state() const { return state_; }
  std::string journal() const { return state_ + "/journal.db"; }
  std::string events() const { return state_ + "/events"; }
  std::string artifacts() const { return state_ + "/artifacts"; }
  std::string instances() const { return state_ + "/instances"; }
  std::string volumes() const { return state_ + "/volumes"; }
  std::string replica(const Key &key) const; ///< holds one directory for each revision
  std::string instance(const Key &key) const { return replica(key) + "/" + key.revision; }
  std::string log(const Key &key) const { return instance(key) + "/log"; }
  std::string exit(const Key &key) const { return instance(key) + "/exit"; }
  std::string started() const { return state_ + "/started"; }
  /// Who the operator is at registries; his file, mode 0600.
  std::string registries() const { return state_ + "/registries.json"; }
  std::string machines() const { return state_ + "/machines"; }
  /// Where the monitor of a machine listens.
  std::string control(const std::string &sandbox_id) const {
    return machines() + "/" + sandbox_id + ".qmp";
  }
  std::string volumes_of(const Key &key) const;
  /// Names its cgroup: unlike that of every other instance, also of another agent on this host, and
  /// the same for as long as it runs, whatever it is called.
  std::string sandbox_id(const std::string &uid, const std::string &revision) const;

private:
  std::string state_;
  std::string tag_; ///< of this state directory
};

/// "redis" -> "REDIS", "my-db" -> "MY_DB".
std::string variable_name(llvm::StringRef text);

/// Addresses of a peer's replica, "127.0.0.1:20413"; nullopt while nobody knows.
using PeerAddress = std::function<std::optional<std::string>(const proto::Peer &)>;

/// The whole environment. \returns nullopt and the peer's name in `waits_for` while a peer has no
/// address.
std::optional<std::vector<std::string>> environment(const Record &record, const std::string &node,
                                                    const PeerAddress &peer_address,
                                                    std::string &waits_for);

/// Everything about one start of a process, and of what every sandbox has. Fails in the author's
/// terms: a capability that is missing and was not accepted, a path that does not exist.
llvm::Expected<sandbox::Spec> launch_spec(const Record &record, const Identity &identity,
                                          const Layout &layout, const Artifacts &artifacts,
                                          const sandbox::Host &host,
                                          const PeerAddress &peer_address,
                                          std::vector<std::string> environment);

bool is_machine(const proto::Spec &spec);
bool is_container(const proto::Spec &spec);

constexpr uint32_t most_moves = 3; ///< attempts that began and failed; then it starts anew there

/// Of the image that it runs, 64 hexadecimal digits; empty when it names none by its digest.
std::string image_digest(const proto::Spec &spec);

/// An image of the store.
struct Image {
  image::Config config;
  std::string root; ///< directory
};
llvm::Expected<Image> open_image(const proto::Spec &spec, const Artifacts &artifacts);

/// What the image says of its program, environment, directory and user, under what the intent says
/// of them. The image is in the store.
llvm::Expected<sandbox::Container> as_container(const proto::Spec &spec, sandbox::Spec common,
                                                const Artifacts &artifacts);

/// The same for any kind of sandbox. In a machine `exec`, or what its image has instead, is a
/// kernel and its command line, which also holds the environment; the memory that is asked for is
/// the machine's and its monitor's.
llvm::Expected<sandbox::Sandbox> launch_sandbox(const Record &record, const Identity &identity,
                                                const Layout &layout, const Artifacts &artifacts,
                                                const sandbox::Host &host,
                                                const PeerAddress &peer_address,
                                                std::vector<std::string> environment);

} // namespace nemo::agent
