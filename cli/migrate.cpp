// nemo migrate: one replica to one node, and everything else as it is.
#include <memory>

#include <CLI/CLI.hpp>

#include "cli/carry_out.h"
#include "cli/searching.h"

namespace nemo::cli {

namespace {

struct Options {
  orchestrator::PlanRequest request;
  CarryOutOptions how;
  std::string time_limit, what, to;
};

/// "web", "workload.web/1", "web#1". \returns what is wrong with it.
std::string read_replica(llvm::StringRef text, orchestrator::AskedReplica &asked) {
  text.consume_front("workload.");
  const size_t at = text.find_first_of("/#");
  asked.workload = text.take_front(at).str();
  if (at == llvm::StringRef::npos)
    return {};
  uint32_t replica = 0;
  if (text.drop_front(at + 1).getAsInteger(10, replica))
    return "a replica is named like web/1";
  asked.replica = replica;
  return {};
}

std::string check_replica(const std::string &text) {
  orchestrator::AskedReplica unused;
  return read_replica(text, unused);
}

int migrate(Options options, const Session &session) {
  orchestrator::AskedReplica asked;
  read_replica(options.what, asked);
  llvm::StringRef to = options.to;
  to.consume_front("node.");
  asked.node = to.str();
  options.request.move = asked;
  const std::string &path = options.request.path;
  options.how.command = "nemo migrate " + options.what + " --to " + options.to;
  options.how.command += path == "." ? "" : " " + path;
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

void add_migrate(CLI::App &app, Session &session) {
  auto options = std::make_shared<Options>();
  options->request.backend = "fleet";
  CLI::App *command = app.add_subcommand("migrate", "Move one replica to one node")
                          ->group(group_change)
                          ->fallthrough();
  command->add_option("REPLICA", options->what, "workload.web/1, web/1, or web where it has one")
      ->required()
      ->check(CLI::Validator(check_replica, ""));
  command->add_option("PATH", options->request.path, "A .nemo file, or a directory of them")
      ->capture_default_str();
  command->add_option("--to", options->to, "The node: node.gw2 or gw2")
      ->type_name("NODE")
      ->required();
  add_flags(*command, options->how);
  add_search(*command, options->request, options->time_limit);
  command->add_option("--backend", options->request.backend, "fleet, or NAME of nemo-backend-NAME")
      ->type_name("NAME")
      ->capture_default_str();
  command->footer(
      "Rules, room and trust are judged as in every plan: where they do not let it go there, "
      "nothing\nis done, and the rule is named. What it starts after, and its siblings, stay as "
      "they are. It\nmoves as it runs: where its block has changed since it was applied, apply "
      "that "
      "first. It is no\nrule for later: a plan may move it again, if that saves enough and its "
      "`dwell` is over.\n\n"
      "Examples:\n"
      "  nemo migrate workload.web/1 --to node.gw2 shop\n"
      "  nemo migrate db --to gw2 shop --yes");
  command->callback([options, &session] {
    session.run = [options, &session] { return migrate(*options, session); };
  });
}

} // namespace nemo::cli
