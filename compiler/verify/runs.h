// When jobs run: what starts a plan may give them, found again from the intent, the fleet's time
// and what nodes were told before.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "compiler/verify/case.h"

namespace nemo::verify {

/// When the first plan was made that held the job, where its deadline counts from it.
std::string first_planned_at(const Case &subject, const proto::Workload &workload);

class Runs {
public:
  explicit Runs(const Case &subject);

  /// When the plan starts a replica; none of what is no job, or has no start that is a time.
  std::optional<Span> of(const Replica &replica) const;
  /// When a job takes its room: its run by its duration; none: all the time, as one that should
  /// have ended and has not.
  std::optional<Span> takes_room(const Replica &replica) const;
  /// It runs there already, by what its node was told.
  bool goes_on(const Replica &replica) const;
  /// When what is there runs, for what it costs.
  std::optional<Span> before(const There &there) const;
  /// All starts that a replica of a job may have on a node of that site, as far as they can differ
  /// in cost.
  std::vector<Span> choices(const proto::Workload &job, const Place &place) const;
  /// What of the plan and of what is there choices() depends on.
  std::string look(const proto::Workload &job) const;
  /// Why a job that has begun stays where it is; empty: it has not.
  std::string begun(const Replica &replica) const;
  /// Every job in its window, and nothing else with a start.
  void check(Faults &faults) const;

private:
  struct Told {
    std::string node, text;
    int64_t start = 0;
    bool begun = false;
  };
  struct Window {
    int64_t first = 0, last = 0; ///< of starts, in milliseconds after the fleet's time
    bool reopened = false;       ///< it is over, and some replica has begun
  };
  Window window(const proto::Workload &job) const;
  /// When it has ended, in milliseconds after the fleet's time.
  std::optional<int64_t> deadline(const proto::Workload &job) const;
  const Told *told(const Replica &replica) const;
  std::optional<int64_t> after_at(const std::string &time) const;

  const Case &subject_;
  std::optional<int64_t> at_;
  std::map<Case::Unit, Told> told_;
  std::map<Case::Unit, std::string> starts_; ///< of the plan
};

} // namespace nemo::verify
