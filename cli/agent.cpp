// nemo agent: the agent on this machine as a process. What it runs is not touched by any of these.
#include <memory>

#include <CLI/CLI.hpp>

#include "backends/local/agent_process.h"
#include "cli/session.h"
#include "orchestrator/make_plan.h"
#include "orchestrator/own_agent.h"

namespace nemo::cli {

namespace {

using backends::local::AgentProcess;

int start(const Session &session) {
  auto socket = orchestrator::start_agent();
  if (!socket)
    return session.report(orchestrator::backend_diagnostics(socket.takeError()));
  session.out << "The agent runs and answers at " << *socket << ".\n";
  return ok;
}

int stop(const Session &session) {
  auto ran = orchestrator::stop_agent();
  if (!ran)
    return session.report(orchestrator::backend_diagnostics(ran.takeError()));
  session.out << (*ran ? "The agent has ended; what it started runs on.\n"
                       : "The agent does not run.\n");
  return ok;
}

int status(const Session &session, bool json) {
  auto where = AgentProcess::locate();
  if (!where)
    return session.report(orchestrator::backend_diagnostics(where.takeError()));
  auto pid = where->pid();
  if (!pid)
    return session.report(orchestrator::backend_diagnostics(pid.takeError()));
  if (json) {
    print_line(session.out, llvm::json::Object{{"version", 1},
                                               {"running", *pid != 0},
                                               {"pid", *pid != 0 ? llvm::json::Value(*pid)
                                                                 : llvm::json::Value(nullptr)},
                                               {"socket", where->socket_path()},
                                               {"log", where->log_path()}});
    return *pid != 0 ? ok : fault;
  }
  session.out << "socket  " << where->socket_path() << "\nlog     " << where->log_path() << '\n';
  if (*pid == 0) {
    session.out << "state   does not run\n";
    if (const std::string tail = where->log_tail(5); !tail.empty())
      session.out << "\nThe end of its log:\n" << tail << '\n';
    return fault;
  }
  session.out << "state   runs, pid " << *pid << '\n';
  return ok;
}

} // namespace

void add_agent(CLI::App &app, Session &session) {
  CLI::App *command = app.add_subcommand("agent", "Start, stop or find the agent on this machine")
                          ->group(group_more)
                          ->fallthrough();
  command->require_subcommand(1);
  command->footer(
      "`nemo` starts the agent when it needs it. Stopping it leaves the services running.\n"
      "`nemo agent status` exits 1 when it does not run.\n\n"
      "Examples:\n  nemo agent status\n  nemo agent stop");
  auto add = [&](const char *name, const char *text, int (*what)(const Session &)) {
    command->add_subcommand(name, text)
        ->group("Commands")
        ->fallthrough()
        ->callback([what, &session] { session.run = [what, &session] { return what(session); }; });
  };
  add("start", "Start it, if it does not run", start);
  add("stop", "End it; the services run on", stop);
  auto json = std::make_shared<bool>(false);
  CLI::App *find = command->add_subcommand("status", "Say where it lives and whether it runs")
                       ->group("Commands")
                       ->fallthrough();
  find->add_flag("--json", *json, "Print it as JSON");
  find->callback(
      [json, &session] { session.run = [json, &session] { return status(session, *json); }; });
}

} // namespace nemo::cli
