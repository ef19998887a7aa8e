// nemo: the command line. Parses, runs the one command that was named, and turns every way of
// ending into the exit codes that scripts rely on: 0, 1, 2, 130.
#include <exception>

#include <CLI/CLI.hpp>

#include "cli/session.h"
#include "cli/version.h"

namespace {

int run(int argc, char **argv) {
  using namespace nemo::cli;
  Session session{llvm::outs(), llvm::errs()};
  CLI::App app("nemo makes services run as .nemo files say: it checks them, plans, shows what the "
               "plan costs,\n"
               "applies it, and tells what differs.",
               "nemo");
  app.set_version_flag("--version", NEMO_VERSION,
                       "Print the version and the commit it was built from");
  app.add_option("--color", session.color, "When to use colour")
      ->check(CLI::IsMember({"auto", "always", "never"}))
      ->default_str("auto");
  app.require_subcommand(1);
  app.get_formatter()->column_width(26);
  app.footer(
      "Begin with:\n"
      "  nemo validate examples/shop     is it right?\n"
      "  nemo plan examples/shop         what would happen, and what would it cost?\n"
      "  nemo apply examples/shop        make it so\n"
      "  nemo status                     how is it?\n\n"
      "nemo COMMAND --help shows the flags of a command, with examples. Exit codes: 0 done or "
      "nothing\n"
      "to do, 1 error, 2 there are changes (plan --detailed-exitcode) or drift, 130 interrupted.");
  for (auto add : {add_init, add_validate, add_fmt, add_explain, add_plan, add_verify, add_apply,
                   add_destroy, add_unprotect, add_status, add_logs, add_events, add_nodes,
                   add_graph, add_drift, add_agent})
    add(app, session);
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError &error) {
    return app.exit(error) == 0 ? ok : fault;
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
