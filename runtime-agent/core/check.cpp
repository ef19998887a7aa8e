#include "runtime-agent/core/check.h"

#include <csignal>
#include <set>

#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/ADT/StringSet.h"
#include "llvm/ADT/StringSwitch.h"

#include "base/clock.h"
#include "base/error.h"
#include "runtime-agent/core/launch.h"
#include "runtime-agent/image/reference.h"

namespace nemo::agent {

namespace {

constexpr int max_instances = 4096;
constexpr uint64_t max_ms = 24ull * 3600 * 1000;

bool is_name(llvm::StringRef text) {
  if (text.empty() || text.size() > 63 || text.front() == '.')
    return false;
  return llvm::all_of(text,
                      [](char c) { return llvm::isAlnum(c) || c == '.' || c == '_' || c == '-'; });
}

std::string name_of(llvm::StringRef workload, uint32_t replica, llvm::StringRef revision) {
  return fmt::format("{}/{}{}{}", workload.str(), replica, revision.empty() ? "" : "/",
                     revision.str());
}

/// The checks of one instance; every fault names it.
class Checker {
public:
  /// \param present  every instance of the part, as "workload/replica" and
  /// "workload/replica/revision".
  Checker(const llvm::StringSet<> &present, llvm::StringRef node, bool in_fleet,
          const proto::Instance &instance)
      : present_(present), node_(node), in_fleet_(in_fleet), instance_(instance),
        spec_(instance.spec()) {}

  llvm::Error run() {
    if (!is_label(instance_.workload()))
      return failure(
          "'{}' is not a workload's name (lower-case letters, digits and '-', at most 63)",
          instance_.workload());
    if (instance_.replica() > 1'000'000)
      return fault("a replica's number is at most 1000000");
    if (!is_hex(instance_.revision()))
      return fault("its revision '{}' is not 1 to 64 hexadecimal digits", instance_.revision());
    if (!instance_.renamed_from().empty() &&
        (!is_label(instance_.renamed_from()) || instance_.renamed_from() == instance_.workload()))
      return fault("'{}' is not another name that it had", instance_.renamed_from());
    for (const std::string &node : {instance_.moves_from(), instance_.moves_to()})
      if (!node.empty() && (!is_label(node) || node == node_))
        return fault("it cannot move to or from '{}', which is no other node", node);
    if (!(instance_.retiring() ? instance_.moves_from() : instance_.moves_to()).empty())
      return fault("what retires moves to a node, and what does not comes from one");
    if (instance_.protect() && instance_.retiring())
      return fault("it cannot be protected and retire");
    for (auto step :
         {&Checker::command, &Checker::ports, &Checker::environment, &Checker::mounts,
          &Checker::health, &Checker::times, &Checker::secrets, &Checker::peers, &Checker::gates})
      if (auto error = (this->*step)())
        return error;
    return llvm::Error::success();
  }

private:
  template <typename... Args>
  llvm::Error fault(fmt::format_string<Args...> format, Args &&...args) {
    return failure("{}/{}: {}", instance_.workload(), instance_.replica(),
                   fmt::format(format, std::forward<Args>(args)...));
  }

  llvm::Error arguments(const google::protobuf::RepeatedPtrField<std::string> &list,
                        const char *what) {
    size_t bytes = 0;
    for (const std::string &argument : list) {
      bytes += argument.size() + 1;
      if (llvm::StringRef(argument).contains('\0'))
        return fault("its {} holds a NUL", what);
    }
    if (list.empty() || list[0].empty())
      return fault("its {} names no program", what);
    if (bytes > (512u << 10) || list.size() > 4096)
      return fault("its {} is too long", what);
    return llvm::Error::success();
  }

  llvm::Error command() {
    if (spec_.sandbox() != "process" && !is_machine(spec_) && !is_container(spec_))
      return fault("this agent has no '{}' sandbox, only 'process', 'container', 'microvm' and "
                   "'unikernel'",
                   spec_.sandbox());
    if (is_machine(spec_) && spec_.network() != "own")
      return fault("a {} has a network of its own, and it is to have the host's", spec_.sandbox());
    if (spec_.network() != "host" && spec_.network() != "own" && !spec_.network().empty())
      return fault("'{}' is not a network; there are 'host' and 'own'", spec_.network());
    if (!spec_.working_directory().empty() && !is_normal_path(spec_.working_directory()))
      return fault("its working directory '{}' is not an absolute path", spec_.working_directory());
    if (spec_.accept_missing_size() > 64)
      return fault("it accepts too many missing capabilities");
    if (is_container(spec_) || (is_machine(spec_) && !spec_.image().empty()))
      return image();
    return arguments(spec_.exec(), "command");
  }

  llvm::Error image() {
    if (spec_.exec_size() != 0)
      return fault("it runs what its image names, and is given a program besides");
    auto reference = image::parse_reference(spec_.image());
    if (!reference)
      return fault("its image is none: {}", llvm::toString(reference.takeError()));
    if (reference->digest.empty())
      return fault("its image {} may become another one unseen; say which is meant: "
                   "{}/{}@sha256:...",
                   spec_.image(), reference->registry, reference->repository);
    return llvm::Error::success();
  }

  llvm::Error ports() {
    std::set<llvm::StringRef> names;
    std::set<uint32_t> numbers;
    if (spec_.ports_size() > 64)
      return fault("it has {} ports; at most 64 are allowed", spec_.ports_size());
    for (const proto::Port &port : spec_.ports()) {
      if (!is_name(port.name()) || !names.insert(port.name()).second)
        return fault("'{}' is not the name of one port", port.name());
      if (port.number() > 65535 || (port.number() != 0 && !numbers.insert(port.number()).second))
        return fault("{} is not the number of one port", port.number());
    }
    if (spec_.connect_size() > 64)
      return fault("it may connect to {} ports; at most 64 are allowed", spec_.connect_size());
    for (const uint32_t port : spec_.connect())
      if (port > 65535)
        return fault("{} is not the number of a port to connect to", port);
    return llvm::Error::success();
  }

  llvm::Error environment() {
    std::set<llvm::StringRef> names;
    size_t bytes = 0;
    for (const proto::EnvVar &variable : spec_.env()) {
      const llvm::StringRef name = variable.name();
      bytes += name.size() + variable.value().size() + 2;
      if (name.empty() || name.contains('=') || name.contains('\0') || !names.insert(name).second)
        return fault("'{}' is not the name of one environment variable", name.str());
      if (llvm::StringRef(variable.value()).contains('\0'))
        return fault("the environment variable {} holds a NUL", name.str());
    }
    return bytes > (512u << 10) ? fault("its environment is too large") : llvm::Error::success();
  }

  llvm::Error mounts() {
    std::set<llvm::StringRef> targets, volumes;
    if (spec_.mounts_size() > 128)
      return fault("it has {} mounts; at most 128 are allowed", spec_.mounts_size());
    for (const proto::Mount &mount : spec_.mounts()) {
      if (!is_normal_path(mount.target()) || mount.target() == "/" ||
          !targets.insert(mount.target()).second)
        return fault("'{}' is not the absolute path of one mount", mount.target());
      const int sources =
          !mount.artifact().empty() + !mount.host_path().empty() + !mount.volume().empty();
      if (sources != 1)
        return fault("the mount on {} has {} sources instead of one", mount.target(), sources);
      if (!mount.artifact().empty() && !(mount.artifact().size() == 64 && is_hex(mount.artifact())))
        return fault("the mount on {} names no artifact by its digest", mount.target());
      if (!mount.host_path().empty() && !is_normal_path(mount.host_path()))
        return fault("the mount on {} has the source '{}', which is not an absolute path",
                     mount.target(), mount.host_path());
      if (!mount.kind().empty())
        return fault("the volume '{}' is {}, and this agent keeps local volumes only",
                     mount.volume(), mount.kind());
      if (!mount.volume().empty() &&
          (!is_name(mount.volume()) || !volumes.insert(mount.volume()).second))
        return fault("the mount on {} names the volume '{}', which is not the name of one volume",
                     mount.target(), mount.volume());
    }
    return llvm::Error::success();
  }

  bool has_port(llvm::StringRef name) const {
    for (const proto::Port &port : spec_.ports())
      if (port.name() == name)
        return true;
    return name.empty() && spec_.ports_size() > 0;
  }

  llvm::Error health() {
    const proto::Health &health = spec_.health();
    if (health.kind() == proto::Health::NONE)
      return llvm::Error::success();
    if (!proto::Health::Kind_IsValid(health.kind()))
      return fault("its health check is of a kind that this agent does not know");
    if (health.every_ms() > max_ms || health.timeout_ms() > max_ms || health.grace_ms() > max_ms)
      return fault("a time of its health check is over a day");
    if (health.kind() == proto::Health::EXEC && (is_machine(spec_) || is_container(spec_)))
      return fault("its health check runs a program in a {}, which nobody can from outside",
                   spec_.sandbox());
    if (health.kind() == proto::Health::EXEC)
      return arguments(health.command(), "health check");
    if (!has_port(health.port()))
      return fault("its health check asks the port '{}', which it does not have", health.port());
    if (health.kind() == proto::Health::HTTP) {
      const llvm::StringRef path = health.path();
      bool printable = path.empty() || path.startswith("/");
      for (const char c : path)
        printable &= c > ' ' && c < 0x7f;
      if (!printable || path.size() > 2048)
        return fault("its health check's path is not an absolute HTTP path");
    }
    return llvm::Error::success();
  }

  llvm::Error times() {
    const proto::Restart &restart = spec_.restart();
    if (!proto::Restart::Policy_IsValid(restart.policy()))
      return fault("its restart policy is one that this agent does not know");
    if (restart.backoff_ms() > max_ms || restart.backoff_max_ms() > max_ms ||
        spec_.stop_grace_ms() > max_ms)
      return fault("one of its waiting times is over a day");
    if (!spec_.stop_signal().empty() && signal_number(spec_.stop_signal()) == 0)
      return fault("'{}' is not a signal to stop a workload with; use TERM, INT, QUIT, HUP, USR1, "
                   "USR2, WINCH or KILL",
                   spec_.stop_signal());
    return llvm::Error::success();
  }

  llvm::Error secrets() {
    std::set<llvm::StringRef> names;
    if (spec_.secrets_size() > 64)
      return fault("it has {} secrets; at most 64 are allowed", spec_.secrets_size());
    for (const proto::Secret &secret : spec_.secrets())
      if (!is_name(secret.name()) || !names.insert(secret.name()).second ||
          !is_normal_path(secret.file()))
        return fault("'{}' is not one secret with a name and an absolute path", secret.name());
    return llvm::Error::success();
  }

  llvm::Error peers() {
    if (spec_.peers_size() > 1024)
      return fault("it has {} peers; at most 1024 are allowed", spec_.peers_size());
    for (const proto::Peer &peer : spec_.peers()) {
      if (!peer.node().empty() && peer.node() != node_) {
        if (in_fleet_ && is_label(peer.node()))
          continue;
        return fault(
            "it needs the address of {}/{} on the node '{}', which the agent of '{}' cannot see",
            peer.workload(), peer.replica(), peer.node(), node_.str());
      }
      if (peer.formerly_size() > 64 || !llvm::all_of(peer.formerly(), is_label))
        return fault("an earlier name of {}/{} is no workload's name", peer.workload(),
                     peer.replica());
      if (!in_part(peer.workload(), peer.replica(), peer.revision()))
        return fault("it needs the address of {}/{}, which is not in this part", peer.workload(),
                     peer.replica());
    }
    return llvm::Error::success();
  }

  llvm::Error lease(const proto::Lease &lease) {
    std::set<std::string> granters(lease.granters().begin(), lease.granters().end());
    if (!in_fleet_)
      return fault("it needs a lease, and the agent of '{}' is in no fleet", node_.str());
    if (lease.name().empty() || lease.name().size() > 500 || lease.token() == 0 ||
        lease.duration_ms() < 1'000 || lease.duration_ms() > 10'000)
      return fault("its lease has no name or token, or is not of 1 to 10 seconds");
    if (lease.granters_size() != 3 || granters.size() != 3 || !llvm::all_of(granters, is_label))
      return fault("its lease has not three different nodes that grant it");
    return llvm::Error::success();
  }

  bool in_part(llvm::StringRef workload, uint32_t replica, llvm::StringRef revision) const {
    return present_.contains(name_of(workload, replica, revision));
  }

  llvm::Error gates() {
    if (!instance_.start_at().empty() && !from_rfc3339(instance_.start_at()))
      return fault("it starts at '{}', which is no time", instance_.start_at());
    if (instance_.has_lease())
      if (auto error = lease(instance_.lease()))
        return error;
    if (instance_.start_after_size() + instance_.stop_after_size() > 1024)
      return fault("it has too many gates");
    for (const auto *list : {&instance_.start_after(), &instance_.stop_after()})
      for (const proto::Gate &gate : *list) {
        if (gate.kind() != proto::Gate::HEALTHY && gate.kind() != proto::Gate::STOPPED)
          return fault("one of its gates is of a kind that this agent does not know");
        if (!gate.node().empty() && gate.node() != node_) {
          if (in_fleet_ && is_label(gate.node()))
            continue;
          return fault("it waits for {}/{} on the node '{}', which the agent of '{}' cannot see",
                       gate.workload(), gate.replica(), gate.node(), node_.str());
        }
        // What has to be healthy must be desired; what has to be gone may be gone.
        if (gate.kind() == proto::Gate::HEALTHY &&
            !in_part(gate.workload(), gate.replica(), gate.revision()))
          return fault("it waits until {}/{} is healthy, which is not in this part",
                       gate.workload(), gate.replica());
      }
    return llvm::Error::success();
  }

  const llvm::StringSet<> &present_;
  llvm::StringRef node_;
  bool in_fleet_;
  const proto::Instance &instance_;
  const proto::Spec &spec_;
};

} // namespace

bool is_label(llvm::StringRef text) {
  if (text.empty() || text.size() > 63 || text.front() == '-' || text.back() == '-')
    return false;
  for (const char c : text)
    if (!(c >= 'a' && c <= 'z') && !(c >= '0' && c <= '9') && c != '-')
      return false;
  return true;
}

bool is_hex(llvm::StringRef text) {
  if (text.empty() || text.size() > 64)
    return false;
  for (const char c : text)
    if (!(c >= '0' && c <= '9') && !(c >= 'a' && c <= 'f'))
      return false;
  return true;
}

bool is_normal_path(llvm::StringRef text) {
  if (text == "/")
    return true;
  if (!text.consume_front("/") || text.size() > 4094 || text.contains('\0'))
    return false;
  llvm::SmallVector<llvm::StringRef, 16> parts;
  text.split(parts, '/');
  for (const llvm::StringRef part : parts)
    if (part.empty() || part == "." || part == ".." || part.size() > 255)
      return false;
  return true;
}

int signal_number(llvm::StringRef name) {
  name.consume_front("SIG");
  return llvm::StringSwitch<int>(name)
      .Case("TERM", SIGTERM)
      .Case("INT", SIGINT)
      .Case("QUIT", SIGQUIT)
      .Case("HUP", SIGHUP)
      .Case("USR1", SIGUSR1)
      .Case("USR2", SIGUSR2)
      .Case("WINCH", SIGWINCH)
      .Case("KILL", SIGKILL)
      .Default(0);
}

llvm::Error check(const proto::Part &part, llvm::StringRef node, bool in_fleet) {
  if (!is_label(part.stack()))
    return failure("'{}' is not a stack's name (lower-case letters, digits and '-', at most 63)",
                   part.stack());
  if (!part.node().empty() && part.node() != node)
    return failure("this part is for the node '{}'; this agent is '{}'", part.node(), node.str());
  if (part.source().size() > 4096 || part.commit().size() > 256 || part.plan_digest().size() > 256)
    return failure("the part's source, commit or plan digest is too long");
  if (part.instances_size() > max_instances)
    return failure("the part has {} instances; at most {} are allowed on one node",
                   part.instances_size(), max_instances);
  std::set<std::tuple<llvm::StringRef, uint32_t, llvm::StringRef>> seen;
  std::set<std::pair<llvm::StringRef, uint32_t>> current;
  llvm::StringSet<> present;
  for (const proto::Instance &instance : part.instances()) {
    present.insert(name_of(instance.workload(), instance.replica(), {}));
    present.insert(name_of(instance.workload(), instance.replica(), instance.revision()));
  }
  for (const proto::Instance &instance : part.instances()) {
    if (auto error = Checker(present, node, in_fleet, instance).run())
      return error;
    if (!seen.insert({instance.workload(), instance.replica(), instance.revision()}).second)
      return failure("{}/{} stands twice in the part in one revision", instance.workload(),
                     instance.replica());
    if (!instance.retiring() && !current.insert({instance.workload(), instance.replica()}).second)
      return failure("{}/{} stands in the part in two revisions of which none is retiring",
                     instance.workload(), instance.replica());
  }
  return llvm::Error::success();
}

} // namespace nemo::agent
