#include "orchestrator/what_if.h"

#include <map>

#include <fmt/format.h>

#include "base/diagnostics/registry.h"
#include "orchestrator/git.h"
#include "orchestrator/suppose.h"
#include "llvm/Support/Path.h"

namespace nemo::orchestrator {

namespace {

namespace path = llvm::sys::path;

bool is_fleet(llvm::StringRef file) {
  return file.ends_with_insensitive(".yaml") || file.ends_with_insensitive(".yml");
}

/// The intent at `where`, read as if `more` lay beside it.
check::Checked check_with(const std::string &where, const std::vector<std::string> &more) {
  const check::Files &disk = check::disk();
  std::string directory = where, only;
  if (!disk.is_directory(where)) {
    directory = path::parent_path(where).str();
    only = path::filename(where).str();
  }
  if (directory.empty())
    directory = ".";
  std::map<std::string, std::string> laid, shown;
  for (const std::string &file : more) {
    const std::string name = path::filename(file).str();
    laid[fmt::format("{}/{}", directory, name)] = file;
    if (directory == ".")
      laid[name] = file;
    shown[(directory == "." ? "" : llvm::StringRef(directory).rtrim('/').str() + "/") + name] =
        file;
  }
  auto behind = [&](const std::string &name) {
    const auto known = laid.find(name);
    return known == laid.end() ? name : known->second;
  };
  check::Files files = disk;
  files.info = [&](const std::string &name) { return disk.info(behind(name)); };
  files.read = [&](const std::string &name) { return disk.read(behind(name)); };
  files.list = [&](const std::string &in,
                   size_t limit) -> llvm::Expected<std::vector<std::string>> {
    if (in != directory)
      return disk.list(in, limit);
    auto names = only.empty() ? disk.list(in, limit) : std::vector<std::string>{only};
    if (names)
      for (const std::string &file : more)
        names->push_back(path::filename(file).str());
    return names;
  };
  check::Checked checked = check::check_path(directory, files);
  auto rename = [&](std::string &name) {
    if (const auto known = shown.find(name); known != shown.end())
      name = known->second;
  };
  for (std::string &display : checked.displays)
    rename(display);
  for (Diagnostic &diagnostic : checked.diagnostics) {
    rename(diagnostic.file);
    for (Note &note : diagnostic.notes)
      rename(note.file);
  }
  return checked;
}

class Asker {
public:
  Asker(const PlanRequest &request, const Suppositions &suppositions)
      : request_(request), suppositions_(suppositions) {}

  WhatIf run() {
    result_.checked = check::check_path(request_.path);
    say(result_.checked.diagnostics);
    if (request_.fleet_file) {
      result_.fleet_file = fleet::read_fleet_file(*request_.fleet_file);
      say(result_.fleet_file.diagnostics);
    }
    if (!has_errors(result_.diagnostics))
      read_more();
    if (has_errors(result_.diagnostics))
      return std::move(result_);
    auto seen = look(request_, result_.fleet_file.fleet);
    if (!seen) {
      say(backend_diagnostics(seen.takeError()));
      return std::move(result_);
    }
    say(seen->warnings);
    compare(*seen);
    return std::move(result_);
  }

private:
  void say(std::vector<Diagnostic> found) {
    for (Diagnostic &diagnostic : found)
      result_.diagnostics.push_back(std::move(diagnostic));
  }

  void refuse(std::string message, std::string fix) {
    Diagnostic fault = diag::make(diag::N0840, std::move(message));
    fault.fix = std::move(fix);
    say({std::move(fault)});
  }

  void read_more() {
    const auto &[lose, carbon, price, add] = suppositions_;
    if (lose.empty() && carbon.empty() && price.empty() && add.empty())
      return refuse(
          "nothing is supposed to change",
          "say what: --lose node.NAME, --carbon ZONE=+30%, --price SITE=+10%, --add FILE");
    std::vector<std::string> more;
    for (const std::string &file : add) {
      if (is_fleet(file)) {
        result_.added.push_back(fleet::read_fleet_file(file));
        say(result_.added.back().diagnostics);
      } else if (!llvm::StringRef(file).endswith(".nemo")) {
        refuse(fmt::format("'{}' is neither a fleet (.yaml) nor intent (.nemo)", file),
               "nodes to add are a fleet file, see docs/fleet.md; more workloads are a .nemo file");
      } else if (is_part(file)) {
        say({diag::make(diag::N0842, fmt::format("{} is part of the intent already", file))});
      } else {
        more.push_back(file);
      }
    }
    if (more.empty() || has_errors(result_.diagnostics))
      return;
    result_.with_more = check_with(request_.path, more);
    say(result_.with_more.diagnostics);
    for (const std::string &file : more)
      added_intent_.push_back(fmt::format("{} is added to the intent", file));
  }

  /// The same file, or one that would be taken for it.
  bool is_part(const std::string &file) const {
    const std::string real = check::disk().real(file);
    for (const std::string &known : result_.checked.displays)
      if ((!real.empty() && check::disk().real(known) == real) ||
          path::filename(known) == path::filename(file))
        return true;
    return false;
  }

  compiler::Compiled compile(const check::Checked &checked, const proto::Intent &intent,
                             const proto::Fleet &fleet, const Seen &seen,
                             const std::optional<std::string> &commit, const std::string &source) {
    compiler::Inputs inputs;
    inputs.intent = intent;
    inputs.fleet = fleet;
    inputs.backend = seen.capabilities;
    inputs.source = source;
    inputs.commit = commit;
    inputs.intent_path = request_.path;
    inputs.seed = request_.seed;
    inputs.effort = request_.effort;
    compiler::Compiled compiled = compiler::compile(inputs);
    name_as_found(compiled.diagnostics, checked);
    return compiled;
  }

  void compare(const Seen &seen) {
    const Origin origin = origin_of(request_.path);
    const bool more = !result_.with_more.intent.files().empty();
    const check::Checked &after = more ? result_.with_more : result_.checked;
    proto::Intent intent = after.intent;
    proto::Fleet fleet = seen.fleet;
    Supposer supposer(intent, fleet);
    for (const fleet::FleetFile &file : result_.added)
      supposer.add(file);
    for (const std::string &what : suppositions_.carbon)
      supposer.carbon(what);
    for (const std::string &what : suppositions_.price)
      supposer.price(what);
    for (const std::string &what : suppositions_.lose)
      supposer.lose(what);
    result_.changes = std::move(supposer.changes);
    result_.changes.insert(result_.changes.end(), added_intent_.begin(), added_intent_.end());
    say(std::move(supposer.diagnostics));
    if (has_errors(result_.diagnostics))
      return;

    compiler::Compiled before = compile(result_.checked, result_.checked.intent, seen.fleet, seen,
                                        origin.commit, origin.source);
    if (!before.plan) {
      Diagnostic none = diag::make(diag::N0834, "without the change there is no plan");
      for (const Diagnostic &fault : before.diagnostics)
        if (fault.severity == Severity::error)
          none.notes.push_back(
              {fmt::format("[{}] {}", fault.id, fault.message), fault.file, fault.range});
      say({std::move(none)});
      before.plan.emplace().mutable_after()->set_ueur_per_hour(0);
      before.plan->mutable_after()->set_milliwatts(0);
      before.plan->mutable_after()->set_mg_co2e_per_hour(0);
    } else {
      fleet = plan::carried_out(fleet, *before.plan);
    }
    compiler::Compiled then = compile(after, intent, fleet, seen, origin.commit, origin.source);
    if (then.plan) // what it remarks is in the plan, and the difference has what is new
      result_.difference = plan::difference(*before.plan, *then.plan);
    else
      say(std::move(then.diagnostics));
  }

  const PlanRequest &request_;
  const Suppositions &suppositions_;
  WhatIf result_;
  std::vector<std::string> added_intent_;
};

} // namespace

SourceTexts WhatIf::texts() const {
  SourceTexts all = checked.texts();
  for (size_t i = 0; i < with_more.displays.size(); ++i)
    all.add(with_more.displays[i], with_more.intent.files(static_cast<int>(i)).text());
  if (!fleet_file.path.empty())
    all.add(fleet_file.path, fleet_file.text);
  for (const fleet::FleetFile &file : added)
    all.add(file.path, file.text);
  return all;
}

WhatIf what_if(const PlanRequest &request, const Suppositions &suppositions) {
  return Asker(request, suppositions).run();
}

} // namespace nemo::orchestrator
