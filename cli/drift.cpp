// nemo drift: what differs between intent and reality, and why.
#include <memory>

#include <CLI/CLI.hpp>

#include "cli/session.h"
#include "compiler/plan/table.h"
#include "orchestrator/drift.h"
#include "orchestrator/make_plan.h"

namespace nemo::cli {

namespace {

struct Options {
  orchestrator::PlanRequest request;
  bool json = false;
};

void print_json(const Session &session, const proto::Plan &plan,
                const std::vector<orchestrator::Drift> &found) {
  llvm::json::Array list;
  for (const orchestrator::Drift &item : found)
    list.push_back(llvm::json::Object{
        {"kind", item.kind}, {"object", item.object}, {"node", item.node}, {"why", item.why}});
  print_line(session.out, llvm::json::Object{
                              {"version", 1}, {"stack", plan.stack()}, {"drift", std::move(list)}});
}

int drift(const Options &options, const Session &session) {
  const orchestrator::Planned planned = orchestrator::make_plan(options.request);
  if (has_errors(planned.diagnostics) || !planned.plan)
    return options.json ? session.report_json(planned.diagnostics)
                        : session.report(planned.diagnostics, planned.texts());
  const auto found = orchestrator::drift(*planned.plan, planned.seen->fleet);
  if (options.json) {
    print_json(session, *planned.plan, found);
    return found.empty() ? ok : changes;
  }
  if (found.empty()) {
    session.out << "No drift: stack '" << planned.plan->stack() << "' is as it should be.\n";
    return ok;
  }
  session.out << found.size() << (found.size() == 1 ? " thing differs" : " things differ")
              << " from the intent of stack '" << planned.plan->stack() << "':\n";
  plan::Table table;
  for (const orchestrator::Drift &item : found) {
    const plan::Tone tone =
        item.kind == "extra" || item.kind == "changed" ? plan::Tone::changed : plan::Tone::bad;
    table.row({{item.kind, tone}, {item.object}, {item.node}, {item.why, plan::Tone::faint}});
  }
  table.print(session.out, session.style());
  session.out << "To mend it: nemo apply"
              << (options.request.path == "." ? "" : " " + options.request.path) << '\n';
  return changes;
}

} // namespace

void add_drift(CLI::App &app, Session &session) {
  auto options = std::make_shared<Options>();
  CLI::App *command =
      app.add_subcommand("drift", "Say what differs between intent and reality, and why")
          ->group(group_see)
          ->fallthrough();
  command->add_option("PATH", options->request.path, "A .nemo file, or a directory of them")
      ->capture_default_str();
  command->add_flag("--json", options->json, "Print it as JSON");
  command
      ->add_option("--fleet", options->request.fleet_file,
                   "Compare with the fleet in this YAML file")
      ->type_name("FILE");
  command->add_option("--backend", options->request.backend, backend_help)->type_name("NAME");
  command->footer(
      "Exits 2 when something differs.\n\nExamples:\n  nemo drift\n  nemo drift shop --json");
  command->callback([options, &session] {
    session.run = [options, &session] { return drift(*options, session); };
  });
}

} // namespace nemo::cli
