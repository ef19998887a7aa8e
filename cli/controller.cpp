// nemo controller: the workflow as a loop, from a git repository. Of a fleet there may be several,
// of which one leads.
#include <filesystem>
#include <memory>
#include <mutex>

#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include "backends/fleet/place.h"
#include "base/clock.h"
#include "base/diagnostics/registry.h"
#include "base/error.h"
#include "cli/approve.h"
#include "cli/carry_out.h"
#include "cli/interrupt.h"
#include "cli/progress.h"
#include "cli/units.h"
#include "orchestrator/loop/controller.h"

namespace nemo::cli {

namespace {

struct Options {
  loop::GitChoice git;
  std::string path = ".";
  std::string policy = "manual";
  std::string backend = "local";
  std::string lead = lead::usual_lead;
  std::string poll = "10s";
  std::string lifetime = "30d";
  std::optional<uint64_t> effort;
  uint64_t seed = 1;
  bool json = false;
};

int cannot(const Session &session, bool json, const diag::Entry &entry, llvm::Error error) {
  return refuse(session, json, to_diagnostics(std::move(error), entry.id));
}

void print(const Session &session, loop::Event event, bool json) {
  if (json) {
    event.fields["event"] = event.name;
    event.fields["text"] = event.text;
    return Progress(session, Progress::Form::json)
        .event(std::move(event.fields), event.diagnostics);
  }
  session.out << to_rfc3339(now(), 0) << "  " << fmt::format("{:<9}  ", event.name)
              << on_one_line(event.text) << '\n';
  session.out.flush();
  session.report(event.diagnostics);
}

int controller(const Options &options, const Session &session) {
  auto policy = loop::Policy::parse(options.policy);
  if (!policy)
    return cannot(session, options.json, diag::N0829, policy.takeError());
  if (options.git.branch.empty() && options.git.tags.empty())
    return cannot(session, options.json, diag::N0829,
                  failure("what to follow is missing: --branch main, or --tag 'v*'"));
  std::string directory;
  auto approvals = open_approvals(directory);
  if (!approvals)
    return cannot(session, options.json, diag::N0816, approvals.takeError());
  loop::GitChoice git = options.git;
  git.cache = directory + "/repository";
  if (!git.signers.empty())
    git.signers = std::filesystem::absolute(git.signers).string();
  auto source = loop::GitSource::open(std::move(git));
  if (!source)
    return cannot(session, options.json, diag::N0830, source.takeError());
  Interrupt interrupt;
  loop::Settings settings;
  settings.path = options.path;
  settings.policy = *policy;
  settings.backend.name = options.backend;
  settings.backend.lifetime = lifetime_of(options.lifetime);
  settings.fetch_every =
      std::chrono::duration_cast<std::chrono::milliseconds>(*parse_duration(options.poll));
  settings.seed = options.seed;
  settings.effort = options.effort;
  settings.interrupted = [&] { return interrupt.interrupted(); };
  std::mutex telling;
  settings.tell = [&](loop::Event event) {
    const std::lock_guard lock(telling);
    print(session, std::move(event), options.json);
  };
  std::unique_ptr<loop::Watchman> watchman;
  std::unique_ptr<lead::Candidate> candidate;
  loop::Controller::AnyApprovals asks = std::move(*approvals);
  if (options.backend == "fleet") {
    auto place = backends::fleet::membership_place();
    if (!place)
      return refuse(session, options.json, orchestrator::backend_diagnostics(place.takeError()));
    auto started = loop::Watchman::start(*place);
    if (!started)
      return refuse(session, options.json, orchestrator::backend_diagnostics(started.takeError()));
    watchman = std::move(*started);
    settings.watchman = watchman.get();
    auto taking_part = lead::Candidate::start(
        *place, options.lead, [tell = settings.tell](const std::string &why) {
          Diagnostic fault = diag::make(diag::N0843, "the lead is given back: " + why);
          fault.fix =
              "mend what the faults before it name: until something succeeds here, this "
              "controller leads only where no other does; `nemo fleet status` says who does";
          tell(loop::Event{
              "fault", fault.message, llvm::json::Object{{"doing", "leading"}}, {fault}});
        });
    if (!taking_part)
      return refuse(session, options.json,
                    orchestrator::backend_diagnostics(taking_part.takeError()));
    candidate = std::move(*taking_part);
    settings.candidate = candidate.get();
    settings.backend.term = [one = candidate.get()] { return one->term(); };
    asks = loop::FleetApprovals(candidate->line(), options.lead);
  }
  loop::Controller(std::move(*source), std::move(asks), std::move(settings)).run();
  return interrupted;
}

} // namespace

void add_controller(CLI::App &app, Session &session) {
  auto options = std::make_shared<Options>();
  CLI::App *command =
      app.add_subcommand("controller", "Follow a git repository, and keep what runs as it says")
          ->group(group_change)
          ->fallthrough();
  command->add_option("--repo", options->git.repository, "A repository's directory, or a URL")
      ->type_name("REPO")
      ->required();
  auto *branch = command->add_option("--branch", options->git.branch, "Follow this branch")
                     ->type_name("BRANCH");
  command
      ->add_option("--tag", options->git.tags,
                   "Follow the highest version of the tags that match, like 'v*'")
      ->type_name("PATTERN")
      ->excludes(branch);
  command->add_option("--path", options->path, "Where in the repository the .nemo files are")
      ->type_name("PLACE")
      ->capture_default_str();
  command
      ->add_option("--policy", options->policy,
                   "What may be done unasked: auto, manual, or 'auto within { moves = 5; cost = "
                   "0.10EUR/h }'")
      ->type_name("POLICY")
      ->capture_default_str();
  command->add_flag("--require-signature", options->git.signature,
                    "Only commits with a good signature count");
  command
      ->add_option("--signers", options->git.signers,
                   "Who may sign with ssh keys, in ssh's form of allowed signers")
      ->type_name("FILE");
  command->add_option("--poll", options->poll, "Fetch from a URL that often")
      ->type_name("TIME")
      ->check(CLI::Validator(check_duration, ""))
      ->capture_default_str();
  command
      ->add_option("--effort", options->effort,
                   "How hard to look for a better placement: steps of the search for each replica")
      ->type_name("N");
  command->add_option("--seed", options->seed, "Of the optimiser")
      ->type_name("NUMBER")
      ->capture_default_str();
  command->add_flag("--json", options->json, "Print one JSON event per line");
  command->add_option("--backend", options->backend, backend_help)
      ->type_name("NAME")
      ->capture_default_str();
  add_lead(*command, options->lead);
  add_lifetime(*command, options->lifetime);
  command->footer(
      "Runs until it is interrupted. Commits are read and never checked out; one with errors "
      "changes\nnothing. A plan that the policy does not allow waits for `nemo approve`: on this "
      "machine and as\nthis user, or with --backend fleet, by an operator anywhere. Whoever starts "
      "it again goes on from\nwhat runs.\n\n"
      "Of a fleet it hears the nodes' heartbeats: what a dead node ran is placed anew, and a node "
      "that is\nback is used once it has been stable for a while. A site that is silent as a "
      "whole, "
      "or more than a\nfifth of ten nodes and more, is taken for a partition, and nothing is "
      "moved.\n\n"
      "Of a fleet any number may run, on any machines of operators and controllers, with the same\n"
      "arguments. One leads, and the others watch; when it ends another leads at once, and when "
      "it\n"
      "is lost, in about two seconds. What it had begun is gone on with, and nothing is done "
      "twice.\n"
      "One that leads and gets nothing done for 30 s gives the lead back, and others come "
      "first.\n\n"
      "What nodes of a fleet shall run expires, and nothing new is started then. The leader "
      "delivers\n"
      "it again when a third of its --lifetime is left, and nothing that runs is touched by "
      "that.\n\n"
      "Examples:\n"
      "  nemo controller --repo . --branch main --policy auto\n"
      "  nemo controller --repo https://git.example/shop.git --tag 'v*' --path deploy\n"
      "  nemo controller --repo /srv/shop.git --branch main --policy 'auto within { moves = 3 }'\n"
      "  nemo controller --repo /srv/shop.git --branch main --require-signature --signers who\n"
      "  nemo controller --repo https://git.example/shop.git --branch main --backend fleet");
  command->callback([options, &session] {
    session.run = [options, &session] { return controller(*options, session); };
  });
}

} // namespace nemo::cli
