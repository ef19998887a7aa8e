// Jobs in time: which starts a job may have, and the cheapest on each node. Where a job runs does
// not change when another does, so every node has one best start and one price, and the search
// never sees the clock.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <tuple>
#include <vector>

#include "llvm/ADT/ArrayRef.h"

#include "base/diagnostics/diagnostics.h"
#include "compiler/pipeline/stages.pb.h"
#include "compiler/placement/cost.h"
#include "compiler/resolve/sharing.h"

namespace nemo::compiler {

class Jobs {
public:
  /// A job without time is among diagnostics().
  Jobs(const stages::Inputs &inputs, const stages::Resolved &resolved);

  /// A replica that is there: its node has been told when to start it.
  struct Told {
    std::string node;
    int64_t start_ms = 0;
    bool begun = false;
    std::string text; ///< RFC 3339, as told
  };

  bool is_job(size_t workload) const { return jobs_[workload].has_value(); }
  const Told *told(const std::string &workload, uint32_t replica) const;
  /// Of a job: the start at which some replica of it costs least there, the earliest of equals.
  Run best(size_t workload, const NodeView &node, const Weights &weights) const;
  /// Of one replica: what has begun, and what has been told its start and saves little by another,
  /// keeps it.
  Run chosen(size_t workload, uint32_t replica, const NodeView &node, const Weights &weights) const;
  /// Milliseconds from the fleet's time to `starts_at`, RFC 3339.
  int64_t after_at(const std::string &starts_at) const;
  size_t count() const { return jobs_.size(); } ///< of workloads
  uint64_t duration_ms(size_t workload) const { return jobs_[workload]->duration_ms; }
  bool has_told(size_t workload) const { return !jobs_[workload]->told.empty(); }
  /// Starts that replicas of it may be given, the first `most` of them; told ones first.
  std::vector<int64_t> starts(size_t workload, size_t most) const;
  /// The same jobs, each starting then or as it has been told.
  Jobs starting_at(std::vector<int64_t> starts) const;
  bool is_timetable() const { return !only_.empty(); }
  /// Of a timetable: when some replica of the job may hold its room; none: all the time.
  std::optional<std::vector<compiler::Occupied>> held(size_t workload) const;
  bool has_begun(const std::string &workload, uint32_t replica) const {
    const Told *there = told(workload, replica);
    return there && there->begun;
  }
  /// RFC 3339.
  std::string text(const Run &run) const;
  /// When the first plan was made that held the job, RFC 3339; empty where nothing counts from it.
  const std::string &planned_at(size_t workload) const { return jobs_[workload]->planned_at; }
  /// What jobs that are priced alike have in common.
  std::string look(size_t workload) const;
  const std::vector<Diagnostic> &diagnostics() const { return diagnostics_; }

private:
  struct Job {
    uint64_t duration_ms = 0;
    int64_t first_ms = 0, last_ms = 0; ///< starts, after the fleet's time
    std::vector<int64_t> told;         ///< starts that replicas of it have been told
    std::string planned_at;
  };
  Run cheapest(size_t workload, llvm::ArrayRef<int64_t> besides, const NodeView &node,
               const Weights &weights) const;
  void read(size_t workload, const stages::Resolved &resolved);

  const proto::Intent &intent_;
  int64_t at_ms_ = 0;
  bool at_known_ = false;
  std::vector<std::optional<Job>> jobs_;
  std::vector<int64_t> only_; ///< of a timetable, by workload: the start of whom no one told any
  std::map<std::pair<std::string, uint32_t>, Told> told_;
  std::vector<Diagnostic> diagnostics_;
};

/// What nodes were told of when to start what is there.
class ToldStarts {
public:
  ToldStarts(const std::string &stack, const proto::Fleet &facts);
  /// RFC 3339; empty where nothing was said.
  std::string of(const stages::Existing &there) const;

private:
  std::map<std::tuple<std::string, uint32_t, std::string, std::string>, std::string> starts_;
};

/// When the first plan was made that held a workload, as nodes were told of what has not finished,
/// RFC 3339; empty: nobody was.
std::string first_planned_at(const proto::Intent &intent, const std::string &workload,
                             const proto::Fleet &facts);

/// When a replica that is there runs, for what it costs: as it was told, else at once. Nullopt for
/// what is no job.
std::optional<Run> run_of(const proto::Workload &workload, const std::string &starts_at,
                          const std::string &at);

} // namespace nemo::compiler
