// nemo fmt: the one style. A file that does not parse is left alone.
#include <algorithm>
#include <filesystem>
#include <memory>
#include <unistd.h>

#include <CLI/CLI.hpp>

#include "base/diagnostics/registry.h"
#include "base/error.h"
#include "base/files.h"
#include "cli/files.h"
#include "cli/session.h"
#include "intent/syntax/diff.h"
#include "intent/syntax/format.h"
#include "intent/syntax/parse.h"

namespace nemo::cli {

namespace {

namespace fs = std::filesystem;

struct Options {
  std::vector<std::string> paths;
  bool check = false;
  bool diff = false;
};

/// A file itself; of a directory its .nemo files, sorted, as `validate` reads them.
llvm::Expected<std::vector<std::string>> files_of(const std::string &path) {
  std::error_code error;
  if (path == "-" || !fs::is_directory(path, error))
    return std::vector<std::string>{path};
  std::vector<std::string> files;
  for (const auto &entry : fs::directory_iterator(path, error))
    if (const std::string name = entry.path().filename();
        llvm::StringRef(name).endswith(".nemo") && name[0] != '.' && !entry.is_directory(error))
      files.push_back(path == "." ? name : entry.path().string());
  if (error)
    return failure(
        diag::make(diag::N0101, fmt::format("cannot read {}: {}", path, error.message()), path));
  if (files.empty())
    return failure(
        diag::make(diag::N0305, fmt::format("the directory {} holds no .nemo files", path), path));
  std::sort(files.begin(), files.end());
  return files;
}

llvm::Expected<std::string> read(const std::string &path) {
  const uint64_t limit = syntax::Limits().file_bytes; // what is larger, the parser refuses
  auto text = path == "-" ? read_descriptor(STDIN_FILENO, limit) : read_file(path, limit);
  if (!text)
    return failure(diag::make(
        diag::N0101, fmt::format("cannot read {}: {}", path, llvm::toString(text.takeError())),
        path));
  return text;
}

int format_one(const std::string &path, const Options &options, const Session &session) {
  auto text = read(path);
  if (!text)
    return session.report(to_diagnostics(text.takeError(), diag::N0101.id));
  const std::string name = path == "-" ? "<stdin>" : path;
  const syntax::Parsed parsed = syntax::parse(name, *text);
  SourceTexts texts;
  texts.add(name, *text);
  if (const int code = session.report(parsed.diagnostics, texts); code != ok)
    return code;
  const std::string formatted = syntax::format(parsed.file);
  const bool differs = formatted != *text;
  if (options.diff && differs)
    session.out << syntax::unified_diff(name, *text, name, formatted);
  if (options.check) {
    if (differs && !options.diff)
      session.out << name << '\n';
    return differs ? fault : ok;
  }
  if (options.diff)
    return ok;
  if (path == "-") {
    session.out << formatted;
    return ok;
  }
  if (!differs)
    return ok;
  if (llvm::Error error = write_file(path, formatted))
    return session.report(to_diagnostics(std::move(error), diag::N0816.id));
  session.out << path << '\n';
  return ok;
}

int format(const Options &options, const Session &session) {
  int code = ok;
  for (const std::string &path :
       options.paths.empty() ? std::vector<std::string>{"."} : options.paths) {
    auto files = files_of(path);
    if (!files) {
      code = session.report(to_diagnostics(files.takeError(), diag::N0101.id));
      continue;
    }
    for (const std::string &file : *files)
      code = std::max(code, format_one(file, options, session));
  }
  return code;
}

} // namespace

void add_fmt(CLI::App &app, Session &session) {
  auto options = std::make_shared<Options>();
  CLI::App *command = app.add_subcommand("fmt", "Rewrite .nemo files in the one style")
                          ->group(group_write)
                          ->fallthrough();
  command->add_option("PATH", options->paths,
                      "Files and directories [.]; - reads stdin, writes stdout");
  command->add_flag("--check", options->check,
                    "Change nothing; name files that differ, exit 1 if any");
  command->add_flag("--diff", options->diff, "Change nothing; print what would change");
  command->footer(
      "Prints the names of the files that it changed.\n\n"
      "Examples:\n  nemo fmt\n  nemo fmt --check --diff shop/\n  nemo fmt - < draft.nemo");
  command->callback([options, &session] {
    session.run = [options, &session] { return format(*options, session); };
  });
}

} // namespace nemo::cli
