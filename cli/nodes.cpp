// nemo nodes: what the nodes are and what each of them cannot do, with the reason.
#include <memory>

#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include "cli/session.h"
#include "cli/status_json.h"
#include "compiler/explain/texts.h"
#include "compiler/plan/table.h"
#include "intent/units/units.h"
#include "orchestrator/make_plan.h"

namespace nemo::cli {

namespace {

using plan::Tone;

struct Options {
  std::string backend = "local";
  bool json = false;
};

std::string joined(const google::protobuf::RepeatedPtrField<std::string> &list) {
  return llvm::join(list, ", ");
}

int nodes(const Options &options, const Session &session) {
  backends::Choice choice;
  choice.name = options.backend;
  auto seen = orchestrator::look(choice);
  if (!seen)
    return session.report(orchestrator::backend_diagnostics(seen.takeError()));
  session.report(seen->warnings);
  if (options.json) {
    print_line(session.out, nodes_json(seen->fleet));
    return ok;
  }
  if (seen->fleet.nodes().empty()) {
    session.out << "No nodes here.\n";
    return ok;
  }
  plan::Table table;
  table.row({{"node", Tone::faint},
             {"site", Tone::faint},
             {"class", Tone::faint},
             {"arch", Tone::faint},
             {"cpu", Tone::faint, true},
             {"memory", Tone::faint, true},
             {"sandboxes", Tone::faint}});
  for (const proto::Node &node : seen->fleet.nodes())
    table.row({{node.name(), Tone::strong},
               {node.site()},
               {node.has_node_class() ? node.node_class() : "-"},
               {node.has_arch() ? node.arch() : "-"},
               {units::show_cpu(node.cpu_millicores()), Tone::plain, true},
               {units::show_bytes(node.memory_bytes()), Tone::plain, true},
               {joined(node.sandboxes())}});
  table.print(session.out, session.style());
  for (const proto::Node &node : seen->fleet.nodes())
    if (node.has_cordon())
      session.out << fmt::format("\n  {} is {}\n", node.name(), explain::closed(node.cordon()));
  for (const proto::Node &node : seen->fleet.nodes()) {
    plan::Table can(4);
    for (const proto::Capability &capability : node.capabilities())
      can.row(
          {{capability.available() ? "✓" : "✗", capability.available() ? Tone::good : Tone::bad},
           {capability.name()},
           {capability.reason(), Tone::faint}});
    if (can.empty())
      continue;
    session.out << fmt::format("\n  {} can and cannot:\n", node.name());
    can.print(session.out, session.style());
  }
  return ok;
}

} // namespace

void add_nodes(CLI::App &app, Session &session) {
  auto options = std::make_shared<Options>();
  CLI::App *command = app.add_subcommand("nodes", "Show the nodes, and what they can and cannot do")
                          ->group(group_see)
                          ->fallthrough();
  command->add_flag("--json", options->json, "Print it as JSON");
  command->add_option("--backend", options->backend, backend_help)
      ->type_name("NAME")
      ->capture_default_str();
  command->footer("Examples:\n  nemo nodes\n  nemo nodes --json");
  command->callback([options, &session] {
    session.run = [options, &session] { return nodes(*options, session); };
  });
}

} // namespace nemo::cli
