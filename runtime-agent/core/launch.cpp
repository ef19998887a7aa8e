#include "runtime-agent/core/launch.h"

#include <algorithm>
#include <cerrno>
#include <filesystem>
#include <map>
#include <set>
#include <sys/stat.h>
#include <unistd.h>

#include "llvm/ADT/StringExtras.h"

#include "base/digest.h"
#include "base/error.h"

namespace nemo::agent {

namespace {

bool accepted(const proto::Spec &spec, llvm::StringRef capability) {
  return std::find(spec.accept_missing().begin(), spec.accept_missing().end(), capability) !=
         spec.accept_missing().end();
}

/// The limit to set: as asked for, 0 where the host cannot and the plan said so.
llvm::Expected<uint64_t> limit(uint64_t wanted, const char *capability, const proto::Spec &spec,
                               const sandbox::Host &host) {
  if (wanted == 0 || host.can(capability))
    return wanted;
  if (accepted(spec, capability))
    return 0;
  return failure("this node cannot enforce {} ({}), and the plan did not accept that. Plan and "
                 "apply again: the new plan "
                 "says what is not enforced here",
                 capability, host.reason(capability));
}

llvm::Error make_directory(const std::string &path) {
  std::error_code error;
  std::filesystem::create_directories(path, error);
  if (error)
    return failure("cannot create {}: {}", path, error.message());
  return llvm::Error::success();
}

llvm::Error add_binds(const Record &record, const Layout &layout, const Artifacts &artifacts,
                      sandbox::Spec &out) {
  for (const proto::Mount &mount : record.instance.spec().mounts()) {
    sandbox::Bind bind;
    bind.target = mount.target();
    if (!mount.artifact().empty()) {
      bind.source = artifacts.path(mount.artifact());
      if (!artifacts.have(mount.artifact()))
        return failure(
            "the files for {} ('{}') are not on this node. Apply again: that delivers them",
            mount.target(), mount.source());
    } else if (!mount.volume().empty()) {
      bind.source = layout.volumes_of(record.key) + "/" + mount.volume();
      bind.read_only = mount.read_only();
      bind.owned = true;
      if (auto error = make_directory(bind.source))
        return error;
    } else {
      bind.source = mount.host_path();
      bind.read_only = mount.read_only();
      if (::access(bind.source.c_str(), F_OK) != 0)
        return failure("{}, which is to be mounted on {}, is not there on this node: {}",
                       bind.source, mount.target(), std::generic_category().message(errno));
    }
    out.binds.push_back(std::move(bind));
  }
  return llvm::Error::success();
}

/// The TCP ports that it may connect to: its own, its peers', what it declares; nullopt: any.
std::optional<std::vector<uint16_t>> connectable(const Record &record,
                                                 const PeerAddress &peer_address) {
  const proto::Spec &spec = record.instance.spec();
  std::set<uint16_t> ports;
  for (const uint32_t port : spec.connect()) {
    if (port == 0)
      return std::nullopt;
    ports.insert(static_cast<uint16_t>(port));
  }
  for (const PortUse &own : record.ports)
    ports.insert(own.number);
  for (const proto::Peer &peer : spec.peers()) {
    uint16_t port = 0;
    const std::string address = peer_address(peer).value_or("");
    if (!llvm::StringRef(address).rsplit(':').second.getAsInteger(10, port))
      ports.insert(port);
  }
  return std::vector<uint16_t>(ports.begin(), ports.end());
}

} // namespace

Layout::Layout(std::string state) : state_(std::move(state)), tag_(sha256(state_).substr(0, 8)) {}

std::string Layout::replica(const Key &key) const {
  return fmt::format("{}/{}/{}/{}", instances(), key.stack, key.workload, key.replica);
}

std::string Layout::volumes_of(const Key &key) const {
  return fmt::format("{}/{}/{}/{}", volumes(), key.stack, key.workload, key.replica);
}

std::string Layout::sandbox_id(const std::string &uid, const std::string &revision) const {
  return fmt::format("{}.{}.{}", tag_, uid, revision);
}

std::string variable_name(llvm::StringRef text) {
  std::string name = text.upper();
  for (char &c : name)
    if (!llvm::isAlnum(c))
      c = '_';
  return name;
}

std::optional<std::vector<std::string>> environment(const Record &record, const std::string &node,
                                                    const PeerAddress &peer_address,
                                                    std::string &waits_for) {
  const proto::Spec &spec = record.instance.spec();
  std::map<std::string, std::string> variables = {
      {"PATH", "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"},
      {"HOME", "/tmp"},
      {"LANG", "C.UTF-8"},
      {"NEMO_STACK", record.key.stack},
      {"NEMO_WORKLOAD", record.key.workload},
      {"NEMO_REPLICA", std::to_string(record.key.replica)},
      {"NEMO_NODE", node},
  };
  for (const PortUse &port : record.ports)
    variables["PORT_" + variable_name(port.name)] = std::to_string(port.number);
  if (!record.ports.empty())
    variables["PORT"] = std::to_string(record.ports.front().number);
  std::map<std::string, std::string> addresses, by_earlier_names;
  for (const proto::Peer &peer : spec.peers()) {
    const auto address = peer_address(peer);
    if (!address) {
      waits_for = fmt::format("{}/{}", peer.workload(), peer.replica());
      return std::nullopt;
    }
    auto add = [&](std::map<std::string, std::string> &to, const std::string &workload) {
      std::string &list = to["NEMO_ADDR_" + variable_name(workload)];
      list += (list.empty() ? "" : ",") + *address;
    };
    add(addresses, peer.workload());
    for (const std::string &name : peer.formerly())
      add(by_earlier_names, name);
  }
  variables.merge(addresses);
  variables.merge(by_earlier_names); // a workload that has the name now comes first
  for (const proto::EnvVar &variable : spec.env())
    variables[variable.name()] = variable.value();
  std::vector<std::string> list;
  for (const auto &[name, value] : variables)
    list.push_back(fmt::format("{}={}", name, value));
  return list;
}

llvm::Expected<sandbox::Spec> launch_spec(const Record &record, const Identity &identity,
                                          const Layout &layout, const Artifacts &artifacts,
                                          const sandbox::Host &host,
                                          const PeerAddress &peer_address,
                                          std::vector<std::string> environment) {
  const proto::Spec &spec = record.instance.spec();
  if (!host.can("sandbox.process"))
    return failure("this node has no process sandbox: {}", host.reason("sandbox.process"));
  sandbox::Spec out;
  out.id = layout.sandbox_id(identity.uid, record.key.revision);
  out.argv.assign(spec.exec().begin(), spec.exec().end());
  out.environment = std::move(environment);
  if (!spec.working_directory().empty())
    out.working_directory = spec.working_directory();
  if (auto error = add_binds(record, layout, artifacts, out))
    return error;
  for (const proto::Secret &secret : spec.secrets())
    out.secrets.push_back({secret.name(), secret.file()});
  out.own_network = spec.network() == "own";
  if (out.own_network && !host.can("network.own")) {
    if (!accepted(spec, "network.own"))
      return failure("this node cannot give it a network of its own ({})",
                     host.reason("network.own"));
    out.own_network = false;
  }
  for (const PortUse &port : record.ports)
    out.bind_tcp.push_back(port.number);
  out.connect_tcp = connectable(record, peer_address);
  for (const proto::Mount &mount : spec.mounts())
    if (auto size = limit(mount.size_bytes(), "limit.volume", spec, host); !size)
      return size.takeError();
  auto memory = limit(spec.resources().memory_bytes(), "limit.memory", spec, host);
  if (!memory)
    return memory.takeError();
  auto cpu = limit(spec.resources().cpu_millicores(), "limit.cpu", spec, host);
  if (!cpu)
    return cpu.takeError();
  auto pids = limit(spec.resources().pids(), "limit.pids", spec, host);
  if (!pids)
    return pids.takeError();
  out.memory_bytes = *memory;
  out.cpu_millicores = *cpu;
  out.pids = *pids;
  out.user_slot = identity.slot;
  out.log_path = layout.log(record.key);
  out.exit_path = layout.exit(record.key);
  if (auto error = make_directory(layout.replica(record.key)))
    return error;
  return out;
}

} // namespace nemo::agent
