// Which accelerator is the fastest here: found out by running a loop under each.
#include <cerrno>
#include <csignal>
#include <filesystem>
#include <fstream>
#include <optional>

#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "llvm/ADT/SmallVector.h"
#include "llvm/ADT/StringRef.h"

#include "base/clock.h"
#include "base/error.h"
#include "base/subprocess.h"
#include "runtime-agent/sandbox/files.h"
#include "runtime-agent/sandbox/machine.h"

extern "C" const char nemo_speed_guest[], nemo_speed_guest_end[]; // speed_guest.S

namespace nemo::sandbox {

namespace {

namespace fs = std::filesystem;
using Duration = std::chrono::nanoseconds;

constexpr char kQemu[] = "qemu-system-x86_64", kPlace[] = "/usr/bin/qemu-system-x86_64";
constexpr int kPatienceMs = 5000, kLookEveryMs = 20;
constexpr char kFormat[] = "machines-1"; ///< of the kept answer

void say(Host &host, const std::string &reason) {
  for (const char *name : {"sandbox.microvm", "sandbox.unikernel"})
    host.abilities.push_back({name, reason.empty(), reason});
}

/// When the guest wrote a word, as its supervisor noted: "TIME stdout F WORD".
std::optional<UnixNanos> time_of(llvm::StringRef log, llvm::StringRef word) {
  llvm::SmallVector<llvm::StringRef, 8> lines;
  log.split(lines, '\n', -1, false);
  for (const llvm::StringRef line : lines)
    if (line.rtrim("\r").endswith((" F " + word).str()))
      return from_rfc3339(line.split(' ').first.str());
  return std::nullopt;
}

/// Waits until it has ended, or its loop takes longer than `limit`. \returns whether it ended.
bool ends(const Started &started, const std::string &log, Duration limit) {
  const UnixNanos start = now();
  while (!finished(started.pidfd, kLookEveryMs)) {
    const auto begin = time_of(read_file(log).value_or(""), "begin");
    if (now() - start > std::chrono::milliseconds(kPatienceMs) || (begin && now() - *begin > limit))
      return false;
  }
  return true;
}

/// How long the loop takes; an error says why it did not come to its end.
llvm::Expected<Duration> run_loop(Host &host, const std::string &directory,
                                  const std::string &accelerator, Duration limit) {
  Machine machine;
  machine.spec.id = fmt::format("speed-{}-{}", ::getpid(), accelerator);
  machine.spec.user_slot = kUserSlots - 1;
  machine.spec.binds = {{directory + "/speed.elf", "/speed.elf"}};
  const std::string own = directory + "/" + machine.spec.id;
  machine.spec.log_path = own + "/log";
  machine.spec.exit_path = own + "/exit";
  machine.kernel = "/speed.elf";
  machine.memory_bytes = kLeastMemory * 2;
  machine.control_path = directory + "/speed.qmp";
  host.accelerator = accelerator;
  auto started = start(machine, host);
  host.accelerator.clear();
  std::string reason, log;
  if (started) {
    if (!ends(*started, machine.spec.log_path, limit)) {
      reason = "its loop did not come to an end in time";
      llvm::consumeError(signal(started->pidfd, SIGKILL));
      finished(started->pidfd, kPatienceMs);
    }
    ::close(started->pidfd);
    log = read_file(machine.spec.log_path).value_or("");
  } else {
    reason = llvm::toString(started.takeError());
  }
  clean(machine.spec.id, host);
  clean_machine(machine.control_path);
  std::error_code ignored;
  fs::remove_all(own, ignored);
  const auto begin = time_of(log, "begin"), end = time_of(log, "end");
  if (reason.empty() && begin && end && *end >= *begin)
    return std::chrono::duration_cast<Duration>(*end - *begin);
  return failure("{}", !reason.empty() ? reason : "it ended at once: " + log.substr(0, 200));
}

/// Fills host.accelerator. \returns why none can be had; empty when one can.
std::string choose(Host &host, const std::string &directory) {
  std::ofstream image(directory + "/speed.elf", std::ios::binary | std::ios::trunc);
  image.write(nemo_speed_guest, nemo_speed_guest_end - nemo_speed_guest);
  image.close();
  ::chmod((directory + "/speed.elf").c_str(), 0644);
  if (!image)
    return "cannot write " + directory;
  std::string chosen, reason;
  Duration limit = std::chrono::milliseconds(kPatienceMs);
  auto tcg = run_loop(host, directory, "tcg", limit);
  if (tcg) {
    chosen = "tcg";
    limit = *tcg + std::chrono::milliseconds(kLookEveryMs); // longer, and it is not the faster one
  } else {
    reason = "QEMU runs no machine: " + llvm::toString(tcg.takeError());
  }
  if (::access("/dev/kvm", F_OK) == 0) {
    auto kvm = run_loop(host, directory, "kvm", limit);
    if (kvm && (chosen.empty() || *kvm < *tcg))
      chosen = "kvm";
    else if (!kvm)
      llvm::consumeError(kvm.takeError());
  }
  std::error_code ignored;
  fs::remove(directory + "/speed.elf", ignored);
  host.accelerator = chosen;
  return chosen.empty() ? reason : "";
}

/// What the kept answer is valid for.
std::string circumstances(const std::string &qemu) {
  struct stat info = {};
  ::stat(qemu.c_str(), &info);
  const auto boot = read_file("/proc/sys/kernel/random/boot_id").value_or("");
  return fmt::format("{} {} {} {} {}", kFormat, llvm::StringRef(boot).trim().str(), qemu,
                     info.st_mtim.tv_sec, info.st_size);
}

std::string why_not_at_all(const Host &host) {
#if !defined(__x86_64__)
  return "machines are run on x86_64 only";
#endif
  if (!host.can("sandbox.process"))
    return "its monitor would be confined by a process sandbox: " + host.reason("sandbox.process");
  if (!host.root)
    return "an ordinary user's machine cannot be connected: that needs root";
  if (host.qemu.empty())
    return std::string("the program ") + kQemu + " (package qemu-system-x86) is not installed";
  if (!host.can("network.own"))
    return host.reason("network.own");
  if (::access("/dev/net/tun", F_OK) != 0)
    return "this host has no tap devices: there is no /dev/net/tun";
  return "";
}

} // namespace

void probe_machines(Host &host, const std::string &directory) {
  // Below /usr: that is what its sandbox shows it.
  if (::access(kPlace, X_OK) == 0)
    host.qemu = kPlace;
  if (const std::string reason = why_not_at_all(host); !reason.empty())
    return say(host, reason);
  const std::string kept = directory + "/accelerator", now = circumstances(host.qemu);
  const std::string text = read_file(kept).value_or("");
  const auto [when, answer] = llvm::StringRef(text).rtrim('\n').split('\n');
  if (when == now && (answer == "tcg" || answer == "kvm")) {
    host.accelerator = answer.str();
    return say(host, "");
  }
  const std::string reason = choose(host, directory);
  if (reason.empty()) { // a failure may be the moment's, and is tried again
    std::ofstream file(kept, std::ios::trunc);
    file << now << '\n' << host.accelerator << '\n';
  }
  say(host, reason);
}

} // namespace nemo::sandbox
