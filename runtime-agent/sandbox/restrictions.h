// What a sandbox takes away, one by one, so that a test can leave out exactly one of them and watch
// the escape that it alone prevents. Nothing but a program linked to this library can leave
// anything out: no intent, message, argument or variable of the agent reaches this type, and the
// agent never changes it. README.md says which attempt proves which restriction. The one thing that
// is started without all of them is the runtime of containers (container.cpp), which makes them
// again for what it runs.
#pragma once

#include <cstdint>
#include <vector>

namespace nemo::sandbox {

enum class Restriction : uint8_t {
  view,              ///< a root of its own with what was declared
  read_only,         ///< read-only mounts
  no_setuid,         ///< nosuid mounts
  no_devices,        ///< nodev mounts
  proc,              ///< /proc: settings for reading only, what tells too much hidden
  tmp_size,          ///< of /tmp, /run, /dev/shm
  log_size,          ///< of the log
  user_namespace,    ///< rights in it are none on the host; only root can do without
  one_user,          ///< nobody but its own user is mapped; only root can map another
  pid_namespace,     ///< other processes have no number in here
  ipc_namespace,     ///< System V and POSIX queues and shared memory
  uts_namespace,     ///< the host's name
  cgroup_namespace,  ///< where on the host its control groups are
  network_namespace, ///< where asked for
  capabilities,      ///< none
  bounding_set,      ///< none to be had by executing a file
  no_new_privileges, ///< no rights by executing a file
  seccomp,           ///< system calls
  landlock_files,    ///< Landlock: paths
  landlock_tcp,      ///< Landlock: TCP ports
  landlock_scope,    ///< Landlock: signals and abstract sockets that lead outside
  supervisor_hidden, ///< the supervisor's memory and descriptors
  memory,            ///< where asked for
  processor,         ///< where asked for
  processes,         ///< where asked for
};

class Restrictions {
public:
  Restrictions() = default; ///< all of them
  static Restrictions without(const std::vector<Restriction> &some) {
    Restrictions all;
    for (const Restriction one : some)
      all.left_out_ |= bit(one);
    return all;
  }
  bool has(Restriction one) const { return (left_out_ & bit(one)) == 0; }

private:
  static constexpr uint32_t bit(Restriction one) { return 1u << static_cast<unsigned>(one); }
  uint32_t left_out_ = 0;
};

} // namespace nemo::sandbox
