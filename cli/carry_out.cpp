#include "cli/carry_out.h"

#include <iostream>
#include <unistd.h>

#include <CLI/CLI.hpp>

#include "base/diagnostics/registry.h"
#include "cli/interrupt.h"
#include "cli/progress.h"
#include "cli/units.h"

namespace nemo::cli {

namespace {

std::string question(const proto::Plan &plan) {
  if (!plan.destroy())
    return "\nApply this plan? [y/N] ";
  const bool all = plan.targets().empty() && plan.excludes().empty();
  return (all ? "\nRemove all of stack '" : "\nRemove this of stack '") + plan.stack() +
         "'? [y/N] ";
}

bool all_keep(const orchestrator::Applied &applied) {
  return llvm::all_of(applied.actions,
                      [](const auto &state) { return state.action.verb() == "keep"; });
}

void say_how_it_ended(const Session &session, const orchestrator::Applied &applied,
                      const proto::Plan &plan, const CarryOutOptions &options) {
  using orchestrator::Outcome;
  const std::string where =
      applied.delivered.empty() ? "nothing" : llvm::join(applied.delivered, ", ");
  switch (applied.outcome) {
  case Outcome::interrupted:
    session.err << "\nInterrupted. Delivered: " << where
                << (applied.delivered.empty() ? ".\n" : "; the agents go on making it true.\n")
                << "To go on: " << options.command << '\n';
    break;
  case Outcome::failed:
    break; // the diagnostics say it
  case Outcome::done:
    if (!applied.renewed.empty())
      session.out << "Renewed, as it was about to expire: what runs on "
                  << llvm::join(applied.renewed, ", ") << ".\n";
    if (applied.actions.empty() && plan.destroy())
      session.out << "Nothing to remove: nothing of stack '" << plan.stack() << "' runs.\n";
    else if (all_keep(applied))
      session.out << "Nothing to do: everything runs as it should.\n";
    else
      session.out << (!plan.destroy()           ? "Applied stack '"
                      : plan.left_out().empty() ? "Removed stack '"
                                                : "Removed what was selected of stack '")
                  << plan.stack() << "'.\n";
    if (!plan.left_out().empty())
      session.out << plan.left_out_size() << " other changes were left out.\n";
  }
}

} // namespace

void add_flags(CLI::App &command, CarryOutOptions &options) {
  command.add_flag("--yes,-y", options.yes, "Do not ask");
  command.add_flag("--json", options.json, "Print one JSON event per line");
  command.add_option("--timeout", options.timeout, "Stop watching after this time")
      ->type_name("TIME")
      ->check(CLI::Validator(check_duration, ""))
      ->capture_default_str();
  command.add_flag("--take-over", options.take_over,
                   "Change what another repository applied to this stack");
}

void add_lifetime(CLI::App &command, std::string &lifetime) {
  command
      .add_option("--lifetime", lifetime,
                  "With --backend fleet: how long nodes start anything by what is delivered")
      ->type_name("TIME")
      ->check(CLI::Validator(
          [](const std::string &text) -> std::string {
            const auto time = parse_duration(text);
            return time && *time >= std::chrono::seconds(1) &&
                           *time <= backends::fleet::person_lifetime
                       ? ""
                       : "from 1s to 90d, in a unit of time";
          },
          ""))
      ->capture_default_str();
}

std::chrono::milliseconds lifetime_of(const std::string &lifetime) {
  return std::chrono::floor<std::chrono::milliseconds>(*parse_duration(lifetime));
}

void add_selection(CLI::App &command, std::vector<std::string> &targets,
                   std::vector<std::string> &excludes) {
  auto add = [&](const char *flag, std::vector<std::string> &patterns, const char *text) {
    command.add_option(flag, patterns, text)->type_name("NAME")->allow_extra_args(false);
  };
  add("--target", targets, "Only this and what it needs: web, web/1, 'shop-*'; may be given again");
  add("--exclude", excludes, "Leave this as it is; may be given again");
}

std::string selection_text(const std::vector<std::string> &targets,
                           const std::vector<std::string> &excludes) {
  std::string text;
  for (const std::string &pattern : targets)
    text += " --target '" + pattern + "'";
  for (const std::string &pattern : excludes)
    text += " --exclude '" + pattern + "'";
  return text;
}

int approve(const Session &session, llvm::StringRef question, const CarryOutOptions &options) {
  if (options.yes)
    return ok;
  if (::isatty(STDIN_FILENO) != 1) {
    Diagnostic fault =
        diag::make(diag::N0810, "here is no terminal to ask at, and --yes was not given");
    fault.fix = "to act without a question: " + options.command + " --yes";
    return refuse(session, options.json, fault);
  }
  session.err << question;
  session.err.flush();
  std::string answer;
  std::getline(std::cin, answer);
  if (answer == "y" || answer == "Y" || answer == "yes")
    return ok;
  session.err << "Nothing was done.\n";
  return fault;
}

int refuse(const Session &session, bool json, llvm::ArrayRef<Diagnostic> diagnostics,
           const SourceTexts &texts) {
  if (!json)
    return session.report(diagnostics, texts);
  Progress(session, Progress::Form::json).ended("refused", fault, diagnostics);
  return fault;
}

int carry_out(const Session &session, orchestrator::Seen &seen, const proto::Plan &plan,
              const CarryOutOptions &options) {
  Progress progress(session, options.json                ? Progress::Form::json
                             : session.out_is_terminal() ? Progress::Form::redrawn
                                                         : Progress::Form::lines);
  progress.planned(plan);
  const bool changes = plan::has_changes(plan);
  if (!options.json && changes) {
    plan::print(session.out, plan,
                session.style(options.looked_at ? plan::Level::brief : plan::Level::normal));
    session.out << '\n';
    session.out.flush();
  }
  if (changes)
    if (const int code = approve(session, question(plan), options); code != ok)
      return code;
  if (const std::vector<Diagnostic> faults = options.on_approved(); has_errors(faults))
    return refuse(session, options.json, faults);

  orchestrator::ApplyOptions how;
  how.timeout = std::chrono::floor<std::chrono::milliseconds>(*parse_duration(options.timeout));
  how.take_over = options.take_over;
  how.on_delivered = [&](const std::string &node, uint64_t generation) {
    progress.delivered(node, generation);
  };
  how.on_action = [&](const orchestrator::ActionState &state) { progress.action(state); };
  how.on_tick = [&] { progress.tick(); };
  orchestrator::Applied applied;
  {
    Interrupt interrupt;
    how.interrupted = [&] { return interrupt.interrupted(); };
    applied = orchestrator::apply(seen, plan, how);
  }
  const int code = applied.outcome == orchestrator::Outcome::done          ? ok
                   : applied.outcome == orchestrator::Outcome::interrupted ? interrupted
                                                                           : fault;
  progress.ended(code == ok            ? "done"
                 : code == interrupted ? "interrupted"
                                       : "failed",
                 code, applied.diagnostics);
  if (!options.json) {
    session.report(applied.diagnostics);
    say_how_it_ended(session, applied, plan, options);
  }
  return code;
}

} // namespace nemo::cli
