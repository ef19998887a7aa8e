// nemo: the command line. Parses, runs the one command that was named, and turns every way of
// ending into the exit codes that scripts rely on: 0, 1, 2, 130.
#include <exception>

#include <CLI/CLI.hpp>

#include "base/diagnostics/registry.h"
#include "base/error.h"
#include "base/version.h"
#include "cli/complete.h"
#include "cli/help.h"
#include "cli/manual/manual.h"
#include "cli/session.h"

namespace {

using namespace nemo;
using namespace nemo::cli;

/// The whole command line; completion and the manual walk it instead of running it.
void build(CLI::App &app, Session &session) {
  app.formatter(help_layout());
  app.set_help_flag("-h,--help", "Print this help");
  app.set_version_flag("--version", std::string("nemo ") + version_text(),
                       "Print the version and the commit it was built from");
  app.add_option("--color", session.color, "When to use colour")
      ->check(CLI::IsMember({"auto", "always", "never"}))
      ->default_str("auto");
  app.require_subcommand(1);
  app.footer(
      "Begin with:\n"
      "  nemo validate examples/shop     is it right?\n"
      "  nemo plan examples/shop         what would happen, and what would it cost?\n"
      "  nemo apply examples/shop        make it so\n"
      "  nemo status                     how is it?\n\n"
      "nemo COMMAND --help shows the flags of a command, with examples. Exit codes: 0 done or "
      "nothing\n"
      "to do, 1 error, 2 there are changes (plan --detailed-exitcode) or drift, 130 interrupted.");
  for (auto add :
       {add_init,    add_validate, add_fmt,     add_explain,   add_plan,      add_what_if,
        add_verify,  add_apply,    add_migrate, add_destroy,   add_unprotect, add_controller,
        add_approve, add_status,   add_logs,    add_events,    add_nodes,     add_graph,
        add_drift,   add_agent,    add_fleet,   add_completion})
    add(app, session);
}

int run(int argc, char **argv) {
  Session session{llvm::outs(), llvm::errs()};
  CLI::App app("nemo makes services run as .nemo files say: it checks them, plans, shows what the "
               "plan costs,\n"
               "applies it, and tells what differs.",
               "nemo");
  build(app, session);
  std::vector<std::string> words(argv + 1, argv + argc);
  if (!words.empty() && words.front() == "__complete") // what the shells' completion asks
    return complete(app, {words.begin() + 1, words.end()}, session.out);
  if (words.size() == 2 && words.front() == "__manual") { // what the build asks
    llvm::Error error = manual::write_manual(app, words.back());
    return error ? session.report(to_diagnostics(std::move(error), diag::N0816.id)) : ok;
  }
  if (!words.empty() && words.front() == "help") { // nemo help plan
    words.erase(words.begin());
    words.push_back("--help");
  }
  try {
    app.parse(std::vector<std::string>(words.rbegin(), words.rend())); // CLI11 pops from the back
  } catch (const CLI::Success &asked) {
    return app.exit(asked) == 0 ? ok : fault;
  } catch (const CLI::ParseError &error) {
    if (!words.empty())
      return session.report(usage_fault(app, words, error));
    session.err << app.help();
    return fault;
  }
  const int code = session.run();
  session.out.flush();
  if (llvm::outs().has_error()) { // the disk that stdout leads to is full, say
    llvm::errs() << "nemo: cannot write the output: " << llvm::outs().error().message() << '\n';
    llvm::outs().clear_error();
    return fault;
  }
  return code;
}

} // namespace

int main(int argc, char **argv) {
  try {
    return run(argc, argv);
  } catch (const std::exception &error) { // out of memory, and what a library throws at us
    llvm::errs() << "nemo: " << error.what() << '\n';
    return nemo::cli::fault;
  }
}
