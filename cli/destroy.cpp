// nemo destroy: remove a whole stack.
#include <memory>

#include <CLI/CLI.hpp>

#include "cli/carry_out.h"
#include "orchestrator/destroy.h"

namespace nemo::cli {

namespace {

struct Options {
  orchestrator::DestroyRequest request;
  CarryOutOptions how;
};

int destroy(Options options, const Session &session) {
  options.how.command = "nemo destroy";
  if (options.request.path)
    options.how.command += " " + *options.request.path;
  if (options.request.stack)
    options.how.command += " --stack " + *options.request.stack;
  if (options.request.backend)
    options.how.command += " --backend " + *options.request.backend;
  options.how.command += selection_text(options.request.targets, options.request.excludes);
  options.request.take_over = options.how.take_over;
  orchestrator::Planned planned = orchestrator::plan_destroy(options.request);
  if (has_errors(planned.diagnostics))
    return refuse(session, options.how.json, planned.diagnostics, planned.texts());
  if (!planned.plan) {
    if (options.how.json)
      print_line(session.out, llvm::json::Object{{"version", 1},
                                                 {"event", "end"},
                                                 {"outcome", "done"},
                                                 {"exit_code", ok},
                                                 {"diagnostics", llvm::json::Array{}}});
    else
      session.out << "Nothing to remove: no stack is here.\n";
    return ok;
  }
  if (!options.how.json)
    session.report(planned.diagnostics, planned.texts());
  return carry_out(session, *planned.seen, *planned.plan, options.how);
}

} // namespace

void add_destroy(CLI::App &app, Session &session) {
  auto options = std::make_shared<Options>();
  CLI::App *command =
      app.add_subcommand("destroy", "Remove a stack")->group(group_change)->fallthrough();
  auto *path =
      command->add_option("PATH", options->request.path, "The intent whose stack to remove");
  command->add_option("--stack", options->request.stack, "The stack to remove")
      ->type_name("NAME")
      ->excludes(path);
  add_flags(*command, options->how);
  add_selection(*command, options->request.targets, options->request.excludes);
  command->add_option("--backend", options->request.backend, backend_help)->type_name("NAME");
  command->footer(
      "Without PATH and --stack it removes the only stack, or lists them and exits 1.\n\n"
      "Examples:\n  nemo destroy\n  nemo destroy --stack shop --yes\n"
      "  nemo destroy --target web");
  command->callback([options, &session] {
    session.run = [options, &session] { return destroy(*options, session); };
  });
}

} // namespace nemo::cli
