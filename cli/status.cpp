// nemo status: what was asked for beside what is observed. Observations come from the agents,
// predictions are computed anew from the intent when its path is given; nothing is stored in
// between.
#include <memory>
#include <thread>

#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include "base/clock.h"
#include "cli/interrupt.h"
#include "cli/session.h"
#include "cli/status_json.h"
#include "cli/units.h"
#include "compiler/plan/figures.h"
#include "compiler/plan/table.h"
#include "intent/units/units.h"
#include "orchestrator/drift.h"
#include "orchestrator/make_plan.h"
#include "orchestrator/status.h"

namespace nemo::cli {

namespace {

using orchestrator::ReplicaStatus;
using plan::Tone;

struct Options {
  orchestrator::PlanRequest request;
  std::optional<std::string> path;
  std::string stack;
  bool json = false;
  bool watch = false;
};

Tone tone_of(const proto::Running &running) {
  switch (running.state()) {
  case proto::Running::RUNNING:
    return Tone::good;
  case proto::Running::FAILED:
  case proto::Running::BACKOFF:
  case proto::Running::UNHEALTHY:
    return Tone::bad;
  default:
    return Tone::changed;
  }
}

std::string uptime(const proto::Running &running, UnixNanos at) {
  const auto since = from_rfc3339(running.started_at());
  if (!since || running.pid() == 0 || *since > at)
    return "-";
  return show_duration(at - *since);
}

std::string addresses(const proto::Running &running) {
  std::string text;
  for (const proto::Address &address : running.addresses())
    text += fmt::format("{}{} {}", text.empty() ? "" : ", ", address.port(), address.address());
  return text;
}

/// "0.02 of 1core": used, and what was reserved for it.
std::string used(const std::string &observed, const std::string &reserved) {
  return reserved.empty() ? observed : observed + " of " + reserved;
}

void print_replicas(const Session &session, const orchestrator::Status &status) {
  plan::Table table;
  auto head = [](const char *text, bool right = false) {
    return plan::Cell{text, Tone::faint, right};
  };
  table.row({head("workload"), head("node"), head("state"), head("up", true),
             head("restarts", true), head("cpu", true), head("memory", true), head("address")});
  const UnixNanos at = now();
  for (const ReplicaStatus &replica : status.replicas) {
    const proto::Running &r = replica.observed;
    const bool limits = replica.reserved.has_value();
    table.row(
        {{fmt::format("{}/{}", r.workload(), r.replica())},
         {r.node()},
         {orchestrator::state_name(r.state()) + (r.retiring() ? ", leaving" : "") +
              (r.protect() ? ", protected" : ""),
          tone_of(r)},
         {uptime(r, at), Tone::plain, true},
         {std::to_string(r.restarts()), r.restarts() != 0 ? Tone::changed : Tone::plain, true},
         {used(r.has_cpu_cores() ? fmt::format("{:.2f}", r.cpu_cores()) : "-",
               limits ? units::show_cpu(replica.reserved->cpu_millicores()) : ""),
          Tone::plain, true},
         {used(r.has_memory_bytes() ? show_measured(r.memory_bytes()) : "-",
               limits ? units::show_bytes(replica.reserved->memory_bytes()) : ""),
          Tone::plain, true},
         {addresses(r)}});
  }
  table.print(session.out, session.style());
  for (const ReplicaStatus &replica : status.replicas) {
    const proto::Running &r = replica.observed;
    const std::string name = fmt::format("{}/{}", r.workload(), r.replica());
    if (!r.reason().empty())
      session.out << fmt::format("  {}: {}\n", name, on_one_line(r.reason()));
    if (r.refusals() != 0)
      session.out << fmt::format("  {}: its sandbox refused {} attempt{}, see nemo events {} "
                                 "--refusals\n",
                                 name, r.refusals(), r.refusals() == 1 ? "" : "s", name);
  }
}

void print_totals(const Session &session, const orchestrator::Status &status,
                  const std::optional<proto::Plan> &plan) {
  double cpu = 0;
  uint64_t memory = 0, cpu_reserved = 0, memory_reserved = 0;
  for (const ReplicaStatus &replica : status.replicas) {
    cpu += replica.observed.cpu_cores();
    memory += replica.observed.memory_bytes();
    if (replica.reserved) {
      cpu_reserved += replica.reserved->cpu_millicores();
      memory_reserved += replica.reserved->memory_bytes();
    }
  }
  session.out << fmt::format("\n  observed   {:.2f} of {} CPU, {} of {} memory\n", cpu,
                             units::show_cpu(cpu_reserved), show_measured(memory),
                             units::show_bytes(memory_reserved));
  if (!plan)
    return;
  const proto::Totals &totals = plan->after();
  session.out << fmt::format(
      "  predicted  cost {}, power {}, carbon {}\n", plan::euros_per_hour(plan::euros(totals)),
      plan::watts(plan::power(totals)), plan::grams_per_hour(plan::carbon(totals)));
  if (plan::has_changes(*plan))
    session.out << "  The intent differs from what runs: see nemo drift " << plan->intent_path()
                << '\n';
}

void print(const Session &session, const orchestrator::Status &status,
           const std::optional<proto::Plan> &plan) {
  for (const proto::PartState &part : status.parts)
    session.out << fmt::format("stack {} on {}: generation {}, by {}\n", part.part().stack(),
                               part.part().node(), part.generation(), part.holder());
  if (status.replicas.empty()) {
    session.out << "Nothing runs here. To begin: nemo apply PATH\n";
    return;
  }
  print_replicas(session, status);
  print_totals(session, status, plan);
}

/// Once. \returns the exit code.
int show(const Options &options, const Session &session) {
  orchestrator::PlanRequest request = options.request;
  std::optional<proto::Plan> plan;
  std::optional<orchestrator::Seen> seen;
  std::string stack = options.stack;
  if (options.path) {
    request.path = *options.path;
    orchestrator::Planned planned = orchestrator::make_plan(request);
    if (has_errors(planned.diagnostics) || !planned.plan)
      return options.json ? session.report_json(planned.diagnostics)
                          : session.report(planned.diagnostics, planned.texts());
    plan = std::move(planned.plan);
    seen = std::move(planned.seen);
    stack = plan->stack();
  } else {
    backends::Choice choice;
    choice.name = request.backend.value_or("local");
    auto looked = orchestrator::look(choice);
    if (!looked)
      return session.report(orchestrator::backend_diagnostics(looked.takeError()));
    seen = std::move(*looked);
    session.report(seen->warnings);
  }
  const orchestrator::Status status = orchestrator::status_of(seen->fleet, stack);
  if (options.json) {
    print_line(session.out, status_json(status, seen->fleet, plan));
    return ok;
  }
  if (options.watch && session.out_is_terminal())
    session.out << "\x1b[H\x1b[2J";
  print(session, status, plan);
  session.out.flush();
  return ok;
}

int status(const Options &options, const Session &session) {
  if (!options.watch)
    return show(options, session);
  Interrupt interrupt;
  for (;;) {
    if (const int code = show(options, session); code != ok)
      return code;
    for (int i = 0; i < 10; ++i) {
      std::this_thread::sleep_for(std::chrono::milliseconds(100));
      if (interrupt.interrupted())
        return interrupted;
    }
  }
}

} // namespace

void add_status(CLI::App &app, Session &session) {
  auto options = std::make_shared<Options>();
  CLI::App *command =
      app.add_subcommand("status", "Show how everything is: asked for, predicted and observed")
          ->group(group_see)
          ->fallthrough();
  command->add_option("PATH", options->path,
                      "An intent: show its stack, with what is predicted for it");
  command->add_option("--stack", options->stack, "Only this stack")->type_name("NAME");
  command->add_flag("--watch,-w", options->watch, "Again every second, until interrupted");
  command->add_flag("--json", options->json, "Print it as JSON");
  command->add_option("--backend", options->request.backend, backend_help)->type_name("NAME");
  command->footer("Examples:\n  nemo status\n  nemo status shop --watch\n"
                  "  nemo status --json | jq '.workloads[] | select(.healthy | not)'");
  command->callback([options, &session] {
    session.run = [options, &session] { return status(*options, session); };
  });
}

} // namespace nemo::cli
