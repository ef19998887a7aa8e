// Hears the heartbeats of a fleet, on a thread of its own, and keeps the failure detector fed: it
// does not wait while the controller plans and delivers.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "orchestrator/health/detector.h"
#include "orchestrator/loop/replan.h"

namespace nemo::loop {

class Watchman {
public:
  /// \param directory  of a membership that may read what nodes say.
  static llvm::Expected<std::unique_ptr<Watchman>> start(const std::string &directory,
                                                         health::Settings settings = {});
  ~Watchman();
  Watchman(const Watchman &) = delete;

  /// Who is in the fleet. Whoever was named once is watched on: heartbeats alone say who is dead.
  void expect(std::vector<health::Member> members);
  std::vector<LostNode> lost() const;
  /// What has changed since it was asked last.
  std::vector<health::Change> changes();

private:
  struct Inside;
  explicit Watchman(std::unique_ptr<Inside> inside);
  std::unique_ptr<Inside> inside_;
};

} // namespace nemo::loop
