#include "cli/help.h"

#include <fmt/format.h>

#include "llvm/ADT/StringExtras.h"

#include "base/diagnostics/registry.h"
#include "cli/tree.h"
#include "compiler/plan/table.h"

namespace nemo::cli {

namespace {

constexpr unsigned column = 26;
constexpr unsigned width = 100;

class Layout : public CLI::Formatter {
public:
  Layout() {
    column_width(column);
    label("Positionals", "Arguments");
    label("SUBCOMMAND", "COMMAND");
  }

  std::string make_option_name(const CLI::Option *option, bool positional) const override {
    return positional ? option->get_name(true) : names_of(*option);
  }
  std::string make_option_opts(const CLI::Option *option) const override {
    if (option->get_positional())
      return repeatable(*option) ? "..." : "";
    const std::string value = value_of(*option);
    return value.empty() ? "" : " " + value + (repeatable(*option) ? " ..." : "");
  }
  std::string make_option_desc(const CLI::Option *option) const override {
    return plan::wrapped(text_of(*option), width - column, 0);
  }
};

std::string nearest(llvm::StringRef wrong, const std::vector<std::string> &known,
                    const std::string &prefix, std::string otherwise) {
  const auto meant = did_you_mean(wrong, known);
  return meant ? "did you mean " + prefix + *meant + "?" : otherwise;
}

} // namespace

std::shared_ptr<CLI::FormatterBase> help_layout() { return std::make_shared<Layout>(); }

Diagnostic usage_fault(const CLI::App &app, const std::vector<std::string> &words,
                       const CLI::ParseError &error) {
  const Position at = follow(app, words);
  const std::string command = full_name(*at.command);
  const std::string help = fmt::format("{} --help shows how it is used", command);
  Diagnostic fault = diag::make(diag::N0829, "");
  std::vector<std::string> known;
  if (llvm::StringRef(at.unknown).startswith("-")) {
    for (const CLI::App *level = at.command; level != nullptr; level = level->get_parent())
      for (const CLI::Option *flag : flags_of(*level))
        known.push_back(long_name(*flag));
    fault.message = fmt::format("{} has no flag '{}'", command, at.unknown);
    fault.fix = nearest(at.unknown, known, "", help);
  } else if (!at.unknown.empty()) {
    for (const CLI::App *other : commands_of(*at.command))
      known.push_back(other->get_name());
    fault.message = fmt::format("{} has no command '{}'", command, at.unknown);
    fault.fix = nearest(at.unknown, known, command + " ",
                        fmt::format("{} --help lists the commands", command));
  } else if (const auto commands = commands_of(*at.command); !commands.empty()) {
    for (const CLI::App *other : commands)
      known.push_back(other->get_name());
    fault.message = fmt::format("{} needs a command: {}", command, llvm::join(known, ", "));
    fault.fix = help;
  } else {
    fault.message = fmt::format("{}: {}", command, llvm::StringRef(error.what()).rtrim().str());
    fault.fix = help;
  }
  return fault;
}

} // namespace nemo::cli
