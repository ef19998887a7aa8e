#include "attempts.h"

#include <cstdlib>
#include <filesystem>
#include <fstream>

#include <unistd.h>

namespace nemo::sandbox {

namespace {

using enum Restriction;

const Layer filters = {"seccomp", {seccomp}};
const Layer no_capabilities = {"no capabilities", {capabilities}};
const Layer landlock_paths = {"Landlock paths", {landlock_files}};
const Layer any_landlock = {"Landlock", {landlock_files, landlock_tcp, landlock_scope}};

Layer only(const char *name, Restriction one) { return {name, {one}}; }

void own_network(Spec &spec) { spec.own_network = true; }

std::vector<Attempt> at_files(Outside &outside) {
  const Layer view_alone = only("own root", view);
  const auto shelf = [&outside](Spec &spec) {
    spec.binds.push_back({outside.shelf, "/shelf", true, false});
  };
  const auto device = [&outside](Spec &spec) {
    spec.binds.push_back({outside.device, outside.device, true, false});
  };
  return {
      {"read a file outside", {"read", outside.file}, {view_alone, landlock_paths}},
      {"write a file outside", {"write", outside.file}, {view_alone, landlock_paths}},
      {"make a file outside", {"write", outside.shelf + "/new"}, {view_alone, landlock_paths}},
      {"read an agent's state",
       {"read", outside.state + "/journal.db"},
       {view_alone, landlock_paths}},
      {"reach an agent's socket", {"connect-path", outside.state + "/agent.sock"}, {view_alone}},
      {.name = "write what was declared read-only",
       .words = {"write", "/shelf/file"},
       .layers = {only("read-only mounts", read_only), landlock_paths},
       .change = shelf},
      {.name = "use a device that lies in a mount",
       .words = {"read", outside.device},
       .layers = {only("nodev mounts", no_devices)},
       .change = device,
       .lacks = outside.device.empty() ? "nobody could make a device" : ""},
      {"read what /proc hides", {"read", "/proc/kallsyms"}, {only("hidden /proc", proc)}},
      {.name = "change a setting of the kernel",
       .words = {"write", "/proc/sys/net/ipv4/ip_unprivileged_port_start"},
       .layers = {only("read-only /proc", proc), no_capabilities},
       .change = own_network},
  };
}

std::vector<Attempt> at_processes(Outside &outside) {
  const Layer own_pids = only("pid namespace", pid_namespace);
  const std::string self = std::to_string(::getpid());
  const Layer scope = only("Landlock scope", landlock_scope);
  const Layer hidden = only("hidden supervisor", supervisor_hidden);
  return {
      {"see a process outside", {"see", self}, {own_pids}},
      {.name = "signal a process outside",
       .words = {"signal", "NEIGHBOUR"},
       .layers = {own_pids, scope},
       .needs = "landlock.scope"},
      {.name = "trace a child",
       .words = {"ptrace-child"},
       .layers = {filters},
       .report = "seccomp system call ptrace"},
      {.name = "trace the supervisor",
       .words = {"ptrace-supervisor"},
       .layers = {filters, hidden, any_landlock},
       .report = "seccomp system call ptrace"},
      {"open the supervisor's memory", {"supervisor-memory"}, {hidden, any_landlock}},
      {"use shared memory outside",
       {"shared-memory", std::to_string(outside.shared_memory_key)},
       {only("ipc namespace", ipc_namespace)}},
      {"learn the host's name",
       {"same-name", outside.host_name},
       {only("uts namespace", uts_namespace)}},
      {.name = "learn where its control groups are",
       .words = {"control-groups"},
       .layers = {only("cgroup namespace", cgroup_namespace)},
       .needs = "usage.cgroup"},
  };
}

std::vector<Attempt> at_privileges(Outside &outside) {
  const std::vector<Restriction> need_no_new = {seccomp, landlock_files, landlock_tcp,
                                                landlock_scope};
  const Layer nosuid = only("nosuid mounts", no_setuid);
  const Layer nnp = only("no new privileges", no_new_privileges);
  const Layer one = only("one user", one_user);
  const Layer on_the_host = only("user namespace", user_namespace);
  const std::string map = "an ordinary user can map nobody but himself";
  const std::string host = "an ordinary user has no such right that could be left";
  return {
      {.name = "become root",
       .words = {"setuid"},
       .layers = {filters, no_capabilities, one},
       .only_root = map,
       .report = "seccomp system call setuid"},
      {.name = "execute a file with the set-user-id bit",
       .words = {"executed-by-root"},
       .layers = {nosuid, nnp, one},
       .also = need_no_new,
       .program = outside.setuid_program,
       .only_root = map},
      {.name = "execute a file with capabilities",
       .words = {"loopback-down"},
       .layers = {nosuid, nnp, only("empty bounding set", bounding_set)},
       .also = need_no_new,
       .program = outside.capable_program,
       .change = own_network,
       .lacks = outside.capable_program.empty() ? "nobody could give a file capabilities" : ""},
      {.name = "change its network",
       .words = {"loopback-down"},
       .layers = {no_capabilities},
       .change = own_network},
      {.name = "make a user namespace",
       .words = {"new-user-namespace"},
       .layers = {filters},
       .report = "seccomp system call unshare"},
      {.name = "clone into a user namespace",
       .words = {"clone-user-namespace"},
       .layers = {filters},
       .report = "seccomp system call clone"},
      {.name = "mount",
       .words = {"mount"},
       .layers = {filters, no_capabilities, landlock_paths},
       .report = "seccomp system call mount"},
      {.name = "change its root",
       .words = {"new-root"},
       .layers = {filters, no_capabilities},
       .report = "seccomp system call chroot"},
      {.name = "restart the machine",
       .words = {"reboot"},
       .layers = {filters, no_capabilities},
       .report = "seccomp system call reboot"},
      {.name = "swap",
       .words = {"swap"},
       .layers = {filters, no_capabilities, on_the_host},
       .only_root = host,
       .report = "seccomp system call swapon"},
      {.name = "load a module",
       .words = {"load-module"},
       .layers = {filters, no_capabilities, on_the_host},
       .only_root = host,
       .lacks = std::filesystem::exists("/proc/modules") ? "" : "this kernel loads no modules",
       .report = "seccomp system call init_module"},
      {.name = "read key rings",
       .words = {"keys"},
       .layers = {filters},
       .report = "seccomp system call keyctl"},
      {"take another personality", {"personality"}, {filters}},
      {.name = "turn a path into a handle",
       .words = {"file-handle"},
       .layers = {filters},
       .report = "seccomp system call name_to_handle_at"},
      {.name = "set up a ring of system calls",
       .words = {"io-uring"},
       .layers = {filters},
       .report = "seccomp system call io_uring_setup"},
  };
}

std::vector<Attempt> at_networks(Outside &outside) {
  const std::string port = std::to_string(outside.port), free = std::to_string(outside.free_port);
  const Layer tcp = only("Landlock TCP", landlock_tcp);
  const std::string mptcp = Place::read("/proc/sys/net/mptcp/enabled").substr(0, 1) == "1"
                                ? ""
                                : "this kernel has no Multipath TCP, or it is off";
  const bool asks_first = (std::atoi(Place::read("/proc/sys/net/ipv4/tcp_fastopen").c_str()) & 1);
  const std::string fast_open = asks_first ? "" : "TCP Fast Open is off here";
  const auto declared_none = [](Spec &spec) { spec.connect_tcp = std::vector<uint16_t>{}; };
  return {
      {.name = "a raw socket",
       .words = {"raw-socket"},
       .layers = {filters, no_capabilities},
       .change = own_network,
       .report = "seccomp system call socket family 2 type 3 protocol 1"},
      {.name = "a packet socket",
       .words = {"packet-socket"},
       .layers = {filters, no_capabilities},
       .change = own_network,
       .report = "seccomp system call socket family 17 type 2 protocol 0"},
      {.name = "bind an undeclared TCP port",
       .words = {"bind-tcp", free},
       .layers = {tcp},
       .needs = "landlock.tcp",
       .report = "landlock.tcp bind TCP port " + free},
      {.name = "connect to an undeclared TCP port",
       .words = {"connect-tcp", port},
       .layers = {tcp},
       .change = declared_none,
       .needs = "landlock.tcp",
       .report = "landlock.tcp connect to TCP 127.0.0.1:" + port},
      {.name = "connect to an undeclared TCP port by Multipath TCP",
       .words = {"connect-mptcp", port},
       .layers = {filters},
       .also = {landlock_tcp},
       .change = declared_none,
       .lacks = mptcp,
       .report = "seccomp system call socket family 2 type 1 protocol 262"},
      {.name = "bind an undeclared TCP port by Multipath TCP",
       .words = {"bind-mptcp", free},
       .layers = {filters},
       .also = {landlock_tcp},
       .lacks = mptcp,
       .report = "seccomp system call socket family 2 type 1 protocol 262"},
      {.name = "connect to an undeclared TCP port by Fast Open",
       .words = {"fast-open", port},
       .layers = {filters},
       .also = {landlock_tcp},
       .change = declared_none,
       .needs = "landlock.tcp",
       .lacks = fast_open,
       .report = "seccomp system call sendto"},
      {.name = "the same by a message",
       .words = {"fast-open-message", port},
       .layers = {filters},
       .also = {landlock_tcp},
       .change = declared_none,
       .needs = "landlock.tcp",
       .lacks = fast_open,
       .report = "seccomp system call sendmsg"},
      {.name = "reach the host's network from one of its own",
       .words = {"connect-tcp", port},
       .layers = {only("network namespace", network_namespace)},
       .change = own_network},
      {.name = "reach an abstract socket outside",
       .words = {"connect-abstract", outside.abstract_name},
       .layers = {only("Landlock scope", landlock_scope)},
       .needs = "landlock.scope"},
  };
}

std::vector<Attempt> at_limits(Outside &outside) {
  const Layer sizes = only("size of the tmpfs", tmp_size);
  const auto small = [](Spec &spec) { spec.tmp_bytes = 1 << 20; };
  const std::string cpu_directory = outside.place().host().cpu_directory;
  const auto busy = [](Spec &spec) {
    spec.cpu_millicores = 100;
    spec.argv = {"sh", "-c", "i=0; while [ $i -lt 300000 ]; do i=$((i+1)); done"};
  };
  const auto was_held_back = [cpu_directory](const Spec &spec) {
    const std::string stat = Place::read(cpu_directory + "/" + spec.id + "/cpu.stat");
    return stat.find("nr_throttled 0") != std::string::npos ||
           stat.find("nr_throttled") == std::string::npos;
  };
  const auto chatty = [](Spec &spec) {
    spec.log_bytes = 100000;
    spec.argv = {"sh", "-c", "head -c 1000000 /dev/zero | tr '\\0' x | fold -w 100"};
  };
  const auto wrote_it_all = [](const Spec &spec) {
    uintmax_t size = 0;
    for (const char *half : {"", ".1"}) {
      std::error_code none;
      const uintmax_t bytes = std::filesystem::file_size(spec.log_path + half, none);
      size += none ? 0 : bytes;
    }
    return size >= 1000000;
  };
  return {
      {.name = "a fork bomb",
       .words = {"fork", "60"},
       .layers = {only("limit of processes", processes)},
       .change = [](Spec &spec) { spec.pids = 16; },
       .needs = "limit.pids",
       .report = "limit.pids more processes"},
      {.name = "a memory bomb",
       .words = {"eat", "64"},
       .layers = {only("limit of memory", memory)},
       .change = [](Spec &spec) { spec.memory_bytes = 16 << 20; },
       .needs = "limit.memory",
       .report = "limit.memory more memory: the kernel ended a process"},
      {.name = "more processor time",
       .words = {},
       .layers = {only("limit of processor time", processor)},
       .change = busy,
       .needs = "limit.cpu",
       .escaped = was_held_back},
      {.name = "fill /tmp",
       .words = {"fill", "/tmp/x"},
       .layers = {sizes},
       .change = small,
       .report = "limit.tmp more room: it has filled /tmp"},
      {.name = "fill /dev/shm",
       .words = {"fill", "/dev/shm/x"},
       .layers = {sizes},
       .change = small,
       .report = "limit.tmp more room: it has filled /dev/shm"},
      {.name = "fill /tmp with empty files",
       .words = {"files", "/tmp"},
       .layers = {sizes},
       .change = small,
       .report = "limit.tmp more room: it has filled /tmp"},
      {.name = "fill the disk with its log",
       .words = {},
       .layers = {only("size of the log", log_size)},
       .change = chatty,
       .escaped = wrote_it_all},
  };
}

} // namespace

std::vector<Attempt> attempts(Outside &outside) {
  std::vector<Attempt> all;
  for (auto *group : {at_files, at_processes, at_privileges, at_networks, at_limits})
    for (Attempt &one : group(outside))
      all.push_back(std::move(one));
  return all;
}

} // namespace nemo::sandbox
