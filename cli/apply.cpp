// nemo apply: make it so. Takes an intent and plans it now, or a plan file that was looked at
// before.
#include <memory>

#include <CLI/CLI.hpp>

#include "base/diagnostics/registry.h"
#include "base/error.h"
#include "cli/carry_out.h"
#include "cli/searching.h"
#include "compiler/plan/binding.h"

namespace nemo::cli {

namespace {

struct Options {
  orchestrator::PlanRequest request;
  CarryOutOptions how;
  std::string time_limit;
  std::string lifetime = "90d";
};

int apply_file(Options options, const Session &session) {
  options.how.looked_at = true;
  if (!options.request.targets.empty() || !options.request.excludes.empty()) {
    Diagnostic fault = diag::make(diag::N0820, "--target and --exclude do not go with a plan file");
    fault.fix = "give them when it is made: nemo plan --target ... --out FILE";
    return refuse(session, options.how.json, fault);
  }
  auto plan = plan::read_plan_file(options.request.path);
  if (!plan)
    return refuse(session, options.how.json, to_diagnostics(plan.takeError(), diag::N0101.id));
  backends::Choice choice;
  choice.name = options.request.backend.value_or("local");
  choice.lifetime = options.request.lifetime;
  auto seen = orchestrator::look(choice);
  if (!seen)
    return refuse(session, options.how.json, orchestrator::backend_diagnostics(seen.takeError()));
  session.report(seen->warnings);
  if (const auto faults = orchestrator::check_plan_file(*plan, seen->fleet); has_errors(faults)) {
    SourceTexts texts;
    for (const proto::SourceFile &file : plan->intent().files())
      texts.add(file.path(), file.text());
    return refuse(session, options.how.json, faults, texts);
  }
  return carry_out(session, *seen, *plan, options.how);
}

int apply(Options options, const Session &session) {
  const std::string &path = options.request.path;
  options.request.lifetime = lifetime_of(options.lifetime);
  options.how.command = "nemo apply" + (path == "." ? "" : " " + path);
  if (options.request.backend)
    options.how.command += " --backend " + *options.request.backend;
  options.how.command += selection_text(options.request.targets, options.request.excludes);
  if (plan::is_plan_file(path))
    return apply_file(std::move(options), session);
  options.request.take_over = options.how.take_over;
  Searching searching(session, options.time_limit);
  options.request.watch = searching.watch();
  orchestrator::Planned planned = orchestrator::make_plan(options.request);
  searching.end();
  if (has_errors(planned.diagnostics) || !planned.plan)
    return refuse(session, options.how.json, planned.diagnostics, planned.texts());
  if (!options.how.json)
    session.report(planned.diagnostics, planned.texts());
  return carry_out(session, *planned.seen, *planned.plan, options.how);
}

} // namespace

void add_apply(CLI::App &app, Session &session) {
  auto options = std::make_shared<Options>();
  CLI::App *command =
      app.add_subcommand("apply", "Make it so: deliver the plan and watch it come true")
          ->group(group_change)
          ->fallthrough();
  command
      ->add_option("PATH", options->request.path,
                   "A .nemo file, a directory of them, or a plan file")
      ->capture_default_str();
  add_flags(*command, options->how);
  add_selection(*command, options->request.targets, options->request.excludes);
  add_search(*command, options->request, options->time_limit);
  command->add_option("--backend", options->request.backend, backend_help)->type_name("NAME");
  add_lifetime(*command, options->lifetime);
  command->footer(
      "Asks before it acts; without a terminal it needs --yes. It may be interrupted at any\n"
      "moment: what was delivered is made true, and running it again goes on. It ends when all\n"
      "is healthy; a workload without a `health` block counts as healthy once it runs.\n\n"
      "What is delivered to a fleet expires: what runs then runs on and is restarted, and nothing\n"
      "new is started until it is applied again. `nemo nodes --backend fleet` says so in time. A\n"
      "controller renews what it follows by itself.\n\n"
      "Examples:\n"
      "  nemo apply\n"
      "  nemo apply --target web\n"
      "  nemo apply shop --yes --timeout 2min\n"
      "  nemo plan shop --out shop.nemoplan && nemo apply shop.nemoplan --yes");
  command->callback([options, &session] {
    session.run = [options, &session] { return apply(*options, session); };
  });
}

} // namespace nemo::cli
