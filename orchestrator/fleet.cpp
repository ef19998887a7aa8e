#include "orchestrator/fleet.h"

#include <csignal>
#include <filesystem>
#include <thread>
#include <tuple>

#include "llvm/ADT/SmallVector.h"
#include "llvm/ADT/StringExtras.h"

#include "backends/fleet/backend.h"
#include "backends/fleet/broker/process.h"
#include "backends/fleet/member.h"
#include "backends/fleet/service/make.h"
#include "backends/fleet/service/members.h"
#include "backends/fleet/service/service.h"
#include "base/diagnostics/registry.h"
#include "base/error.h"
#include "base/files.h"
#include "base/subprocess.h"
#include "orchestrator/lead/control.h"
#include "protocol/link/connection.h"
#include "protocol/link/subjects.h"
#include "protocol/membership/exchange.h"

namespace nemo::orchestrator {

using namespace std::chrono_literals;
using service::Home;

namespace {

constexpr auto patience = 30s; // nats-server has 15 of them

llvm::Error not_served(const Home &home, std::string cause) {
  Diagnostic fault = diag::make(diag::N0843, std::move(cause));
  auto text = read_file(home.log(), 16 << 20);
  if (!text) {
    llvm::consumeError(text.takeError());
    return failure(std::move(fault));
  }
  llvm::SmallVector<llvm::StringRef> lines;
  llvm::StringRef(*text).rtrim().split(lines, '\n');
  const size_t skip = lines.size() > 8 ? lines.size() - 8 : 0;
  fault.notes.push_back(
      {"the end of its log:\n" + llvm::join(llvm::ArrayRef(lines).drop_front(skip), "\n")});
  return failure(std::move(fault));
}

/// The last of the streams is there; the authority listens before they are made.
llvm::Error is_ready(const Home &home) {
  auto own = membership::Member::load(home.operator_directory());
  if (!own) { // the operator has moved away, and the broker's word has to do
    llvm::consumeError(own.takeError());
    return service::sessions(home).takeError();
  }
  auto broker = link::Connection::open(*own, {}, 2s);
  if (!broker)
    return broker.takeError();
  auto answer = (*broker)->request("$JS.API.STREAM.INFO.usage", "", {}, 2s);
  if (!answer)
    return answer.takeError();
  return link::check_api(*answer);
}

llvm::Expected<service::Home> make(const std::string &name, const std::string &listen) {
  auto server = broker::find_server(); // before anything is made
  if (!server)
    return server.takeError();
  auto broker = membership::parse_address(listen.empty() ? service::own_address() : listen,
                                          membership::broker_port);
  if (!broker)
    return broker.takeError();
  if (broker->host == "0.0.0.0" || broker->host == "::")
    return failure("{} is no address that others can connect to: name one of this machine's",
                   broker->host);
  if (broker->port == 65535)
    return failure("the authority listens on the port after the broker's, and 65535 has none");
  membership::Address authority = *broker;
  ++authority.port;
  for (const membership::Address &address : {*broker, authority}) {
    auto free = membership::listen_on(address);
    if (!free)
      return free.takeError();
  }
  return service::make_fleet(name, *broker, authority, now());
}

} // namespace

llvm::Expected<Home> init_fleet(const std::string &name, const std::string &listen) {
  auto home = make(name, listen);
  if (!home)
    return home;
  auto pid = start_fleet(*home);
  if (pid)
    return home;
  // The words of the log are in the error; there is nothing else in there that anybody needs.
  llvm::consumeError(stop_fleet(*home).takeError());
  std::error_code ignored;
  for (const std::string &path :
       {home->authority_directory(), home->broker_directory(), home->operator_directory(),
        home->root_key(), home->log(), home->pid_file(), home->directory + "/fleet.json"})
    std::filesystem::remove_all(path, ignored);
  std::filesystem::remove(home->directory, ignored); // where nothing else is in there
  return pid.takeError();
}

llvm::Expected<pid_t> start_fleet(const Home &home) {
  std::error_code none;
  const auto self = std::filesystem::read_symlink("/proc/self/exe", none);
  if (none)
    return failure("/proc/self/exe: {}", none.message());
  pid_t pid = service::serving(home);
  if (pid == 0) {
    auto started = start_detached({self.string(), "fleet", "serve"}, home.log());
    if (!started)
      return started.takeError();
    pid = *started;
  }
  for (const auto begin = std::chrono::steady_clock::now();;) {
    auto error = is_ready(home);
    const pid_t serving = service::serving(home);
    if (!error && serving != 0)
      return serving;
    const std::string why = llvm::toString(std::move(error));
    const auto passed = std::chrono::steady_clock::now() - begin;
    if (serving == 0 && passed > 2s && ::kill(pid, 0) != 0)
      return not_served(home, "the fleet's service was started and has ended");
    if (passed > patience)
      return not_served(home, fmt::format("the fleet's service is not ready after {} s: {}",
                                          patience.count(), why));
    std::this_thread::sleep_for(50ms);
  }
}

llvm::Expected<bool> stop_fleet(const Home &home) {
  const pid_t pid = service::serving(home);
  const broker::Process process(home.broker_directory());
  const bool ran = pid != 0 || process.running() != 0;
  if (pid != 0 && ::kill(pid, SIGTERM) != 0 && errno != ESRCH)
    return system_failure(errno, "process {}", pid);
  for (const auto begin = std::chrono::steady_clock::now(); service::serving(home) != 0;) {
    if (std::chrono::steady_clock::now() - begin > patience)
      return failure("the fleet's service (process {}) does not end", pid);
    std::this_thread::sleep_for(20ms);
  }
  if (auto error = process.stop()) // which a killed service has left
    return error;
  return ran;
}

namespace {

/// Nothing where the broker or the operator's membership does not let us see.
std::vector<LeadState> look_at_leads(const Home &home) {
  std::vector<LeadState> leads;
  auto own = membership::Member::load(home.operator_directory());
  if (!own) {
    llvm::consumeError(own.takeError());
    return leads;
  }
  auto broker = link::Connection::open(*own, {}, 2s);
  if (!broker) {
    llvm::consumeError(broker.takeError());
    return leads;
  }
  auto names = backends::fleet::keys_of(**broker, link::lead(""));
  if (!names) {
    llvm::consumeError(names.takeError());
    return leads;
  }
  for (const std::string &name : *names) {
    auto value = lead::read(**broker, link::lead(name), 2s);
    if (!value) {
      llvm::consumeError(value.takeError());
      continue;
    }
    const lead::Held held = lead::judge_claim(*own, name, *value);
    if (held.believed)
      leads.push_back({name, held.duration > 0ms ? held.name : "", held.token,
                       trust::from_unix_ms(held.written_unix_ms)});
  }
  return leads;
}

/// What operators have said of nodes, and until when nodes start anything: as far as it is known
/// here, since the operator may have moved away.
void look_at_nodes(const Home &home, FleetState &state) {
  std::vector<MemberState> &members = state.members;
  auto backend = backends::fleet::Backend::open(home.operator_directory());
  if (!backend)
    return llvm::consumeError(backend.takeError());
  std::vector<std::string> names;
  for (const MemberState &member : members)
    if (member.id.role == trust::Role::node)
      names.push_back(member.id.name);
  auto cordons = backend->cordons(names);
  if (!cordons)
    return llvm::consumeError(cordons.takeError());
  size_t at = 0;
  for (MemberState &member : members)
    if (member.id.role == trust::Role::node)
      member.cordon = std::move((*cordons)[at++]);
  if (auto seen = backend->observe(); !seen)
    return llvm::consumeError(seen.takeError());
  state.validities = backend->validities();
  llvm::sort(state.validities, [](const auto &a, const auto &b) {
    return std::tie(a.stack, a.node) < std::tie(b.stack, b.node);
  });
}

} // namespace

llvm::Expected<FleetState> look_at_fleet(const Home &home) {
  FleetState state;
  state.serving = service::serving(home);
  state.broker = broker::Process(home.broker_directory()).running();
  auto authority = authority::Authority::open(home.authority_directory());
  if (!authority)
    return authority.takeError();
  auto certified = (*authority)->certified(now());
  if (!certified)
    return certified.takeError();
  for (const auto &one : *certified)
    if (!state.members.empty() && state.members.back().id == one.id)
      state.members.back().expires = std::max(state.members.back().expires, one.expires);
    else
      state.members.push_back({one.id, one.expires, std::nullopt, "", std::nullopt});
  if (auto head = (*authority)->verify_audit())
    state.audit_lines = head->sequence;
  else
    state.audit_fault = llvm::toString(head.takeError());
  if (state.broker == 0) {
    state.broker_fault = "it does not run";
    return state;
  }
  look_at_nodes(home, state);
  auto sessions = service::sessions(home);
  if (!sessions) {
    state.broker_fault = llvm::toString(sessions.takeError());
    return state;
  }
  state.leads = look_at_leads(home);
  for (const service::Session &session : *sessions)
    for (MemberState &member : state.members)
      if (member.id.text() == session.user) {
        member.address = session.address;
        member.since = session.since;
      }
  return state;
}

} // namespace nemo::orchestrator
