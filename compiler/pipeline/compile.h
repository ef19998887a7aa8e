// Intent and facts in, plan out: a pure function, run as a row of passes. Each stage's result is
// one message (Stages) that can be dumped as JSON and taken up again from there.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/diagnostics/diagnostics.h"
#include "compiler/pipeline/stages.pb.h"
#include "compiler/placement/watch.h"
#include "protocol/backend.pb.h"
#include "protocol/plan.pb.h"
#include "llvm/ADT/ArrayRef.h"
#include "llvm/Support/Error.h"

namespace nemo::compiler {

/// Everything a plan depends on. Time is in `fleet.at`.
struct Inputs {
  proto::Intent intent; ///< checked without errors
  proto::Fleet fleet;
  proto::BackendCapabilities backend;
  std::string source;                ///< the repository that owns the stack
  std::optional<std::string> commit; ///< of a clean tree
  std::string intent_path;
  uint64_t seed = 1;
  std::optional<uint64_t> effort; ///< ticks of the search for each replica
  bool take_over = false;         ///< what another source applied to this stack may be changed
  bool destroy = false;           ///< plan the removal of the whole stack
  std::vector<std::string> targets, excludes; ///< patterns; empty: everything is selected
  std::vector<proto::AskedMove> asked;        ///< where replicas are asked to be
};

struct Compiled {
  std::optional<proto::Plan> plan; ///< absent when a diagnostic is an error
  std::vector<Diagnostic> diagnostics;
  std::string dump;                     ///< what dump_stage asked for
  nemo::stages::Stages stages;          ///< what the passes left, but for the plan
  std::vector<proto::SourceFile> files; ///< of a replay: what its diagnostics quote
};

/// Names of the stages, in order: intent, resolve, policy, placement, network, migration, plan,
/// lower.
llvm::ArrayRef<llvm::StringRef> stages();

/// \param dump_stage  empty, or stop after this stage and return the state so far as JSON in
/// `dump`.
Compiled compile(const Inputs &inputs, llvm::StringRef dump_stage = {},
                 const placement::Watch &watch = {});

/// Goes on from a dump: same result as if it had never been interrupted. A dump_stage that the dump
/// is already beyond is an error.
llvm::Expected<Compiled> replay(llvm::StringRef dump, llvm::StringRef dump_stage = {},
                                const placement::Watch &watch = {});

} // namespace nemo::compiler
