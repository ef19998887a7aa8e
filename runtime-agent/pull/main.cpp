// nemo-pull STORE SETTINGS REFERENCE: what nemo-agent starts for an image that it does not have.
// Says on its output how far it is, one line each: `got BYTES of BYTES`, then `done` or `error
// WHY`.
#include <clocale>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <linux/capability.h>
#include <memory>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <fmt/format.h>

#include "base/error.h"
#include "base/version.h"
#include "runtime-agent/pull/pull.h"
#include "runtime-agent/sandbox/landlock.h"

namespace {

using namespace nemo;

constexpr uint64_t kSayEvery = 1 << 20;

void say(const std::string &line) {
  std::string text = line;
  for (char &c : text)
    if ((c >= 0 && c < ' ') || c == 0x7f)
      c = ' '; // one line each, whatever a registry wrote
  text += '\n';
  (void)!::write(STDOUT_FILENO, text.data(), text.size());
}

/// Before the workloads, as what a registry sends is unpacked in here.
void go_first_when_memory_ends() {
  if (std::FILE *file = std::fopen("/proc/self/oom_score_adj", "we")) {
    std::fputs("500", file);
    std::fclose(file);
  }
}

/// From here on it writes the store, and reads what names and certificates are looked up in.
llvm::Error confine(const std::string &store) {
  using sandbox::Access;
  if (::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0)
    return system_failure(errno, "no new privileges");
  // The store is this user's, so that root needs no rights beyond that either.
  __user_cap_header_struct header = {_LINUX_CAPABILITY_VERSION_3, 0};
  const __user_cap_data_struct none[2] = {};
  if (::syscall(SYS_capset, &header, none) != 0)
    return system_failure(errno, "drop capabilities");
  const int abi = sandbox::landlock_abi();
  if (abi == 0)
    return llvm::Error::success(); // a second fence, where the kernel has it
  sandbox::LandlockRules rules;
  rules.restrict_tcp = false;
  rules.files = {{store, Access::read_write}, {"/dev/null", Access::write_files}};
  for (const char *path : {"/usr", "/lib", "/lib64", "/etc", "/proc", "/run/systemd/resolve",
                           "/run/nscd", "/dev/urandom"})
    rules.files.push_back({path, Access::read});
  // Whoever manages the network may keep it elsewhere.
  const std::unique_ptr<char, void (*)(void *)> resolvers(::realpath("/etc/resolv.conf", nullptr),
                                                          std::free);
  if (resolvers)
    rules.files.push_back({resolvers.get(), Access::read});
  auto ruleset = sandbox::make_ruleset(rules, abi);
  if (!ruleset)
    return ruleset.takeError();
  if (::syscall(SYS_landlock_restrict_self, ruleset->get(), 0) != 0)
    return system_failure(errno, "landlock");
  return llvm::Error::success();
}

llvm::Error run(const std::string &store, const std::string &settings_file,
                const std::string &name) {
  auto reference = image::parse_reference(name);
  if (!reference)
    return reference.takeError();
  auto settings = registry::read_settings(settings_file);
  if (!settings)
    return settings.takeError();
  if (auto error = confine(store))
    return error;
  uint64_t said = 0;
  return pull::pull(*reference, *settings, store, [&](uint64_t bytes, uint64_t all) {
    if (bytes - said < kSayEvery && bytes != all)
      return;
    said = bytes;
    say(fmt::format("got {} of {}", bytes, all));
  });
}

} // namespace

int main(int argc, char **argv) {
  ::prctl(PR_SET_PDEATHSIG, SIGKILL); // nobody waits for it then
  go_first_when_memory_ends();
  std::setlocale(LC_CTYPE, "C.UTF-8"); // names in archives
  ::signal(SIGPIPE, SIG_IGN);
  if (argc == 2 && llvm::StringRef(argv[1]) == "--version") {
    say(std::string("nemo-pull ") + version_text());
    return 0;
  }
  if (argc != 4) {
    (void)!::write(STDERR_FILENO, "usage: nemo-pull STORE SETTINGS REFERENCE\n", 42);
    return 1;
  }
  try {
    if (auto error = run(argv[1], argv[2], argv[3])) {
      say("error " + llvm::toString(std::move(error)));
      return 1;
    }
  } catch (const std::exception &fault) { // of the standard library: memory, file systems
    say(std::string("error ") + fault.what());
    return 1;
  }
  say("done");
  return 0;
}
