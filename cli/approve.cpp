// nemo approve: what a person says to the plans that a controller may not carry out by itself.
#include "cli/approve.h"

#include <memory>

#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include "backends/fleet/place.h"
#include "base/diagnostics/registry.h"
#include "base/error.h"
#include "cli/carry_out.h"
#include "cli/progress.h"
#include "cli/units.h"
#include "compiler/plan/print.h"
#include "orchestrator/lead/candidate.h"
#include "orchestrator/loop/fleet_approvals.h"
#include "orchestrator/make_plan.h"

namespace nemo::cli {

namespace {

struct Options {
  std::string digest;
  std::string backend = "local";
  std::string lead = lead::usual_lead;
  CarryOutOptions how;
};

int stale(const Session &session, bool json, llvm::Error error) {
  return refuse(session, json, to_diagnostics(std::move(error), diag::N0809.id));
}

int unwritten(const Session &session, bool json, llvm::Error error) {
  return refuse(session, json, to_diagnostics(std::move(error), diag::N0816.id));
}

const std::string &digest_of(const proto::Plan &plan) { return plan.digest(); }
const std::string &digest_of(const lead::Asked &asked) { return asked.digest; }

void show(const Session &session, const proto::Plan &plan) {
  plan::print(session.out, plan, session.style());
}

void show(const Session &session, const lead::Asked &asked) {
  session.out << fmt::format("Plan {} of {}, for the commit {}:\n", asked.digest.substr(0, 12),
                             asked.by, on_one_line(asked.commit.substr(0, 12)));
  for (const std::string &line : asked.actions)
    session.out << "  " << on_one_line(line) << '\n';
  session.out << "It waits because\n";
  for (const std::string &line : asked.objections)
    session.out << "  " << on_one_line(line) << '\n';
}

template <typename Approvals>
int decide(const Options &options, const Session &session, const Approvals &approvals) {
  const bool json = options.how.json;
  auto waiting = approvals.pending();
  if (!waiting)
    return stale(session, json, waiting.takeError());
  if (!*waiting)
    return stale(session, json,
                 failure("no plan waits for approval {}",
                         options.backend == "fleet" ? "in this fleet" : "here"));
  const std::string &digest = digest_of(**waiting);
  if (!llvm::StringRef(digest).startswith(options.digest))
    return stale(session, json,
                 failure("the plan that waits is {}, not {}: things have moved since",
                         digest.substr(0, 12), shortened(options.digest, 80)));
  if (!json)
    show(session, **waiting);
  if (const int code = approve(session, "\nApprove this plan? [y/N] ", options.how); code != ok)
    return code;
  if (llvm::Error error = approvals.approve(digest))
    return unwritten(session, json, std::move(error));
  if (json)
    Progress(session, Progress::Form::json)
        .event(llvm::json::Object{{"event", "approved"}, {"digest", digest}});
  else
    session.out << "Approved " << digest.substr(0, 12) << ": the controller carries it out.\n";
  return ok;
}

int approve_plan(const Options &options, const Session &session) {
  const bool json = options.how.json;
  if (options.backend != "fleet") {
    std::string directory;
    auto approvals = open_approvals(directory);
    if (!approvals)
      return unwritten(session, json, approvals.takeError());
    return decide(options, session, *approvals);
  }
  auto place = backends::fleet::membership_place();
  if (!place)
    return refuse(session, json, orchestrator::backend_diagnostics(place.takeError()));
  auto line = lead::Line::open(*place, {}, {});
  if (!line)
    return refuse(session, json, orchestrator::backend_diagnostics(line.takeError()));
  return decide(options, session, loop::FleetApprovals(**line, options.lead));
}

} // namespace

llvm::Expected<loop::Approvals> open_approvals(std::string &directory) {
  auto usual = loop::Approvals::usual_directory();
  if (!usual)
    return usual.takeError();
  directory = *usual;
  return loop::Approvals::open(directory);
}

void add_lead(CLI::App &command, std::string &lead) {
  command
      .add_option("--lead", lead,
                  "Of a fleet: controllers of one name stand in for each other; who follow another "
                  "repository name another")
      ->type_name("NAME")
      ->check(CLI::Validator(
          [](const std::string &text) {
            return trust::is_member_name(text) ? "" : "a lead's name is like a node's: gw-1";
          },
          ""))
      ->capture_default_str();
}

void add_approve(CLI::App &app, Session &session) {
  auto options = std::make_shared<Options>();
  CLI::App *command =
      app.add_subcommand("approve", "Let the controller carry out the plan that it waits with")
          ->group(group_change)
          ->fallthrough();
  command->add_option("DIGEST", options->digest,
                      "Only if it is this plan: the beginning of its digest will do");
  command->add_flag("--yes,-y", options->how.yes, "Do not ask");
  command->add_flag("--json", options->how.json, "Print one JSON event per line");
  command->add_option("--backend", options->backend, backend_help)
      ->type_name("NAME")
      ->capture_default_str();
  add_lead(*command, options->lead);
  command->footer(
      "The plan is shown first. It is approved as it is: when the intent or the fleet moves before "
      "it\nis carried out, the controller asks again. With --backend fleet what is shown is what "
      "the leading\ncontroller says of its plan; an operator's word reaches it wherever it runs.\n"
      "Who leads next goes on with the same plan, or asks again where things have moved.\n\n"
      "Examples:\n  nemo approve\n  nemo approve 3f2a9c01 --yes\n  nemo approve --backend fleet");
  command->callback([options, &session] {
    options->how.command = options->backend == "fleet"
                               ? loop::approve_command(options->digest, options->lead)
                           : options->digest.empty() ? "nemo approve"
                                                     : "nemo approve " + options->digest;
    session.run = [options, &session] { return approve_plan(*options, session); };
  });
}

} // namespace nemo::cli
