#include "orchestrator/stale.h"

#include <filesystem>
#include <map>

#include <fmt/format.h>

#include "base/diagnostics/registry.h"
#include "compiler/plan/binding.h"
#include "compiler/resolve/facts.h"
#include "intent/check/check.h"
#include "orchestrator/git.h"

namespace nemo::orchestrator {

namespace {

void compare(const std::map<std::string, std::string> &before,
             const std::map<std::string, std::string> &after, std::vector<std::string> &moved) {
  for (const auto &[name, content] : before) {
    const auto found = after.find(name);
    if (found == after.end())
      moved.push_back(name + " is gone");
    else if (found->second != content)
      moved.push_back(name + " has changed");
  }
  for (const auto &[name, content] : after)
    if (!before.contains(name))
      moved.push_back(name + " is new");
}

std::map<std::string, std::string> contents(const proto::Intent &intent) {
  std::map<std::string, std::string> all;
  for (const proto::SourceFile &file : intent.files())
    all[file.path()] = file.text();
  for (const proto::Artifact &artifact : intent.artifacts())
    all["the files of mount \"" + artifact.source() + "\""] = artifact.digest();
  return all;
}

std::vector<Diagnostic> refuse(const char *what, const std::vector<std::string> &moved,
                               std::string fix) {
  if (moved.empty())
    return {};
  Diagnostic fault = diag::make(diag::N0809, fmt::format("{}: {}", what, moved.front()));
  for (size_t i = 1; i < moved.size(); ++i)
    fault.notes.push_back({moved[i]});
  fault.fix = std::move(fix);
  return {std::move(fault)};
}

} // namespace

std::vector<std::string> sources_moved(const proto::Intent &planned, const proto::Intent &now) {
  std::vector<std::string> moved;
  compare(contents(planned), contents(now), moved);
  return moved;
}

std::vector<Diagnostic> stale(const proto::Plan &plan, const proto::Fleet &now) {
  std::vector<std::string> moved;
  std::error_code ignored;
  // A destroy without a path was planned from what runs: there is no intent to compare.
  if (!plan.intent_path().empty() && std::filesystem::exists(plan.intent_path(), ignored)) {
    const check::Checked today = check::check_path(plan.intent_path());
    if (check::intent_digest(today.intent) != plan.intent_digest()) {
      moved = sources_moved(plan.intent(), today.intent);
      if (moved.empty())
        moved.push_back("the intent at " + plan.intent_path() + " has changed");
      const auto commit = origin_of(plan.intent_path()).commit;
      if (plan.has_commit() && commit != plan.commit())
        moved.push_back("the plan is of commit " + plan.commit().substr(0, 12) + ", here is " +
                        (commit ? commit->substr(0, 12) : "a tree with changes"));
    }
  }
  for (std::string &what : plan::what_moved(plan, compiler::facts_read(plan.intent(), now)))
    moved.push_back(std::move(what));
  return refuse("the plan is stale", moved,
                "plan again: nemo plan " + plan.intent_path() + " --out FILE");
}

std::vector<Diagnostic> fleet_moved(const proto::Plan &plan, const proto::Fleet &now) {
  return refuse("the fleet has changed since the plan was made",
                plan::what_moved(plan, compiler::facts_read(plan.intent(), now)),
                "plan again: run the same command once more");
}

} // namespace nemo::orchestrator
