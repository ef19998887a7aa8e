#include "orchestrator/first_intent.h"

#include <unistd.h>

#include <fmt/format.h>

#include "base/subprocess.h"
#include "intent/syntax/format.h"
#include "intent/syntax/parse.h"
#include "llvm/ADT/StringExtras.h"

namespace nemo::orchestrator {

namespace {

/// A sandbox sees /usr and /bin, and no other place where programs may lie.
std::string in_sandbox(const char *name) {
  for (const char *directory : {"/usr/bin/", "/usr/local/bin/", "/bin/"})
    if (const std::string path = directory + std::string(name); ::access(path.c_str(), X_OK) == 0)
      return path;
  return {};
}

bool works(const std::vector<std::string> &argv) {
  auto output = run(argv);
  if (output)
    return output->exit_code == 0;
  llvm::consumeError(output.takeError());
  return false;
}

constexpr const char *server = R"(
# A first service: one page over HTTP. The node picks a free port and passes it as $PORT;
# `nemo status` shows the address. The sandbox has /usr, read-only, and a /tmp of its own.
workload hello {{
  exec = ["/bin/sh", "-c", "{}"]
  resources {{ cpu = 0.1core; memory = 64MiB }} # reserved on the node, and the limit
  ports {{ http = auto }}
  health {{ http = "/"; every = 2s; timeout = 1s }} # started again when it stops answering
}}
)";

constexpr const char *ticker = R"(
# A first service: it prints the time, and `nemo logs hello` shows it. (This machine has neither python3 nor
# busybox, which could serve a page. `ports` and `health` are for services that listen.)
workload hello {
  exec = ["/bin/sh", "-c", "while :; do date; sleep 10; done"]
  resources { cpu = 0.1core; memory = 32MiB } # reserved on the node, and the limit
}
)";

constexpr const char *more = R"(
# Nobody but you can say where this machine stands. Name its country, and rules about places hold or fail by it;
# name what its power costs and emits, and plans show figures that mean something here. `nemo nodes` shows its site.
# site home {
#   country = "DE"
#   carbon  = 380gCO2e/kWh
#   price   = 0.30EUR/kWh
# }

# Limits for the whole stack. What a plan cannot keep to, it says before anything is touched.
# objective frugal {
#   minimize cost + carbon * 80EUR/tCO2e
#   require energy <= 15W
# }
)";

} // namespace

Machine this_machine() {
  Machine machine;
  if (const long cores = ::sysconf(_SC_NPROCESSORS_ONLN); cores > 0)
    machine.cores = static_cast<unsigned>(cores);
  const long pages = ::sysconf(_SC_PHYS_PAGES), size = ::sysconf(_SC_PAGESIZE);
  if (pages > 0 && size > 0)
    machine.memory_bytes = static_cast<uint64_t>(pages) * static_cast<uint64_t>(size);
  machine.python = in_sandbox("python3");
  if (!machine.python.empty() && !works({machine.python, "-c", "import http.server"}))
    machine.python.clear(); // the minimal package comes without it
  machine.busybox = in_sandbox("busybox");
  if (!machine.busybox.empty() &&
      !works({machine.busybox, "sh", "-c", "busybox --list | grep -qx httpd"}))
    machine.busybox.clear();
  return machine;
}

std::string stack_name(const std::string &text) {
  std::string name;
  for (char c : llvm::StringRef(text).lower()) {
    if (llvm::isAlnum(c))
      name += c;
    else if (!name.empty() && name.back() != '-')
      name += '-';
  }
  name = llvm::StringRef(name).take_front(63).rtrim('-').str();
  return name.empty() ? "first" : name;
}

std::string first_intent(const Machine &machine, const std::string &stack) {
  std::string text = "# What runs on this machine, and how. `nemo plan` shows what would change, "
                     "`nemo apply` makes "
                     "it so.\n";
  if (machine.cores != 0 && machine.memory_bytes != 0)
    text += fmt::format("# Found here: {} core{}, {:.1f} GiB of memory.\n", machine.cores,
                        machine.cores == 1 ? "" : "s",
                        static_cast<double>(machine.memory_bytes) / (1 << 30));
  text += fmt::format(
      "nemo = 1\nstack = \"{}\" # what these files own; another stack is left alone\n", stack);
  const std::string page = "cd /tmp && echo Hello from nemo > index.html && exec ";
  if (!machine.python.empty())
    text +=
        fmt::format(server, page + machine.python + " -u -m http.server --bind 127.0.0.1 $PORT");
  else if (!machine.busybox.empty())
    text += fmt::format(server, page + machine.busybox + " httpd -f -p 127.0.0.1:$PORT");
  else
    text += ticker;
  text += more;
  return syntax::format(syntax::parse("first.nemo", text).file);
}

} // namespace nemo::orchestrator
