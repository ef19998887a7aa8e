// nemo validate: is the intent right?
#include <memory>

#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include "cli/session.h"
#include "intent/check/check.h"

namespace nemo::cli {

namespace {

struct Options {
  std::string path = ".";
  bool json = false;
};

std::string count(int number, const char *what) {
  return fmt::format("{} {}{}", number, what, number == 1 ? "" : "s");
}

int validate(const Options &options, const Session &session) {
  const check::Checked checked = check::check_path(options.path);
  if (options.json)
    return session.report_json(checked.diagnostics);
  const int code = session.report(checked.diagnostics, checked.texts());
  if (code == ok)
    session.out << fmt::format("Valid: stack '{}', {}, {}, {}.\n", checked.intent.stack(),
                               count(checked.intent.files_size(), "file"),
                               count(checked.intent.workloads_size(), "workload"),
                               checked.intent.policies_size() == 1
                                   ? "1 policy"
                                   : fmt::format("{} policies", checked.intent.policies_size()));
  return code;
}

} // namespace

void add_validate(CLI::App &app, Session &session) {
  auto options = std::make_shared<Options>();
  CLI::App *command =
      app.add_subcommand("validate", "Check .nemo files: syntax, names, types, units")
          ->group(group_write)
          ->fallthrough();
  command->add_option("PATH", options->path, "A .nemo file, or a directory of them")
      ->capture_default_str();
  command->add_flag("--json", options->json, "Print diagnostics as JSON");
  command->footer("Examples:\n  nemo validate\n  nemo validate shop.nemo --json | jq .valid");
  command->callback([options, &session] {
    session.run = [options, &session] { return validate(*options, session); };
  });
}

} // namespace nemo::cli
