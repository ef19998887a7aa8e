// Machines: a kernel, or a unikernel, with processors, memory and a network device of its own, run
// by QEMU, which in turn is a program in a process sandbox. Everything after the start (adopt,
// ended, usage, clean) is that sandbox's.
#pragma once

#include <string>

#include "llvm/Support/Error.h"

#include "runtime-agent/sandbox/sandbox.h"

namespace nemo::sandbox {

/// What the monitor takes of the workload's memory: QEMU 7.2 has 37 MB resident for a unikernel
/// under TCG, of which the translated code may grow to 16 MB.
constexpr uint64_t kMonitorBytes = uint64_t{64} << 20;
/// The least that a machine gets.
constexpr uint64_t kLeastMemory = uint64_t{16} << 20;
/// What Linux accepts as command line on x86-64 (COMMAND_LINE_SIZE).
constexpr size_t kMostCommandLine = 2047;

struct Machine {
  enum class Kind { microvm, unikernel };
  Kind kind = Kind::unikernel;
  /// Limits, mounts (the kernel must be in one), log, user: as of a process. No program, no
  /// environment, no ports: the machine has ports of its own.
  Spec spec;
  std::string kernel;       ///< absolute, in the sandbox
  std::string initrd;       ///< likewise; empty: none
  std::string command_line; ///< where its network is, is put before it
  uint64_t memory_bytes = 0;
  uint32_t processors = 1;
  /// Where its monitor (QMP) listens: a socket in a directory that nobody but the agent can enter.
  std::string control_path;
  bool incoming = false; ///< it is to take in another machine's memory, and runs when it is told to
};

/// The arguments of QEMU. \param accelerator  "tcg" or "kvm".
std::vector<std::string> monitor_command(const Machine &machine, const std::string &program,
                                         const std::string &accelerator);

/// As start(const Spec &), with the accelerator that probe_machines() chose.
llvm::Expected<Started> start(const Machine &machine, const Host &host,
                              Announce announce = nullptr);

/// Takes away what a machine leaves beside its sandbox. Idempotent.
void clean_machine(const std::string &control_path);

/// Whether this host runs machines, and how fastest: by running one under each accelerator that is
/// there, in the sandbox that it would be in, and taking the time of a loop. /dev/kvm may be there
/// and be hundreds of times slower than no /dev/kvm, where the host is a virtual machine itself.
/// Takes about half a second; the answer is kept in `directory` for as long as this boot and this
/// QEMU last. Adds "sandbox.microvm" and "sandbox.unikernel" to the host's abilities.
void probe_machines(Host &host, const std::string &directory);

} // namespace nemo::sandbox
