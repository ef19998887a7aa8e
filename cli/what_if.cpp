// nemo what-if: the plan under a change of the fleet or of the intent, against the plan without it.
#include <memory>

#include <CLI/CLI.hpp>

#include "cli/review.h"
#include "cli/searching.h"
#include "cli/session.h"
#include "compiler/plan/diff/print.h"
#include "orchestrator/what_if.h"

namespace nemo::cli {

namespace {

struct Options {
  orchestrator::PlanRequest request;
  orchestrator::Suppositions suppositions;
  std::string format = "text";
  bool json = false;
  bool detailed_exit = false;
};

int what_if(const Options &options, const Session &session) {
  const orchestrator::WhatIf found = orchestrator::what_if(options.request, options.suppositions);
  return show(session, plan::Supposed{found.changes}, found.difference, found.diagnostics,
              found.texts(), options.json ? Format::json : format_of(options.format),
              options.detailed_exit);
}

} // namespace

void add_what_if(CLI::App &app, Session &session) {
  auto options = std::make_shared<Options>();
  orchestrator::PlanRequest &request = options->request;
  orchestrator::Suppositions &suppositions = options->suppositions;
  request.start_agent = false;
  CLI::App *command =
      app.add_subcommand("what-if", "Show what would become of the plan if something changed")
          ->group(group_change)
          ->fallthrough();
  command->add_option("PATH", request.path, "A .nemo file, or a directory of them")
      ->capture_default_str();
  auto several = [&](const char *flag, std::vector<std::string> &values, const char *type,
                     const char *text) {
    command->add_option(flag, values, text)->type_name(type)->allow_extra_args(false);
  };
  several("--lose", suppositions.lose, "NAME", "A node or a site is gone: node.gw1, site.athens");
  several("--carbon", suppositions.carbon, "ZONE=CHANGE",
          "The grid's carbon intensity in a zone or at a site: GR=+30%, GR=90gCO2e/kWh");
  several("--price", suppositions.price, "SITE=CHANGE",
          "The price of electricity at a site or in a zone, or of a node: athens=+10%, "
          "node.gw1=0.02EUR/h");
  several("--add", suppositions.add, "FILE",
          "Nodes in a fleet file (.yaml) or workloads in intent (.nemo) are added");
  command->add_option("--fleet", request.fleet_file, "Plan for the fleet in this YAML file")
      ->type_name("FILE");
  command->add_option("--backend", request.backend, backend_help)->type_name("NAME");
  add_effort(*command, request);
  auto *json = command->add_flag("--json", options->json, "Print the difference as JSON");
  command->add_option("--format", options->format, "text, markdown (for a pull request), json")
      ->check(CLI::IsMember({"text", "markdown", "json"}))
      ->excludes(json)
      ->type_name("FORMAT");
  command->add_flag("--detailed-exitcode", options->detailed_exit, "Exit 2 when there are changes");
  command->footer(
      "The plan as it is now is taken to run, and from there it is planned again under the change: "
      "what\n"
      "is shown is what the change causes. Where no plan is left, it says why and what would make "
      "it fit.\n"
      "Nothing is touched, and no agent is started.\n\n"
      "Examples:\n"
      "  nemo what-if shop --fleet eu.yaml --lose node.gw1\n"
      "  nemo what-if shop --lose site.athens --format markdown\n"
      "  nemo what-if shop --carbon GR=+30% --price paris=0.30EUR/kWh\n"
      "  nemo what-if shop --add more-nodes.yaml --add campaign.nemo --json");
  command->callback([options, &session] {
    session.run = [options, &session] { return what_if(*options, session); };
  });
}

} // namespace nemo::cli
