// nemo fleet init, start, stop and serve: the fleet that this machine holds, as processes.
#include "cli/fleet.h"

#include <filesystem>
#include <memory>

#include <fmt/format.h>

#include "backends/fleet/broker/configuration.h"
#include "backends/fleet/broker/version.h"
#include "backends/fleet/service/service.h"
#include "base/diagnostics/registry.h"
#include "base/error.h"
#include "orchestrator/fleet.h"

namespace nemo::cli {

namespace {

using service::Home;

struct Init {
  std::string name, listen;
  bool json = false;
};

int init(const Init &options, const Session &session) {
  auto home = orchestrator::init_fleet(options.name, options.listen);
  if (!home)
    return fleet_fault(session, home.takeError());
  session.report(broker_warnings());
  if (options.json) {
    print_line(session.out, llvm::json::Object{{"version", 1},
                                               {"fleet", home->fleet},
                                               {"broker", home->broker.text()},
                                               {"authority", home->authority.text()},
                                               {"directory", home->directory},
                                               {"root_key", home->root_key()}});
    return ok;
  }
  session.out << fmt::format(
      "The fleet {} is there and serves.\n"
      "  broker     {}\n"
      "  authority  {}\n"
      "  state      {}\n\n"
      "Move the root key to where no network is; it is needed again in a year:\n"
      "  {}\n\n"
      "Then let machines in, and look at them:\n"
      "  nemo fleet invite NODE     prints the command to run on that machine\n"
      "  nemo fleet nodes           who is a member, and who is connected\n"
      "  nemo fleet unit            what to install so that it serves after a restart\n",
      home->fleet, home->broker.text(), home->authority.text(), home->directory, home->root_key());
  return ok;
}

int start(const Session &session) {
  auto home = Home::load();
  if (!home)
    return fleet_fault(session, home.takeError());
  auto pid = orchestrator::start_fleet(*home);
  if (!pid)
    return fleet_fault(session, pid.takeError());
  session.report(broker_warnings());
  session.out << fmt::format("The fleet {} is served by process {}.\n", home->fleet, *pid);
  return ok;
}

int stop(const Session &session) {
  auto home = Home::load();
  if (!home)
    return fleet_fault(session, home.takeError());
  auto ran = orchestrator::stop_fleet(*home);
  if (!ran)
    return fleet_fault(session, ran.takeError());
  session.out << (*ran ? "The fleet's service and broker have ended; what nodes run goes on.\n"
                       : "The fleet's service does not run.\n");
  return ok;
}

int serve(const Session &session) {
  auto home = Home::load();
  if (!home)
    return fleet_fault(session, home.takeError());
  session.report(broker_warnings());
  llvm::Error error = service::serve(*home);
  return error ? fleet_fault(session, std::move(error)) : ok;
}

int unit(const Session &session) {
  auto home = Home::load();
  if (!home)
    return fleet_fault(session, home.takeError());
  const llvm::StringRef state =
      llvm::StringRef(home->directory).drop_back(sizeof "/nemo/fleet" - 1);
  std::error_code none;
  const auto self = std::filesystem::read_symlink("/proc/self/exe", none);
  if (none)
    return fleet_fault(session, failure("/proc/self/exe: {}", none.message()));
  session.out << broker::unit(home->fleet, self.string(), state.str(),
                              llvm::StringRef(service::who()).split('@').first.str());
  return ok;
}

} // namespace

CLI::App *fleet_command(CLI::App &fleet, const char *name, const char *text, const char *example) {
  CLI::App *command = fleet.add_subcommand(name, text)->group("Commands")->fallthrough();
  std::string footer = "Examples:";
  for (llvm::StringRef rest = example; !rest.empty();) {
    llvm::StringRef line;
    std::tie(line, rest) = rest.split('\n');
    footer += "\n  nemo fleet " + line.str();
  }
  command->footer(footer);
  return command;
}

int fleet_fault(const Session &session, llvm::Error error) {
  return session.report(to_diagnostics(std::move(error), diag::N0843.id));
}

std::vector<Diagnostic> broker_warnings() {
  auto server = broker::find_server();
  if (!server) {
    llvm::consumeError(server.takeError());
    return {};
  }
  const std::vector<std::string> faults = broker::known_faults(server->version);
  if (faults.empty())
    return {};
  Diagnostic warning =
      diag::make(diag::N0845,
                 fmt::format("nats-server {} has known faults; for production use 2.12.6 or newer",
                             server->version.text()));
  for (const std::string &fault : faults)
    warning.notes.push_back({fault});
  return {warning};
}

void add_fleet(CLI::App &app, Session &session) {
  CLI::App *fleet = app.add_subcommand("fleet", "Make a fleet of many machines, and look after it")
                        ->group(group_more)
                        ->fallthrough();
  fleet->require_subcommand(1);
  fleet->footer(
      "`init` makes a fleet on this machine and serves it: an authority that certifies members, "
      "and\n"
      "a broker (nats-server with JetStream) that carries what they say. Others join with the one\n"
      "command that `invite` prints. The broker is not trusted with anything: it keeps members to\n"
      "their subjects, and what counts is signed.\n\n"
      "Examples:\n"
      "  nemo fleet init shop --listen 10.0.0.1\n"
      "  nemo fleet invite gw1\n"
      "  nemo fleet status\n"
      "  nemo fleet drain gw1 shop\n"
      "  nemo fleet remove gw1 --why 'it was stolen'");
  auto options = std::make_shared<Init>();
  CLI::App *command = fleet_command(*fleet, "init", "Make a fleet on this machine and serve it",
                                    "init shop --listen 10.0.0.1");
  command->add_option("NAME", options->name, "Of the fleet: a-z, 0-9, '.', '-' and '_'")
      ->required();
  command
      ->add_option("--listen", options->listen,
                   "Where members connect to the broker (port 7422 if none is said) and, one port "
                   "above, to the authority; default: this machine's own address")
      ->type_name("ADDRESS");
  command->add_flag("--json", options->json, "Print it as JSON");
  command->callback([options, &session] {
    session.run = [options, &session] { return init(*options, session); };
  });
  add_fleet_members(*fleet, session);
  add_fleet_cordon(*fleet, session);
  add_fleet_looks(*fleet, session);
  auto add = [&](const char *name, const char *text, int (*what)(const Session &)) {
    fleet_command(*fleet, name, text, name)->callback([what, &session] {
      session.run = [what, &session] { return what(session); };
    });
  };
  add("start", "Serve the fleet, if nothing does", start);
  add("stop", "End its service and broker; what nodes run goes on", stop);
  add("serve", "Serve the fleet until it is told to end, as a service manager wants it", serve);
  add("unit", "Print a systemd unit that serves the fleet", unit);
}

} // namespace nemo::cli
