#include "orchestrator/make_plan.h"

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
