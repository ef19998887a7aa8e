// nemo verify: does a plan file hold? From scratch, with nothing but the file.
#include <memory>

#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include "base/diagnostics/registry.h"
#include "base/error.h"
#include "cli/session.h"
#include "compiler/plan/binding.h"
#include "compiler/verify/verify.h"

namespace nemo::cli {

namespace {

struct Options {
  std::string path;
  bool json = false;
};

int verify_file(const Options &options, const Session &session) {
  std::vector<Diagnostic> faults;
  auto plan = plan::read_plan_file(options.path);
  if (plan)
    faults = verify::verify(*plan);
  else
    faults = to_diagnostics(plan.takeError(), diag::N0101.id);
  if (options.json)
    return session.report_json(faults);
  SourceTexts texts;
  if (plan)
    for (const proto::SourceFile &file : plan->intent().files())
      texts.add(file.path(), file.text());
  const int code = session.report(faults, texts);
  if (code == ok)
    session.out << fmt::format(
        "The plan holds: stack '{}', {} placements, {} actions; digest {}.\n", plan->stack(),
        plan->placements_size(), plan->actions_size(), plan->digest().substr(0, 16));
  return code;
}

} // namespace

void add_verify(CLI::App &app, Session &session) {
  auto options = std::make_shared<Options>();
  CLI::App *command = app.add_subcommand("verify", "Check a plan file from scratch")
                          ->group(group_change)
                          ->fallthrough();
  command->add_option("PLAN", options->path, "A file that `nemo plan --out` wrote")->required();
  command->add_flag("--json", options->json, "Print the findings as JSON");
  command->footer(
      "Needs nothing but the file: it carries the intent and the facts that it was made from.\n\n"
      "Examples:\n  nemo verify shop.nemoplan");
  command->callback([options, &session] {
    session.run = [options, &session] { return verify_file(*options, session); };
  });
}

} // namespace nemo::cli
