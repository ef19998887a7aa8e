// The workflow as a loop: follow git, observe, plan again, deliver what may be delivered, see what
// becomes of it. Level-triggered: a round that fails is simply made again.
#pragma once

#include <chrono>
#include <functional>
#include <future>
#include <optional>
#include <set>
#include <string>
#include <variant>
#include <vector>

#include "llvm/Support/JSON.h"

#include "base/news.h"
#include "orchestrator/lead/candidate.h"
#include "orchestrator/loop/approvals.h"
#include "orchestrator/loop/fleet_approvals.h"
#include "orchestrator/loop/git_source.h"
#include "orchestrator/loop/replan.h"
#include "orchestrator/loop/watchman.h"
#include "orchestrator/make_plan.h"
#include "orchestrator/tracker.h"

namespace nemo::loop {

/// Something that people and programs are told.
struct Event {
  std::string name; ///< "lead", "commit", "plan", "ask", "delivered", "renewed", "action", "node",
                    ///< "cleared", "settled", "note", "fault"
  std::string text; ///< one line
  llvm::json::Object fields;
  std::vector<Diagnostic> diagnostics;
};

struct Settings {
  std::string path = "."; ///< of the intent, from the top of the repository
  Policy policy;
  backends::Choice backend;
  std::chrono::milliseconds look_every{1'000};
  std::chrono::milliseconds fetch_every{10'000};
  uint64_t seed = 1;
  std::optional<uint64_t> effort;
  std::function<bool()> interrupted = [] { return false; };
  std::function<void(Event)> tell;
  Watchman *watchman = nullptr;         ///< of a fleet; without one no node is ever dead
  lead::Candidate *candidate = nullptr; ///< of a fleet; without one there are no others
};

class Controller {
public:
  using AnyApprovals = std::variant<Approvals, FleetApprovals>;
  Controller(GitSource source, AnyApprovals approvals, Settings settings)
      : source_(std::move(source)), approvals_(std::move(approvals)),
        settings_(std::move(settings)) {}

  /// Until interrupted.
  void run();

private:
  bool round();
  using Clock = std::chrono::steady_clock;
  void tell(std::string name, std::string text,
            std::initializer_list<llvm::json::Object::KV> fields = {},
            std::vector<Diagnostic> diagnostics = {});
  void tell_notes();
  void fault(const char *doing, llvm::Error error);
  void fault(const char *doing, std::vector<Diagnostic> diagnostics);
  void follow_git();
  bool observe();
  bool carry_out(const Step &step);
  bool ask(const Step &step);
  void find_asked();
  void tell_inherited(const Step &step);
  void withdraw();
  void track();
  void renew();
  bool news_of_nodes();
  bool leads() const;
  bool news_of_lead();
  void step_back();

  GitSource source_;
  AnyApprovals approvals_;
  Settings settings_;
  std::future<std::string> fetching_; ///< what went wrong
  Clock::time_point fetch_next_{}, ask_again_{}, renew_again_{};
  std::optional<Wanted> wanted_;
  check::Checked checked_; ///< of `wanted_`
  std::optional<orchestrator::Seen> seen_;
  std::optional<proto::Plan> plan_;      ///< of the last step
  std::string asked_;                    ///< digest
  bool is_new_ = false;                  ///< leads, and has not looked yet what waits
  std::optional<lead::Asked> inherited_; ///< waits, and is to be gone on with or not
  std::optional<orchestrator::Tracker> tracker_;
  std::string seen_commit_;
  News faults_;                      ///< by what was being done
  std::set<std::string> told_notes_; ///< without their numbers
  bool fetched_ = false, settled_ = false;
  std::optional<lead::Candidate::State> told_; ///< of the lead
};

} // namespace nemo::loop
