// nemo unprotect: lift the protection of what runs, so that it may be changed or removed.
#include <memory>

#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include "cli/carry_out.h"
#include "cli/progress.h"
#include "orchestrator/unprotect.h"

namespace nemo::cli {

namespace {

struct Options {
  orchestrator::UnprotectRequest request;
  CarryOutOptions how;
};

void show(const Session &session, const orchestrator::Unprotecting &lifting, bool json) {
  if (json) {
    llvm::json::Array objects;
    for (const auto &object : lifting.objects)
      objects.push_back(
          llvm::json::Object{{"object", "workload." + object.name}, {"node", object.node}});
    return Progress(session, Progress::Form::json)
        .event(llvm::json::Object{
            {"event", "unprotect"}, {"stack", lifting.stack}, {"objects", std::move(objects)}});
  }
  session.out << "No longer protected, and running on as before:\n";
  for (const auto &object : lifting.objects)
    session.out << fmt::format("  {} on {}\n", object.name, object.node);
  session.out.flush();
}

int unprotect(Options options, const Session &session) {
  options.how.command = "nemo unprotect " + llvm::join(options.request.names, " ");
  if (options.request.stack)
    options.how.command += " --stack " + *options.request.stack;
  if (options.request.backend)
    options.how.command += " --backend " + *options.request.backend;
  orchestrator::Unprotecting lifting = orchestrator::plan_unprotect(options.request);
  if (has_errors(lifting.diagnostics))
    return refuse(session, options.how.json, lifting.diagnostics);
  show(session, lifting, options.how.json);
  if (const int code = approve(session, "\nLift it? [y/N] ", options.how); code != ok)
    return code;
  Progress progress(session, options.how.json ? Progress::Form::json : Progress::Form::lines);
  const std::vector<Diagnostic> faults =
      orchestrator::unprotect(lifting, [&](const std::string &node, uint64_t generation) {
        progress.delivered(node, generation);
      });
  if (!faults.empty())
    return refuse(session, options.how.json, faults);
  progress.ended("done", ok, {});
  return ok;
}

} // namespace

void add_unprotect(CLI::App &app, Session &session) {
  auto options = std::make_shared<Options>();
  CLI::App *command =
      app.add_subcommand("unprotect", "Lift the protection of what runs with `protect = true`")
          ->group(group_change)
          ->fallthrough();
  command
      ->add_option("NAME", options->request.names,
                   "Workloads: web, workload.web, web/1, shop-* (quote the wildcards)")
      ->required();
  command->add_option("--stack", options->request.stack, "Of this stack")->type_name("NAME");
  command->add_flag("--yes,-y", options->how.yes, "Do not ask");
  command->add_flag("--json", options->how.json, "Print one JSON event per line");
  command
      ->add_option("--backend", options->request.backend,
                   "local (default), or NAME of nemo-backend-NAME")
      ->type_name("NAME");
  command->footer(
      "Nothing is restarted. A block that still says `protect = true` protects again at "
      "the next\napply, so this lets one change through; to end it for good, take it "
      "out of the file.\n\n"
      "Examples:\n  nemo unprotect db\n  nemo unprotect 'shop-*' --stack shop --yes");
  command->callback([options, &session] {
    session.run = [options, &session] { return unprotect(*options, session); };
  });
}

} // namespace nemo::cli
