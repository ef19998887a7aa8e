// nemo events: what happened to the workloads, from the agents' own record: states with their
// reasons, what the sandbox refused, and what concerns a node as a whole.
#include <memory>
#include <set>

#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include "base/clock.h"
#include "cli/interrupt.h"
#include "cli/session.h"
#include "cli/units.h"
#include "cli/which.h"
#include "compiler/plan/table.h"
#include "orchestrator/drift.h"
#include "orchestrator/make_plan.h"

namespace nemo::cli {

namespace {

using plan::Tone;

struct Options {
  std::string what;
  std::string stack;
  std::string backend = "local";
  std::string since;
  bool follow = false;
  bool refusals = false;
  bool json = false;
};

bool is_refusal(const proto::Event &event) { return event.type() == "refusal"; }

/// What happened, in a word.
std::pair<std::string, Tone> word(const proto::Event &event) {
  if (is_refusal(event))
    return {"refused", Tone::bad};
  if (!event.has_instance() || event.type() == "renamed" || event.type() == "moved")
    return {event.type(), Tone::faint};
  const auto state = event.instance().state();
  const bool bad = state == proto::Running::FAILED || state == proto::Running::BACKOFF ||
                   state == proto::Running::UNHEALTHY;
  return {orchestrator::state_name(state), bad                                ? Tone::bad
                                           : state == proto::Running::RUNNING ? Tone::good
                                                                              : Tone::changed};
}

std::string message(const proto::Event &event) {
  std::string text = event.message();
  if (is_refusal(event))
    text = fmt::format("{} ({}{})", text, event.subject(),
                       event.count() > 1 ? fmt::format(", {} times", event.count()) : "");
  return on_one_line(std::move(text));
}

void print_text(const Session &session, const proto::Event &event) {
  const auto at = from_rfc3339(event.time());
  const auto [what, tone] = word(event);
  const proto::Running &one = event.instance();
  const std::string who = event.has_instance()
                              ? fmt::format("{}/{}/{}", one.stack(), one.workload(), one.replica())
                              : std::string("-");
  session.out << plan::painted(at ? to_rfc3339(*at, 0) : "-", Tone::faint,
                               session.colored(session.out_is_terminal()))
              << fmt::format("  {:<24}  ", who)
              << plan::painted(fmt::format("{:<9}", what), tone,
                               session.colored(session.out_is_terminal()));
  if (const std::string text = message(event); !text.empty())
    session.out << "  " << text;
  session.out << '\n';
}

void print_json(const Session &session, const proto::Event &event) {
  using llvm::json::Value;
  const proto::Running &one = event.instance();
  const bool about = event.has_instance();
  llvm::json::Object object{{"version", 1},
                            {"sequence", static_cast<int64_t>(event.sequence())},
                            {"time", event.time()},
                            {"type", event.type()},
                            {"message", event.message()}};
  object["stack"] = about ? Value(one.stack()) : Value(nullptr);
  object["workload"] = about ? Value(one.workload()) : Value(nullptr);
  object["replica"] = about ? Value(static_cast<int64_t>(one.replica())) : Value(nullptr);
  object["node"] = about ? Value(one.node()) : Value(nullptr);
  object["revision"] = about ? Value(one.revision()) : Value(nullptr);
  object["state"] = about ? Value(orchestrator::state_name(one.state())) : Value(nullptr);
  object["exit_code"] = one.has_exit_code() ? Value(one.exit_code()) : Value(nullptr);
  object["restarts"] = about ? Value(static_cast<int64_t>(one.restarts())) : Value(nullptr);
  object["subject"] = is_refusal(event) ? Value(event.subject()) : Value(nullptr);
  object["count"] = is_refusal(event) ? Value(static_cast<int64_t>(event.count())) : Value(nullptr);
  print_line(session.out, std::move(object));
}

int events(const Options &options, const Session &session) {
  backends::Choice choice;
  choice.name = options.backend;
  auto seen = orchestrator::look(choice);
  if (!seen)
    return session.report(orchestrator::backend_diagnostics(seen.takeError()));
  session.report(seen->warnings);
  std::set<std::string> names;
  for (const proto::Running &running : seen->fleet.running())
    names.insert(running.workload());
  const auto which = parse_which(options.what);
  if (!which)
    return session.report(no_such_workload(options.what, names, "nemo events"));
  std::optional<UnixNanos> from;
  if (!options.since.empty())
    from = now() - *parse_duration(options.since);
  auto shown = [&](const proto::Event &event) {
    if (options.refusals && !is_refusal(event))
      return false;
    if (!event.has_instance() ? !options.what.empty() : !which->is(event.instance()))
      return false;
    const auto at = from_rfc3339(event.time());
    return !from || (at && *at >= *from);
  };
  proto::WatchCall call;
  call.set_stack(options.stack);
  call.set_until_now(!options.follow);
  Interrupt interrupt;
  bool any = false;
  llvm::Error error = seen->backend.watch(call, [&](const proto::Event *event) {
    if (interrupt.interrupted())
      return false;
    if (event == nullptr) {
      session.out.flush();
      return options.follow;
    }
    if (event->has_instance())
      names.insert(event->instance().workload());
    if (!shown(*event))
      return true;
    any = true;
    options.json ? print_json(session, *event) : print_text(session, *event);
    return true;
  });
  if (error)
    return session.report(orchestrator::backend_diagnostics(std::move(error)));
  if (interrupt.interrupted())
    return interrupted;
  if (!which->workload.empty() && !names.contains(which->workload))
    return session.report(no_such_workload(options.what, names, "nemo events"));
  if (!any && !options.json)
    session.out << "Nothing of that kind has happened here.\n";
  return ok;
}

} // namespace

void add_events(CLI::App &app, Session &session) {
  auto options = std::make_shared<Options>();
  CLI::App *command =
      app.add_subcommand("events", "Print what happened: states, refusals of the sandbox, notes")
          ->group(group_see)
          ->fallthrough();
  command->add_option("WORKLOAD", options->what, "Only of web, or of web/0");
  command->add_flag("--follow,-f", options->follow, "Go on as more happens, until interrupted");
  command->add_option("--since", options->since, "Only what happened in this time: 5min")
      ->type_name("TIME")
      ->check(CLI::Validator(check_duration, ""));
  command->add_flag("--refusals", options->refusals, "Only what workloads tried and were refused");
  command->add_option("--stack", options->stack, "Of this stack")->type_name("NAME");
  command->add_flag("--json", options->json, "Print one JSON object per line");
  command->add_option("--backend", options->backend, "local, or NAME of nemo-backend-NAME")
      ->type_name("NAME")
      ->capture_default_str();
  command->footer("Agents keep the last thousand or so events, also across their own restarts.\n\n"
                  "Examples:\n  nemo events\n  nemo events web/0 --since 10min\n"
                  "  nemo events --refusals -f\n"
                  "  nemo events --json | jq 'select(.type == \"refusal\")'");
  command->callback([options, &session] {
    session.run = [options, &session] { return events(*options, session); };
  });
}

} // namespace nemo::cli
