#include "cli/complete.h"

#include <algorithm>
#include <csignal>
#include <set>
#include <unistd.h>

#include "cli/candidates.h"
#include "cli/session.h"
#include "cli/tree.h"

namespace nemo::cli {

namespace {

/// Names cost a read of the intent and a call to the agent; a shell must not hang on either.
void give_up_after_a_second() {
  std::signal(SIGALRM, [](int) { ::_exit(ok); });
  ::alarm(1);
}

bool printable(llvm::StringRef text) {
  return llvm::none_of(text, [](unsigned char c) { return c < 0x20 || c == 0x7f; });
}

class Answer {
public:
  Answer(llvm::raw_ostream &out, llvm::StringRef begun) : out_(out), begun_(begun) {}

  void offer(llvm::StringRef value, llvm::StringRef text) {
    // The shells' protocol is lines and tabs, so a name with either cannot be offered.
    if (!value.startswith(begun_) || value.empty() || value.front() == ':' || !printable(value) ||
        !told_.insert(value.str()).second)
      return;
    out_ << value;
    if (printable(text) && !text.empty())
      out_ << '\t' << text;
    out_ << '\n';
  }
  void offer(const Candidates &found, llvm::StringRef before = "") {
    if (found.paths) {
      out_ << ":files";
      for (const std::string &suffix : found.suffixes)
        out_ << ' ' << suffix;
      out_ << '\n';
    }
    for (const Candidate &candidate : found.words)
      offer((before + candidate.value).str(), candidate.text);
  }

private:
  llvm::raw_ostream &out_;
  llvm::StringRef begun_;
  std::set<std::string> told_;
};

llvm::StringRef first_line(llvm::StringRef text) { return text.split('\n').first; }

/// Every flag that may still be given: not again, unless it repeats, and not beside one it
/// excludes.
void offer_flags(const Position &at, Answer &answer) {
  auto given = [&](const CLI::Option *flag) {
    return std::find(at.given.begin(), at.given.end(), flag) != at.given.end();
  };
  for (const CLI::App *level = at.command; level != nullptr; level = level->get_parent())
    for (const CLI::Option *flag : flags_of(*level)) {
      const auto excluded = flag->get_excludes();
      if ((given(flag) && !repeatable(*flag)) ||
          std::any_of(excluded.begin(), excluded.end(), given))
        continue;
      for (const std::string &name : flag->get_lnames())
        answer.offer("--" + name, first_line(flag->get_description()));
    }
}

} // namespace

int complete(const CLI::App &app, std::vector<std::string> words, llvm::raw_ostream &out) {
  give_up_after_a_second();
  const std::string begun = words.empty() ? "" : words.back();
  if (!words.empty())
    words.pop_back();
  const Position at = follow(app, words);
  const llvm::StringRef word(begun);
  Answer answer(out, word);
  if (at.wants_value != nullptr) {
    answer.offer(candidates(*at.wants_value, at, word));
    return ok;
  }
  if (!at.only_arguments && word.startswith("-")) {
    const auto [name, value] = word.split('=');
    if (!word.contains('='))
      offer_flags(at, answer);
    else if (const CLI::Option *flag = find_flag(*at.command, name); flag && takes_value(*flag))
      answer.offer(candidates(*flag, at, value), (name + "=").str());
    return ok;
  }
  if (at.arguments.empty())
    for (const CLI::App *command : commands_of(*at.command))
      answer.offer(command->get_name(), first_line(command->get_description()));
  const auto arguments = arguments_of(*at.command);
  if (at.arguments.size() < arguments.size())
    answer.offer(candidates(*arguments[at.arguments.size()], at, word));
  else if (!arguments.empty() && repeatable(*arguments.back()))
    answer.offer(candidates(*arguments.back(), at, word));
  else if (commands_of(*at.command).empty())
    offer_flags(at, answer);
  return ok;
}

} // namespace nemo::cli
