// nemo-agent: makes this node's desired state true and says so on a Unix socket. Ending it, also by
// kill -9, leaves the workloads as they are; the next one adopts them.
#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <sys/epoll.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include <fmt/format.h>

#include "llvm/Support/CommandLine.h"
#include "llvm/Support/raw_ostream.h"

#include "base/error.h"
#include "base/paths.h"
#include "base/version.h"
#include "runtime-agent/core/agent.h"
#include "runtime-agent/core/agent_state.h"
#include "runtime-agent/core/attachment.h"

namespace {

using namespace nemo;

struct Settings {
  std::string socket, state;
  agent::Place place;
};

std::string variable(const char *name, const char *otherwise) {
  const char *value = std::getenv(name);
  return value && *value ? value : otherwise;
}

/// SIGTERM and SIGINT through a descriptor, SIGPIPE not at all.
llvm::Expected<agent::Fd> take_signals() {
  sigset_t signals;
  sigemptyset(&signals);
  sigaddset(&signals, SIGTERM);
  sigaddset(&signals, SIGINT);
  ::signal(SIGPIPE, SIG_IGN);
  ::signal(SIGHUP, SIG_IGN);
  if (::sigprocmask(SIG_BLOCK, &signals, nullptr) != 0)
    return system_failure(errno, "sigprocmask");
  agent::Fd fd(::signalfd(-1, &signals, SFD_CLOEXEC | SFD_NONBLOCK));
  if (!fd)
    return system_failure(errno, "signalfd");
  return fd;
}

llvm::Error serve(Settings settings) {
  auto lock = agent::lock_state(settings.state, settings.socket);
  if (!lock)
    return lock.takeError();
  if (auto error = agent::make_socket_directory(settings.socket))
    return error;
  auto signals = take_signals();
  if (!signals)
    return signals.takeError();
  auto loop = agent::Loop::create();
  if (!loop)
    return loop.takeError();
  if (auto error = (*loop)->watch(signals->get(), EPOLLIN, [&](uint32_t) { (*loop)->stop(); }))
    return error;
  auto opened = agent::Agent::open(**loop, {settings.state, settings.place});
  if (!opened)
    return opened.takeError();
  agent::Agent &node = **opened;
  const agent::Server::Handler handler = [&](const proto::BackendRequest &request) {
    return node.answer(request);
  };
  auto server = agent::Server::listen(**loop, settings.socket, handler, {});
  if (!server)
    return server.takeError();
  auto fleet = agent::attach(**loop, settings.state, settings.place, node);
  if (!fleet)
    return fleet.takeError();
  node.on_news = [&] {
    (*server)->wake();
    fleet->on_news();
  };
  // One round later, so that the answer is on its way.
  node.on_shutdown = [&] { (*loop)->at(agent::ticks() + 1, [&] { (*loop)->stop(); }); };
  llvm::errs() << fmt::format("nemo-agent {} serves node {} on {}, state in {}\n", version_text(),
                              settings.place.node, settings.socket, settings.state);
  auto error = (*loop)->run();
  node.on_news = [] {};
  (*server)->close();
  return error;
}

} // namespace

int main(int argc, char **argv) {
  namespace cl = llvm::cl;
  cl::OptionCategory category("nemo-agent");
  cl::opt<std::string> socket("socket", cl::desc("Unix socket to answer on"),
                              cl::value_desc("path"), cl::cat(category));
  cl::opt<std::string> state("state", cl::desc("directory to keep everything in"),
                             cl::value_desc("directory"), cl::cat(category));
  cl::opt<std::string> node(
      "node",
      cl::desc("this node's name (default: $NEMO_NODE, else as the fleet's member, else local)"),
      cl::value_desc("name"), cl::cat(category));
  cl::opt<std::string> site("site", cl::desc("the site it is at (default: local)"),
                            cl::value_desc("name"), cl::cat(category));
  cl::opt<std::string> node_class("class", cl::desc("its class, such as edge or cloud"),
                                  cl::value_desc("class"), cl::cat(category));
  cl::opt<std::string> peer_listen(
      "peer-listen",
      cl::desc("in a fleet, where to take streams of other nodes (default: as its membership says, "
               "else every address, port 7424 or any)"),
      cl::value_desc("address:port"), cl::cat(category));
  cl::opt<bool> foreground("foreground",
                           cl::desc("stay attached (it always does; for clarity in scripts)"),
                           cl::cat(category));
  cl::HideUnrelatedOptions(category);
  cl::SetVersionPrinter(
      [](llvm::raw_ostream &out) { out << "nemo-agent " << version_text() << '\n'; });
  if (!cl::ParseCommandLineOptions(argc, argv, "Runs what nemo applies to this node.\n",
                                   &llvm::errs()))
    return 1;
  auto report = [](llvm::Error error) {
    llvm::errs() << "nemo-agent: " << llvm::toString(std::move(error)) << '\n';
    return 1;
  };
  Settings settings;
  settings.socket = socket;
  settings.state = state;
  if (settings.socket.empty() || settings.state.empty()) {
    auto paths = agent_paths();
    if (!paths)
      return report(paths.takeError());
    // Another state directory has its socket in it, unless somebody names one.
    if (settings.socket.empty())
      settings.socket = settings.state.empty() || !variable("NEMO_SOCKET", "").empty()
                            ? paths->socket
                            : settings.state + "/agent.sock";
    if (settings.state.empty())
      settings.state = paths->state;
  }
  // A daemon that stays in somebody's directory keeps it from being unmounted.
  std::error_code unknown;
  for (std::string *path : {&settings.socket, &settings.state})
    *path = llvm::StringRef(std::filesystem::absolute(*path, unknown).lexically_normal().c_str())
                .rtrim('/')
                .str();
  // Before the directory changes: its arguments may be relative to it.
  settings.place = {node.empty() ? variable("NEMO_NODE", "") : node, site, node_class};
  settings.place.peer_listen = peer_listen;
  if (auto error = agent::take_part(settings.state, argv, settings.place))
    return report(std::move(error));
  (void)!::chdir("/");
  for (std::string *name : {&settings.place.node, &settings.place.site})
    if (name->empty())
      *name = "local";
  try {
    if (auto error = serve(std::move(settings)))
      return report(std::move(error));
  } catch (const std::exception &fault) { // of the standard library: memory, file systems
    return report(failure("{}", fault.what()));
  }
  return 0;
}
