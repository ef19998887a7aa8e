#include "orchestrator/make_plan.h"

#include <set>

#include "backends/wire/refusal.h"
#include "base/clock.h"
#include "base/diagnostics/registry.h"
#include "base/error.h"
#include "orchestrator/git.h"

namespace nemo::orchestrator {

std::vector<Diagnostic> backend_diagnostics(llvm::Error error) {
  std::vector<Diagnostic> result;
  llvm::Error rest = llvm::handleErrors(std::move(error), [&](const backends::Refusal &refusal) {
    const proto::BackendError &said = refusal.error();
    Diagnostic fault;
    switch (said.code()) {
    case proto::BackendError::CONFLICT:
      fault =
          diag::make(diag::N0807, "somebody else delivered first: " +
                                      (said.holder().empty() ? "nobody says who" : said.holder()));
      fault.notes.push_back({refusal.message()});
      fault.fix = "plan again against what is there now: nemo plan";
      break;
    case proto::BackendError::OWNED:
      fault = diag::make(diag::N0808, "the stack belongs to " + said.holder());
      fault.notes.push_back({refusal.message()});
      fault.fix = "choose another `stack = \"...\"`, or pass --take-over if it moved here";
      break;
    case proto::BackendError::PROTECTED:
      fault = diag::make(diag::N0818, said.holder() + " is protected there");
      fault.notes.push_back({refusal.message()});
      fault.fix = "lift it first, if you mean it: nemo unprotect " +
                  llvm::StringRef(said.holder()).split('/').first.str();
      break;
    case proto::BackendError::DENIED:
      fault = diag::make(diag::N0803, refusal.message());
      break;
    default:
      fault = diag::make(diag::N0806, refusal.message());
    }
    result.push_back(std::move(fault));
  });
  if (rest)
    for (Diagnostic &diagnostic : to_diagnostics(std::move(rest), diag::N0806.id))
      result.push_back(std::move(diagnostic));
  return result;
}

llvm::Expected<Seen> look(const backends::Choice &choice) {
  auto backend = backends::open(choice);
  if (!backend)
    return backend.takeError();
  auto capabilities = backend->capabilities();
  if (!capabilities)
    return capabilities.takeError();
  auto fleet = backend->observe();
  if (!fleet)
    return fleet.takeError();
  if (fleet->at().empty())
    fleet->set_at(to_rfc3339(now()));
  std::vector<Diagnostic> warnings;
  for (const std::string &note : backend->notes())
    warnings.push_back(diag::make(diag::N0846, note));
  return Seen{std::move(*backend), std::move(*capabilities), std::move(*fleet),
              std::move(warnings)};
}

llvm::Expected<Seen> look(const PlanRequest &request, const proto::Fleet &from_file) {
  backends::Choice choice;
  if (request.fleet_file) {
    choice.fleet = from_file;
    choice.name = "null";
  }
  if (request.backend)
    choice.name = *request.backend;
  choice.start_agent = request.start_agent;
  choice.lifetime = request.lifetime;
  auto seen = look(choice);
  if (seen && request.fleet_file)
    seen->fleet = from_file;
  return seen;
}

std::string name_as_found(const std::string &file, const check::Checked &checked) {
  for (int i = 0; i < checked.intent.files_size(); ++i)
    if (checked.intent.files(i).path() == file)
      return checked.displays[static_cast<size_t>(i)];
  return file;
}

void name_as_found(std::vector<Diagnostic> &diagnostics, const check::Checked &checked) {
  for (Diagnostic &diagnostic : diagnostics) {
    diagnostic.file = name_as_found(diagnostic.file, checked);
    for (Note &note : diagnostic.notes)
      note.file = name_as_found(note.file, checked);
  }
}

SourceTexts Planned::texts() const {
  SourceTexts all = checked.texts();
  if (!fleet_file.path.empty())
    all.add(fleet_file.path, fleet_file.text);
  return all;
}

namespace {

/// Asks the compiler for it, and leaves everything else as it is.
std::vector<Diagnostic> ask_for_move(const AskedReplica &move, compiler::Inputs &inputs) {
  std::map<std::string, const proto::Workload *> workloads;
  std::vector<std::string> names;
  for (const proto::Workload &workload : inputs.intent.workloads()) {
    workloads.emplace(workload.name(), &workload);
    names.push_back(workload.name());
  }
  const auto refuse = [](std::string message, std::string fix) {
    Diagnostic fault = diag::make(diag::N0759, std::move(message));
    fault.fix = std::move(fix);
    return std::vector{std::move(fault)};
  };
  const auto found = workloads.find(move.workload);
  if (found == workloads.end()) {
    const auto meant = did_you_mean(move.workload, names);
    return refuse(fmt::format("the intent has no workload {}", move.workload),
                  meant ? "did you mean " + *meant + "?" : "");
  }
  if (!move.replica && found->second->replicas_max() > 1)
    return refuse(fmt::format("{} has {} replicas, and one moves at a time", move.workload,
                              found->second->replicas_max()),
                  fmt::format("say which: {}/0", move.workload));
  proto::AskedMove &asked = inputs.asked.emplace_back();
  asked.set_workload(move.workload);
  asked.set_replica(move.replica.value_or(0));
  asked.set_node(move.node);
  // What it starts after is needed and stays as it is.
  std::set<std::string> needed;
  for (std::vector<std::string> open = {move.workload}; !open.empty();) {
    const auto block = workloads.find(open.back());
    open.pop_back();
    if (block == workloads.end())
      continue;
    for (const std::string &name : block->second->after())
      if (name != move.workload && needed.insert(name).second)
        open.push_back(name);
  }
  inputs.targets = {fmt::format("{}/{}", asked.workload(), asked.replica())};
  inputs.excludes.assign(needed.begin(), needed.end());
  return {};
}

} // namespace

Planned make_plan(const PlanRequest &request) {
  Planned result;
  auto say = [&](std::vector<Diagnostic> diagnostics) {
    for (Diagnostic &diagnostic : diagnostics)
      result.diagnostics.push_back(std::move(diagnostic));
  };
  result.checked = check::check_path(request.path);
  say(result.checked.diagnostics);
  if (request.fleet_file) {
    result.fleet_file = fleet::read_fleet_file(*request.fleet_file);
    say(result.fleet_file.diagnostics);
  }
  if (has_errors(result.diagnostics))
    return result;
  auto seen = look(request, result.fleet_file.fleet);
  if (!seen) {
    say(backend_diagnostics(seen.takeError()));
    return result;
  }
  say(seen->warnings);

  const Origin origin = origin_of(request.path);
  compiler::Inputs inputs;
  inputs.intent = result.checked.intent;
  inputs.fleet = seen->fleet;
  inputs.backend = seen->capabilities;
  inputs.source = origin.source;
  inputs.commit = origin.commit;
  inputs.intent_path = request.path;
  inputs.seed = request.seed;
  inputs.effort = request.effort;
  inputs.take_over = request.take_over;
  inputs.destroy = request.destroy;
  inputs.targets = request.targets;
  inputs.excludes = request.excludes;
  for (proto::Node &node : *inputs.fleet.mutable_nodes())
    if (const auto cordon = request.cordons.find(node.name()); cordon != request.cordons.end())
      *node.mutable_cordon() = cordon->second;
  if (request.move)
    say(ask_for_move(*request.move, inputs));
  if (has_errors(result.diagnostics))
    return result;
  result.seen = std::move(*seen);
  compiler::Compiled compiled = compiler::compile(inputs, request.dump_stage, request.watch);
  name_as_found(compiled.diagnostics, result.checked);
  say(std::move(compiled.diagnostics));
  result.plan = std::move(compiled.plan);
  result.dump = std::move(compiled.dump);
  if (request.keep_stages)
    result.stages = std::move(compiled.stages);
  return result;
}

} // namespace nemo::orchestrator
