// nemo plan: what would change, in which order, why, and what it would cost.
#include <memory>

#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include "base/diagnostics/registry.h"
#include "base/error.h"
#include "base/files.h"
#include "cli/carry_out.h"
#include "cli/files.h"
#include "cli/review.h"
#include "cli/searching.h"
#include "cli/session.h"
#include "compiler/plan/binding.h"
#include "orchestrator/make_plan.h"

namespace nemo::cli {

namespace {

struct Options {
  orchestrator::PlanRequest request;
  std::string out;
  std::string replay;
  std::string range;
  std::string format = "text";
  std::string time_limit;
  bool json = false;
  bool brief = false;
  bool full = false;
  bool detailed_exit = false;
};

/// Prints the plan, or the stage that was asked for, or says why there is neither.
int show(const Options &options, const Session &session, const std::optional<proto::Plan> &plan,
         const std::string &dump, llvm::ArrayRef<Diagnostic> diagnostics,
         const SourceTexts &texts) {
  if (!options.request.dump_stage.empty() && !has_errors(diagnostics)) {
    session.report(diagnostics, texts);
    session.out << dump;
    return ok;
  }
  if (options.json && !plan)
    return session.report_json(diagnostics);
  if (const int code = session.report(diagnostics, texts); code != ok || !plan)
    return fault;
  if (!options.out.empty()) {
    auto bytes = plan::write_plan_file(*plan);
    if (llvm::Error error = bytes ? write_file(options.out, *bytes) : bytes.takeError())
      return session.report(to_diagnostics(std::move(error), diag::N0816.id));
  }
  if (options.json)
    plan::print_json(session.out, *plan);
  else
    plan::print(session.out, *plan,
                session.style(options.brief  ? plan::Level::brief
                              : options.full ? plan::Level::full
                                             : plan::Level::normal));
  if (!options.out.empty() && !options.json)
    session.out << "\nWritten to " << options.out << ". To make it so: nemo apply " << options.out
                << '\n';
  return options.detailed_exit && plan::has_changes(*plan) ? changes : ok;
}

int replay(const Options &options, const Session &session, const placement::Watch &watch) {
  constexpr uint64_t most = 256ull << 20; // a plan file may have 64, and JSON is longer
  auto dump = read_file(options.replay, most, Input::stream);
  if (!dump || dump->size() > most)
    return session.report(diag::make(
        diag::N0101,
        fmt::format("'{}' cannot be read: {}", options.replay,
                    dump ? fmt::format("it is over {} MiB, and no dump of nemo's", most >> 20)
                         : llvm::toString(dump.takeError()))));
  auto compiled = compiler::replay(*dump, options.request.dump_stage, watch);
  if (!compiled)
    return session.report(to_diagnostics(compiled.takeError(), diag::N0101.id));
  SourceTexts texts;
  for (const proto::SourceFile &file : compiled->files)
    texts.add(file.path(), file.text());
  return show(options, session, compiled->plan, compiled->dump, compiled->diagnostics, texts);
}

int plan(Options options, const Session &session) {
  if (!options.range.empty())
    return review(session, options.request, options.range,
                  options.json ? Format::json : format_of(options.format), options.detailed_exit);
  Searching searching(session, options.time_limit);
  if (!options.replay.empty())
    return replay(options, session, searching.watch());
  options.request.watch = searching.watch();
  const orchestrator::Planned planned = orchestrator::make_plan(options.request);
  searching.end();
  return show(options, session, planned.plan, planned.dump, planned.diagnostics, planned.texts());
}

} // namespace

void add_plan(CLI::App &app, Session &session) {
  auto options = std::make_shared<Options>();
  orchestrator::PlanRequest &request = options->request;
  CLI::App *command =
      app.add_subcommand("plan", "Show what would change, why, in which order, and what it costs")
          ->group(group_change)
          ->fallthrough();
  auto *path = command->add_option("PATH", request.path, "A .nemo file, or a directory of them")
                   ->capture_default_str();
  auto *fleet =
      command->add_option("--fleet", request.fleet_file, "Plan for the fleet in this YAML file")
          ->type_name("FILE");
  command
      ->add_option("--out", options->out, "Write the plan here, for `nemo apply` and `nemo verify`")
      ->type_name("FILE");
  auto *json = command->add_flag("--json", options->json, "Print the plan as JSON");
  auto *brief = command->add_flag("--brief", options->brief, "Only the actions and the totals");
  command->add_flag("--full", options->full, "Everything, with models and sources")
      ->excludes(brief);
  command->add_flag("--detailed-exitcode", options->detailed_exit, "Exit 2 when there are changes");
  auto *seed = add_search(*command, request, options->time_limit);
  std::vector<std::string> stages;
  for (llvm::StringRef stage : compiler::stages())
    stages.push_back(stage.str());
  command
      ->add_option("--dump", request.dump_stage,
                   "Stop after this stage and print its result as JSON")
      ->type_name("STAGE")
      ->check(CLI::IsMember(stages));
  add_selection(*command, request.targets, request.excludes);
  auto *take_over = command->add_flag("--take-over", request.take_over,
                                      "Change what another repository applied to this stack");
  auto *backend =
      command->add_option("--backend", request.backend, backend_help)->type_name("NAME");
  auto *replay =
      command->add_option("--replay", options->replay, "Go on from a dump instead of reading PATH")
          ->type_name("FILE");
  for (CLI::Option *input : {path, fleet, seed, take_over, backend}) // the dump holds all of them
    replay->excludes(input);
  replay->excludes(command->get_option("--effort"));
  for (const char *input : {"--target", "--exclude"})
    replay->excludes(command->get_option(input));
  command->get_option("--dump")->excludes(
      command->get_option("--out")); // there is no plan to write
  auto *range =
      command
          ->add_option("--ref", options->range,
                       "Show what merging commit B into A changes in the plan; merges in memory, "
                       "touches no file")
          ->type_name("A..B");
  for (const char *other : {"--out", "--brief", "--full", "--dump", "--replay", "--take-over",
                            "--target", "--exclude", "--time-limit"})
    range->excludes(command->get_option(other));
  command
      ->add_option("--format", options->format,
                   "Of --ref: text, markdown (for a pull request), json")
      ->check(CLI::IsMember({"text", "markdown", "json"}))
      ->needs(range)
      ->excludes(json)
      ->type_name("FORMAT");
  command->footer("Examples:\n"
                  "  nemo plan\n"
                  "  nemo plan shop --fleet eu.yaml --full\n"
                  "  nemo plan shop --out shop.nemoplan && nemo apply shop.nemoplan\n"
                  "  nemo plan shop --ref main..HEAD --fleet eu.yaml\n"
                  "  nemo plan shop --ref origin/main..HEAD --format markdown > comment.md\n"
                  "  nemo plan --target web --exclude 'cache-*'\n"
                  "  nemo plan --dump=resolve > stage.json && nemo plan --replay stage.json");
  command->callback([options, &session] {
    session.run = [options, &session] { return plan(*options, session); };
  });
}

} // namespace nemo::cli
