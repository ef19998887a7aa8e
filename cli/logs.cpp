// nemo logs: what a workload printed.
#include <memory>
#include <set>

#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include "base/clock.h"
#include "base/diagnostics/registry.h"
#include "cli/session.h"
#include "cli/units.h"
#include "cli/which.h"
#include "orchestrator/make_plan.h"
#include "orchestrator/status.h"

namespace nemo::cli {

namespace {

struct Options {
  std::string what;
  std::string stack;
  std::string backend = "local";
  std::string since;
  uint64_t tail = 0;
  bool follow = false;
  bool json = false;
};

/// What was named, among what there is; or why not.
std::optional<Diagnostic> resolve(const Options &options, const proto::Fleet &fleet,
                                  proto::LogsCall &call) {
  const auto which = parse_which(options.what);
  std::set<std::string> stacks, all;
  bool replica_known = false;
  for (const auto &known : orchestrator::status_of(fleet, options.stack).replicas) {
    all.insert(known.observed.workload());
    if (which && which->workload == known.observed.workload()) {
      stacks.insert(known.observed.stack());
      replica_known |= which->is(known.observed);
    }
  }
  if (!replica_known)
    return no_such_workload(options.what, all, "nemo logs");
  if (stacks.size() > 1) {
    Diagnostic fault =
        diag::make(diag::N0813, fmt::format("'{}' is in several stacks: {}", which->workload,
                                            llvm::join(stacks, ", ")));
    fault.fix = "name one: --stack " + *stacks.begin();
    return fault;
  }
  call.set_stack(*stacks.begin());
  call.set_workload(which->workload);
  if (which->replica)
    call.set_replica(*which->replica);
  return std::nullopt;
}

int logs(const Options &options, const Session &session) {
  backends::Choice choice;
  choice.name = options.backend;
  auto seen = orchestrator::look(choice);
  if (!seen)
    return session.report(orchestrator::backend_diagnostics(seen.takeError()));
  session.report(seen->warnings);
  proto::LogsCall call;
  if (const auto fault = resolve(options, seen->fleet, call))
    return session.report(*fault);
  call.set_follow(options.follow);
  call.set_tail(options.tail);
  if (!options.since.empty())
    call.set_since_unix_ns((now() - *parse_duration(options.since)).time_since_epoch().count());
  llvm::Error error = seen->backend.logs(call, [&](const proto::LogLine *line) {
    if (line == nullptr) {
      session.out.flush();
      return true;
    }
    if (options.json) {
      print_line(
          session.out,
          llvm::json::Object{
              {"version", 1},
              {"workload", line->workload()},
              {"replica", static_cast<int64_t>(line->replica())},
              {"time", to_rfc3339(UnixNanos(std::chrono::nanoseconds(line->unix_ns())))},
              {"stream", line->stream()},
              {"text", llvm::json::isUTF8(line->text()) ? line->text()
                                                        : llvm::json::fixUTF8(line->text())}});
      return true;
    }
    if (!call.has_replica())
      session.out << fmt::format("{}/{}  ", line->workload(), line->replica());
    session.out << line->text() << '\n';
    return true;
  });
  if (error)
    return session.report(orchestrator::backend_diagnostics(std::move(error)));
  return ok;
}

} // namespace

void add_logs(CLI::App &app, Session &session) {
  auto options = std::make_shared<Options>();
  CLI::App *command =
      app.add_subcommand("logs", "Print what a workload printed")->group(group_see)->fallthrough();
  command->add_option("WORKLOAD", options->what, "web, or web/0 for one replica")->required();
  command->add_flag("--follow,-f", options->follow, "Go on as more comes, until interrupted");
  command->add_option("--since", options->since, "Only what was printed in this time: 5min")
      ->type_name("TIME")
      ->check(CLI::Validator(check_duration, ""));
  command->add_option("--tail", options->tail, "Only so many last lines of each replica")
      ->type_name("N");
  command->add_option("--stack", options->stack, "Of this stack")->type_name("NAME");
  command->add_flag("--json", options->json, "Print one JSON object per line");
  command->add_option("--backend", options->backend, "local, or NAME of nemo-backend-NAME")
      ->type_name("NAME")
      ->capture_default_str();
  command->footer(
      "Examples:\n  nemo logs web\n  nemo logs web/0 -f\n  nemo logs web --since 5min --tail 100");
  command->callback([options, &session] {
    session.run = [options, &session] { return logs(*options, session); };
  });
}

} // namespace nemo::cli
