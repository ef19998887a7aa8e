// The first half of the workflow: check the intent, observe the fleet, compile. `plan`, `apply`,
// `drift` and `status PATH` are this and then something.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "backends/registry.h"
#include "compiler/pipeline/compile.h"
#include "intent/check/check.h"
#include "intent/fleet/fleet_file.h"

namespace nemo::orchestrator {

/// One replica that is to be on one node.
struct AskedReplica {
  std::string workload;
  std::optional<uint32_t> replica; ///< may be left out where there is one
  std::string node;
};

struct PlanRequest {
  std::string path = ".";
  std::optional<std::string> fleet_file; ///< plan for this fleet instead of the one that is there
  std::optional<std::string> backend;    ///< default: local; null with a fleet file
  uint64_t seed = 1;
  std::optional<uint64_t> effort; ///< ticks of the search for each replica
  placement::Watch watch;
  bool take_over = false;
  bool destroy = false;
  std::vector<std::string> targets, excludes;   ///< patterns, see base/pattern.h
  std::optional<AskedReplica> move;             ///< to plan nothing else
  std::map<std::string, proto::Cordon> cordons; ///< by node: as if it were so
  std::string dump_stage;
  std::chrono::milliseconds lifetime = backends::fleet::person_lifetime; ///< see backends::Choice
  bool start_agent = true;  ///< the local one, when it does not run
  bool keep_stages = false; ///< what the passes leave is asked for
};

/// A backend, what it can do, and what it saw.
struct Seen {
  backends::Backend backend;
  proto::BackendCapabilities capabilities;
  proto::Fleet fleet;
  std::vector<Diagnostic> warnings; ///< what was left out of `fleet`
};

llvm::Expected<Seen> look(const backends::Choice &choice);
/// The fleet that a plan is for: the one of the file where the request names one.
llvm::Expected<Seen> look(const PlanRequest &request, const proto::Fleet &from_file);

/// Everything that came of it. Without a plan (and without a dump) a diagnostic says why.
struct Planned {
  check::Checked checked;
  fleet::FleetFile fleet_file;
  std::optional<Seen> seen; ///< absent when the intent was at fault already
  std::optional<proto::Plan> plan;
  std::string dump;
  stages::Stages stages; ///< with keep_stages
  std::vector<Diagnostic> diagnostics;
  SourceTexts texts() const; ///< valid as long as this object
};

/// Never fails as a whole: faults of the backend are diagnostics too.
Planned make_plan(const PlanRequest &request);

/// What a file of the intent is called where it was found.
std::string name_as_found(const std::string &file, const check::Checked &checked);
/// The compiler knows files by their path in the intent; the reader, as they were found.
void name_as_found(std::vector<Diagnostic> &diagnostics, const check::Checked &checked);

/// An error of a backend as diagnostics: refusals by their code, the rest as they are.
std::vector<Diagnostic> backend_diagnostics(llvm::Error error);

} // namespace nemo::orchestrator
