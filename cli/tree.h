// The command line as a tree: what help, completion and the manual read of the CLI11 application.
// All of them say the same of a flag because the words are made here.
#pragma once

#include <string>
#include <vector>

#include <CLI/CLI.hpp>

#include "llvm/ADT/StringRef.h"

namespace nemo::cli {

/// Visible ones, in the order of the help.
std::vector<const CLI::App *> commands_of(const CLI::App &app);
std::vector<const CLI::Option *> flags_of(const CLI::App &app);
std::vector<const CLI::Option *> arguments_of(const CLI::App &app);

/// The command of that name; null if there is none.
const CLI::App *find_command(const CLI::App &app, llvm::StringRef name);
/// The flag ("--json", "-y") of a command or of those above it; null if there is none.
const CLI::Option *find_flag(const CLI::App &app, llvm::StringRef name);

bool takes_value(const CLI::Option &option);
bool repeatable(const CLI::Option &option);

std::string full_name(const CLI::App &app);     ///< "nemo agent status"
std::string names_of(const CLI::Option &flag);  ///< "-y, --yes"
std::string long_name(const CLI::Option &flag); ///< "--yes"
std::string value_of(const CLI::Option &flag);  ///< "FILE"; empty when it takes none
/// The words that CLI::IsMember allows; empty when it is not one of a set.
std::vector<std::string> choices_of(const CLI::Option &option);
/// What it does, what it may be, what it is by default, what it cannot be given with.
std::string text_of(const CLI::Option &option);

/// What stands below the flags in the help: prose, and blocks of examples ("Examples:" and indented
/// lines).
struct Footer {
  std::vector<std::string> prose; ///< paragraphs
  std::vector<std::string> examples;
};
Footer footer_of(const CLI::App &app);

/// Where a half-written command line stands.
struct Position {
  const CLI::App *command = nullptr;
  std::vector<std::string> arguments;       ///< positional ones
  std::vector<const CLI::Option *> given;   ///< flags, in order
  std::vector<std::string> values;          ///< of `given`; empty for those that take none
  const CLI::Option *wants_value = nullptr; ///< the flag that the next word is the value of
  std::string unknown;                      ///< the first word that is no command and no flag
  bool only_arguments = false;              ///< after "--"

  /// The value of a flag, the last if there are several; empty if it was not given.
  std::string value(llvm::StringRef flag) const;
};
Position follow(const CLI::App &app, const std::vector<std::string> &words);

} // namespace nemo::cli
