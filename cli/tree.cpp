#include "cli/tree.h"

#include <algorithm>

#include <fmt/format.h>

#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/SmallVector.h"
#include "llvm/ADT/StringExtras.h"

namespace nemo::cli {

std::vector<const CLI::App *> commands_of(const CLI::App &app) {
  return app.get_subcommands([](const CLI::App *command) {
    return !command->get_group().empty() && !command->get_name().empty();
  });
}

std::vector<const CLI::Option *> flags_of(const CLI::App &app) {
  return app.get_options([](const CLI::Option *option) {
    return option->nonpositional() && !option->get_group().empty();
  });
}

std::vector<const CLI::Option *> arguments_of(const CLI::App &app) {
  return app.get_options([](const CLI::Option *option) {
    return option->get_positional() && !option->get_group().empty();
  });
}

const CLI::App *find_command(const CLI::App &app, llvm::StringRef name) {
  for (const CLI::App *command : commands_of(app))
    if (name == command->get_name())
      return command;
  return nullptr;
}

const CLI::Option *find_flag(const CLI::App &app, llvm::StringRef name) {
  for (const CLI::App *at = &app; at != nullptr; at = at->get_parent())
    for (const CLI::Option *flag : flags_of(*at)) {
      const llvm::StringRef bare = name.ltrim('-');
      const auto &known = name.startswith("--") ? flag->get_lnames() : flag->get_snames();
      if (name.startswith("-") && llvm::is_contained(known, bare))
        return flag;
    }
  return nullptr;
}

bool takes_value(const CLI::Option &option) { return option.get_items_expected_max() > 0; }

bool repeatable(const CLI::Option &option) {
  return option.get_expected_max() >= CLI::detail::expected_max_vector_size;
}

std::string full_name(const CLI::App &app) {
  const CLI::App *parent = app.get_parent();
  return parent == nullptr ? app.get_name() : full_name(*parent) + ' ' + app.get_name();
}

std::string names_of(const CLI::Option &flag) {
  std::vector<std::string> names;
  for (const std::string &name : flag.get_snames())
    names.push_back("-" + name);
  for (const std::string &name : flag.get_lnames())
    names.push_back("--" + name);
  return llvm::join(names, ", ");
}

std::string long_name(const CLI::Option &flag) {
  return flag.get_lnames().empty() ? "-" + flag.get_snames().front()
                                   : "--" + flag.get_lnames().front();
}

std::string value_of(const CLI::Option &flag) {
  if (!takes_value(flag))
    return "";
  // CLI11 gives the type with what its checks add: "STAGE:{intent,plan}".
  std::string type = llvm::StringRef(flag.get_type_name()).split(':').first.str();
  return type == "TEXT" ? "WORD" : type == "UINT" || type == "INT" ? "NUMBER" : type;
}

std::vector<std::string> choices_of(const CLI::Option &option) {
  const std::string type = option.get_type_name();
  auto [before, rest] = llvm::StringRef(type).split('{');
  llvm::SmallVector<llvm::StringRef> words;
  if (rest.contains('}'))
    rest.split('}').first.split(words, ',');
  return {words.begin(), words.end()};
}

std::string text_of(const CLI::Option &option) {
  std::string text = option.get_description();
  // Those that the description does not name itself.
  if (const auto choices = choices_of(option); !llvm::all_of(
          choices, [&](const std::string &c) { return llvm::StringRef(text).contains(c); }))
    text += ": " + llvm::join(choices, ", ");
  std::vector<std::string> others;
  for (const CLI::Option *other : option.get_excludes())
    others.push_back(other->nonpositional() ? long_name(*other) : other->get_name(true));
  if (!others.empty())
    text += "; not with " + llvm::join(others, " or ");
  if (takes_value(option) && !option.get_default_str().empty())
    text += fmt::format(" [{}]", option.get_default_str());
  return text;
}

Footer footer_of(const CLI::App &app) {
  Footer result;
  const std::string text = app.get_footer();
  llvm::SmallVector<llvm::StringRef> paragraphs;
  llvm::StringRef(text).split(paragraphs, "\n\n");
  for (llvm::StringRef paragraph : paragraphs) {
    auto [first, rest] = paragraph.trim('\n').split('\n');
    if (first.endswith(":") && rest.startswith("  ")) {
      llvm::SmallVector<llvm::StringRef> lines;
      rest.split(lines, '\n');
      for (llvm::StringRef line : lines)
        result.examples.push_back(line.trim().str());
    } else if (!paragraph.trim().empty()) {
      result.prose.push_back(paragraph.trim().str());
    }
  }
  return result;
}

std::string Position::value(llvm::StringRef flag) const {
  for (size_t i = given.size(); i-- > 0;)
    if (long_name(*given[i]) == flag && i < values.size())
      return values[i];
  return "";
}

Position follow(const CLI::App &app, const std::vector<std::string> &words) {
  Position at;
  at.command = &app;
  for (llvm::StringRef word : words) {
    if (at.wants_value != nullptr) {
      at.values.back() = word.str();
      at.wants_value = nullptr;
    } else if (!at.only_arguments && word == "--") {
      at.only_arguments = true;
    } else if (!at.only_arguments && word.startswith("-") && word.size() > 1) {
      auto [name, value] = word.split('=');
      const CLI::Option *flag = find_flag(*at.command, name);
      if (flag == nullptr) {
        if (at.unknown.empty())
          at.unknown = name.str();
        continue;
      }
      at.given.push_back(flag);
      at.values.push_back(value.str());
      if (takes_value(*flag) && !word.contains('='))
        at.wants_value = flag;
    } else if (const CLI::App *command = find_command(*at.command, word);
               command != nullptr && at.arguments.empty() && !at.only_arguments) {
      at.command = command;
    } else {
      if (at.unknown.empty() && !commands_of(*at.command).empty())
        at.unknown = word.str();
      at.arguments.push_back(word.str());
    }
  }
  return at;
}

} // namespace nemo::cli
