#include "orchestrator/review.h"

#include <fmt/format.h>

#include "base/diagnostics/registry.h"
#include "base/error.h"

namespace nemo::orchestrator {

namespace {

class Reviewer {
public:
  Reviewer(const PlanRequest &request, llvm::StringRef range) : request_(request) {
    result_.merge = merge_in_memory(request.path, range);
  }

  Review run() {
    say(result_.merge.diagnostics);
    if (!result_.merge.after)
      return std::move(result_);
    const std::string &path = result_.merge.path;
    result_.merged = check::check_path(path, *result_.merge.after);
    say(result_.merged.diagnostics);
    if (request_.fleet_file) {
      result_.fleet_file = fleet::read_fleet_file(*request_.fleet_file);
      say(result_.fleet_file.diagnostics);
    }
    if (has_errors(result_.diagnostics))
      return std::move(result_);
    auto seen = look(request_, result_.fleet_file.fleet);
    if (!seen) {
      say(backend_diagnostics(seen.takeError()));
      return std::move(result_);
    }
    say(seen->warnings);
    seen_ = std::move(*seen);
    const proto::Fleet empty = plan::without_stack(seen_->fleet, result_.merged.intent.stack());
    const proto::Plan base = plan_base(empty);
    compiler::Compiled merged =
        compile(result_.merged, plan::carried_out(empty, base), std::nullopt);
    if (!merged.plan) { // else what it remarks is in the plan, and the difference has what is new
      say(std::move(merged.diagnostics));
      return std::move(result_);
    }
    result_.difference = plan::difference(base, *merged.plan);
    if (base.stack() != merged.plan->stack() && !base.stack().empty())
      say({diag::make(diag::N0835, fmt::format("merging changes the stack from '{}' to '{}'",
                                               base.stack(), merged.plan->stack()))});
    return std::move(result_);
  }

private:
  void say(std::vector<Diagnostic> found) {
    for (Diagnostic &diagnostic : found)
      result_.diagnostics.push_back(std::move(diagnostic));
  }

  compiler::Compiled compile(const check::Checked &checked, const proto::Fleet &fleet,
                             std::optional<std::string> commit) const {
    compiler::Inputs inputs;
    inputs.intent = checked.intent;
    inputs.fleet = fleet;
    inputs.backend = seen_->capabilities;
    inputs.source = result_.merge.source;
    inputs.commit = std::move(commit);
    inputs.intent_path = result_.merge.path;
    inputs.seed = request_.seed;
    inputs.effort = request_.effort;
    return compiler::compile(inputs);
  }

  /// The plan of nothing when the base has none.
  proto::Plan plan_base(const proto::Fleet &fleet) {
    proto::Plan nothing;
    nothing.mutable_after()->set_ueur_per_hour(0);
    nothing.mutable_after()->set_milliwatts(0);
    nothing.mutable_after()->set_mg_co2e_per_hour(0);
    const Merge &merge = result_.merge;
    const std::string &name = merge.into.name;
    if (merge.before->info(merge.path).kind == check::FileInfo::Kind::none)
      return nothing; // the merge brings the first intent
    result_.base = check::check_path(merge.path, *merge.before, name + ":");
    std::vector<Diagnostic> faults = result_.base.diagnostics;
    if (!has_errors(faults)) {
      compiler::Compiled compiled = compile(
          result_.base, plan::without_stack(fleet, result_.base.intent.stack()), merge.into.id);
      if (compiled.plan)
        return std::move(*compiled.plan);
      faults = std::move(compiled.diagnostics);
    }
    Diagnostic none = diag::make(diag::N0834, fmt::format("{} itself has no plan", name));
    for (const Diagnostic &fault : faults)
      if (fault.severity == Severity::error)
        none.notes.push_back(
            {fmt::format("[{}] {}", fault.id, fault.message), fault.file, fault.range});
    say({std::move(none)});
    return nothing;
  }

  const PlanRequest &request_;
  Review result_;
  std::optional<Seen> seen_;
};

} // namespace

SourceTexts Review::texts() const {
  SourceTexts all = merged.texts();
  for (size_t i = 0; i < base.displays.size(); ++i)
    all.add(base.displays[i], base.intent.files(static_cast<int>(i)).text());
  for (const auto &[path, text] : merge.texts)
    all.add(path, text);
  if (!fleet_file.path.empty())
    all.add(fleet_file.path, fleet_file.text);
  return all;
}

Review review(const PlanRequest &request, llvm::StringRef range) {
  return Reviewer(request, range).run();
}

} // namespace nemo::orchestrator
