// The pages of the commands, from the CLI11 application.
#include "cli/manual/manual.h"

#include <algorithm>

#include <fmt/format.h>

#include "base/error.h"
#include "cli/files.h"
#include "cli/tree.h"
#include "llvm/ADT/StringExtras.h"

namespace nemo::cli::manual {

namespace {

std::string sentence(llvm::StringRef text) {
  std::string result = text.trim().str();
  if (!result.empty() && llvm::StringRef(".?!").find(result.back()) == llvm::StringRef::npos)
    result += '.';
  return result;
}

/// "Show what runs" stands in a list of pages as "show what runs".
std::string summary(const CLI::App &command) {
  std::string text = llvm::StringRef(command.get_description()).split('\n').first.str();
  if (text.size() > 1 && text[1] >= 'a' && text[1] <= 'z')
    text[0] = llvm::toLower(text[0]);
  return llvm::StringRef(text).rtrim('.').str();
}

std::string page_name(const CLI::App &command) {
  std::string name = full_name(command);
  std::replace(name.begin(), name.end(), ' ', '-');
  return name;
}

void synopsis(Page &page, const CLI::App &command) {
  std::string line = bold(full_name(command)) + " [" + italic("OPTIONS") + "]";
  for (const CLI::Option *argument : arguments_of(command)) {
    const std::string name =
        italic(argument->get_name(true)) + (repeatable(*argument) ? "..." : "");
    line += argument->get_required() ? " " + name : " [" + name + "]";
  }
  if (!commands_of(command).empty())
    line += " " + italic("COMMAND");
  page.line(line);
}

void options(Page &page, const CLI::App &command) {
  for (const CLI::Option *argument : arguments_of(command))
    page.entry(italic(argument->get_name(true)), sentence(text_of(*argument)));
  for (const CLI::Option *flag : flags_of(command)) {
    const std::string value = value_of(*flag);
    page.entry(bold(names_of(*flag)) + (value.empty() ? "" : " " + italic(value)) +
                   (repeatable(*flag) ? " ..." : ""),
               sentence(text_of(*flag)));
  }
}

void environment(Page &page) {
  page.section("environment");
  page.entry(bold("NEMO_SOCKET"), "The agent's socket; else in `$XDG_RUNTIME_DIR/nemo`, else in "
                                  "`/run/nemo` as root, else beside its state.");
  page.entry(bold("XDG_STATE_HOME"), "The agent's state is in `nemo` below it; else in "
                                     "`/var/lib/nemo` as root, else in `~/.local/state/nemo`.");
  page.entry(bold("NEMO_AGENT"), "The program to start as the agent; else the one beside `nemo`.");
  page.entry(bold("NEMO_NATS_SERVER"), "The program that `nemo fleet` runs as the broker; else the "
                                       "`nats-server` on PATH, else `/usr/sbin/nats-server`.");
  page.entry(bold("NEMO_JOIN_TOKEN"),
             "The token of `nemo fleet join`; else from its standard input.");
  page.entry(bold("NO_COLOR"), "Any text but the empty one: no colour, unless `--color` says so.");
}

void exit_status(Page &page) {
  page.section("exit status");
  page.entry(bold("0"), "Done, or nothing to do.");
  page.entry(bold("1"), "An error, also in the command line; `nemo fmt --check` found differences; "
                        "`nemo verify` found the plan wrong.");
  page.entry(bold("2"), "There are changes (`nemo plan --detailed-exitcode`), or drift.");
  page.entry(bold("130"), "Interrupted.");
}

Page page_of(const CLI::App &command) {
  const bool top = command.get_parent() == nullptr;
  Page page(page_name(command), 1, summary(command));
  page.section("synopsis");
  synopsis(page, command);
  page.section("description");
  std::string description = command.get_description();
  std::replace(description.begin(), description.end(), '\n', ' ');
  page.paragraph(sentence(description));
  const Footer footer = footer_of(command);
  for (std::string text : footer.prose) {
    std::replace(text.begin(), text.end(), '\n', ' ');
    page.paragraph(text);
  }
  page.section("options");
  options(page, command);
  if (!top)
    page.paragraph("The flags of `nemo` itself may be given too, see `nemo`(1).");
  std::vector<std::string> also;
  if (const auto commands = commands_of(command); !commands.empty()) {
    page.section("commands");
    std::string group;
    for (const CLI::App *each : commands) {
      if (top && each->get_group() != group)
        page.subsection(group = each->get_group());
      if (top) {
        page.entry(bold(each->get_name()), sentence(each->get_description()));
        also.push_back(page_name(*each) + "(1)");
      } else {
        page.subsection(full_name(*each));
        page.paragraph(sentence(each->get_description()));
        options(page, *each);
      }
    }
  }
  if (!footer.examples.empty()) {
    page.section("examples");
    page.example(footer.examples);
  }
  if (top)
    environment(page);
  exit_status(page);
  if (!top)
    also = {"nemo(1)"};
  also.insert(also.end(), {"nemo-language(7)", "nemo-diagnostics(7)"});
  if (top || command.get_name() == "agent")
    also.push_back("nemo-agent(8)");
  page.see_also(also);
  return page;
}

} // namespace

std::vector<Page> command_pages(const CLI::App &app) {
  std::vector<Page> pages{page_of(app)};
  for (const CLI::App *command : commands_of(app))
    pages.push_back(page_of(*command));
  return pages;
}

llvm::Error write_manual(const CLI::App &app, const std::string &directory) {
  std::vector<Page> pages = command_pages(app);
  pages.push_back(language_page());
  pages.push_back(diagnostics_page());
  for (const Page &page : pages)
    if (llvm::Error error = write_file(directory + "/" + page.file_name(), page.text()))
      return error;
  return llvm::Error::success();
}

} // namespace nemo::cli::manual
