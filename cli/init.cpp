// nemo init: a first intent for this machine.
#include <algorithm>
#include <filesystem>
#include <memory>

#include <CLI/CLI.hpp>

#include "base/diagnostics/registry.h"
#include "base/error.h"
#include "cli/files.h"
#include "cli/session.h"
#include "orchestrator/first_intent.h"

namespace nemo::cli {

namespace {

namespace fs = std::filesystem;

struct Options {
  std::string directory = ".";
};

int init(const Options &options, const Session &session) {
  const std::string &directory = options.directory;
  std::error_code error;
  fs::create_directories(directory, error);
  if (!fs::is_directory(directory)) {
    Diagnostic fault = diag::make(
        diag::N0816, "cannot make the directory '" + directory + "'" +
                         (error ? ": " + error.message() : ": a file of that name is there"));
    return session.report(fault);
  }
  std::string known; // the first by name: the message does not depend on the order on the disk
  for (const auto &entry : fs::directory_iterator(directory, error))
    if (const std::string name = entry.path().filename().string();
        entry.path().extension() == ".nemo" && (known.empty() || name < known))
      known = name;
  if (!known.empty()) {
    Diagnostic fault = diag::make(diag::N0838, "'" + directory + "' holds " + known + " already");
    fault.fix =
        "nemo validate " + directory + " says whether it is right; or name another directory";
    return session.report(fault);
  }
  const std::string stack =
      orchestrator::stack_name(fs::weakly_canonical(directory, error).filename().string());
  const std::string path =
      (directory == "." ? fs::path() : fs::path(directory)) / (stack + ".nemo");
  if (llvm::Error failed =
          write_file(path, orchestrator::first_intent(orchestrator::this_machine(), stack)))
    return session.report(to_diagnostics(std::move(failed), diag::N0816.id));
  const std::string rest = directory == "." ? "" : " " + directory;
  session.out << "Wrote " << path << ". Read it, change it, then:\n"
              << "  nemo plan" << rest << "     what would happen, and what would it cost?\n"
              << "  nemo apply" << rest << "    make it so\n";
  return ok;
}

} // namespace

void add_init(CLI::App &app, Session &session) {
  auto options = std::make_shared<Options>();
  CLI::App *command = app.add_subcommand("init", "Write a first, commented intent for this machine")
                          ->group(group_write)
                          ->fallthrough();
  command->add_option("DIR", options->directory, "Where; it is made if missing")
      ->capture_default_str();
  command->footer(
      "The stack is named after the directory. An intent that is there is never overwritten.\n\n"
      "Examples:\n"
      "  nemo init\n"
      "  nemo init hello && nemo plan hello");
  command->callback([options, &session] {
    session.run = [options, &session] { return init(*options, session); };
  });
}

} // namespace nemo::cli
