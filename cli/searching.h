// The search for a placement as its user sees it: how long it may take, a line at the terminal
// while it goes on, and Ctrl-C for "that will do".
#pragma once

#include <condition_variable>
#include <mutex>
#include <string>
#include <thread>

#include "cli/session.h"
#include "compiler/placement/watch.h"
#include "orchestrator/make_plan.h"

namespace CLI {
class Option;
}

namespace nemo::cli {

/// --seed and --effort. \returns the seed's.
CLI::Option *add_effort(CLI::App &command, orchestrator::PlanRequest &request);
/// The same, and --time-limit, whose text is left in `time_limit`.
CLI::Option *add_search(CLI::App &command, orchestrator::PlanRequest &request,
                        std::string &time_limit);

/// From the first placement on until `end`, SIGINT and SIGTERM end the search with the best so far;
/// a second one ends the program, as it does before there is anything to show.
class Searching {
public:
  /// \param time_limit  a duration, or empty
  Searching(const Session &session, const std::string &time_limit);
  ~Searching() { end(); }
  Searching(const Searching &) = delete;
  Searching &operator=(const Searching &) = delete;
  /// Valid as long as this object.
  placement::Watch watch();
  void end();

private:
  void found(const placement::Found &best);
  void draw();

  const Session &session_;
  std::optional<std::chrono::nanoseconds> time_limit_;
  std::chrono::steady_clock::time_point began_ = std::chrono::steady_clock::now();
  std::mutex mutex_;
  std::condition_variable ended_;
  std::optional<placement::Found> best_;
  bool catching_ = false, over_ = false, drawn_ = false;
  std::thread drawer_;
};

} // namespace nemo::cli
