#include "orchestrator/apply.h"

#include <algorithm>
#include <thread>

#include "base/diagnostics/registry.h"
#include "base/error.h"
#include "compiler/verify/verify.h"
#include "orchestrator/renew.h"
#include "orchestrator/silent.h"
#include "orchestrator/stale.h"

namespace nemo::orchestrator {

namespace {

constexpr auto look_again =
    std::chrono::seconds(1); // reports may be lost; the whole picture cannot

class Watching {
public:
  Watching(Seen &seen, const proto::Plan &plan, const ApplyOptions &options)
      : seen_(seen), stack_(plan.stack()), options_(options), tracker_(plan),
        deadline_(Clock::now() + options.timeout) {}

  /// Until everything has ended, the time is over, or somebody interrupts.
  ///
  /// \param after  the number before the first event of the delivery: whatever follows from it is
  /// told, on top of what was there before.
  llvm::Error run(std::optional<uint64_t> after) {
    if (after) {
      take(before_delivery());
      proto::WatchCall call;
      call.set_after(*after);
      call.set_stack(stack_);
      // The stream may end for any reason: looking is enough to go on.
      llvm::consumeError(seen_.backend.watch(
          call,
          [&](const proto::Event *event) {
            if (event != nullptr && event->has_instance())
              tracker_.see(event->instance());
            else if (event == nullptr && Clock::now() >= next_look_ && !look_now())
              return false;
            return goes_on();
          },
          [&] { return patience(); }));
    } else if (llvm::Error error = look()) {
      return error;
    }
    while (goes_on()) {
      std::this_thread::sleep_for(std::chrono::milliseconds(100));
      if (Clock::now() >= next_look_)
        if (llvm::Error error = look())
          return error;
    }
    return llvm::Error::success();
  }

  const Tracker &tracker() const { return tracker_; }
  bool interrupted() const { return interrupted_; }

private:
  /// What had failed then was delivered again, and is no failure of this.
  proto::Fleet before_delivery() const {
    proto::Fleet fleet = seen_.fleet;
    auto *running = fleet.mutable_running();
    running->erase(std::remove_if(running->begin(), running->end(),
                                  [](const proto::Running &one) {
                                    return one.state() == proto::Running::FAILED ||
                                           (one.state() == proto::Running::EXITED &&
                                            one.exit_code() != 0);
                                  }),
                   running->end());
    return fleet;
  }

  void take(const proto::Fleet &fleet) {
    tracker_.see(fleet);
    next_look_ = Clock::now() + look_again;
  }

  /// What only has to stay up for a moment longer is judged when that is over, and not later.
  std::chrono::milliseconds patience() const {
    const auto left = tracker_.settled_at().value_or(Clock::time_point::max()) - Clock::now();
    return std::clamp(std::chrono::ceil<std::chrono::milliseconds>(left),
                      std::chrono::milliseconds(1), backends::tick);
  }

  bool look_now() {
    auto fleet = seen_.backend.observe();
    if (fleet)
      take(*fleet);
    else
      llvm::consumeError(fleet.takeError());
    return bool(fleet);
  }

  /// With one try to find the backend again: an agent may be killed or updated meanwhile, and what
  /// it runs is not touched by that.
  llvm::Error look() {
    if (look_now())
      return llvm::Error::success();
    backends::Choice choice;
    choice.name = seen_.backend.name();
    auto again = backends::open(choice);
    if (!again)
      return again.takeError();
    seen_.backend = std::move(*again);
    auto fleet = seen_.backend.observe();
    if (!fleet)
      return fleet.takeError();
    take(*fleet);
    return llvm::Error::success();
  }

  bool goes_on() {
    for (size_t index : tracker_.judge(Clock::now()))
      options_.on_action(tracker_.actions()[index]);
    options_.on_tick();
    interrupted_ = interrupted_ || options_.interrupted();
    return !tracker_.finished() && !interrupted_ && Clock::now() < deadline_;
  }

  Seen &seen_;
  std::string stack_;
  const ApplyOptions &options_;
  Tracker tracker_;
  Clock::time_point deadline_;
  Clock::time_point next_look_{};
  bool interrupted_ = false;
};

std::vector<std::string> last_lines(Seen &seen, const std::string &stack,
                                    const ActionState &state) {
  std::vector<std::string> lines;
  if (!backends::can(seen.capabilities, "logs"))
    return lines;
  proto::LogsCall call;
  call.set_stack(stack);
  call.set_workload(state.workload);
  call.set_replica(state.replica);
  call.set_tail(5);
  int idle = 0;
  llvm::consumeError(seen.backend.logs(call, [&](const proto::LogLine *line) {
    if (line != nullptr)
      lines.push_back(line->text());
    return line != nullptr || ++idle < 20; // they help, they are not worth waiting for
  }));
  return lines;
}

Diagnostic describe_failure(Seen &seen, const std::string &stack, const ActionState &state) {
  Diagnostic fault = diag::make(diag::N0811, fmt::format("{} failed on {}: {}", state.action.id(),
                                                         state.action.node(), state.detail));
  for (const std::string &line : last_lines(seen, stack, state))
    fault.notes.push_back({"its last words: " + line});
  if (state.old_one_serves)
    fault.notes.push_back(
        {fmt::format("the old {}/{} keeps serving", state.workload, state.replica)});
  fault.fix =
      fmt::format("see nemo logs {}/{}, mend it, and apply again", state.workload, state.replica);
  return fault;
}

void describe_end(Seen &seen, const std::string &stack, const ApplyOptions &options,
                  Applied &applied) {
  std::vector<std::string> late;
  for (const ActionState &state : applied.actions) {
    if (state.phase == Phase::failed)
      applied.diagnostics.push_back(describe_failure(seen, stack, state));
    if (state.phase == Phase::waiting || state.phase == Phase::running)
      late.push_back(state.action.id() + (state.detail.empty() ? "" : ": " + state.detail));
  }
  if (!late.empty() && applied.outcome != Outcome::interrupted) {
    Diagnostic fault = diag::make(
        diag::N0812, fmt::format("{} of {} actions had not ended after {} s", late.size(),
                                 applied.actions.size(), options.timeout.count() / 1000));
    for (const std::string &what : late)
      fault.notes.push_back({what});
    fault.fix = "the agents go on; `nemo status --watch` shows it, and applying again waits on";
    applied.diagnostics.push_back(std::move(fault));
  }
}

} // namespace

std::vector<Diagnostic> check_plan_file(const proto::Plan &plan, const proto::Fleet &now) {
  std::vector<Diagnostic> faults = verify::verify(plan);
  if (has_errors(faults))
    return faults;
  return stale(plan, now);
}

namespace {

/// Planning and asking take their time: what is delivered, and what is left as it is, is judged by
/// what the fleet says now. A node that has fallen silent meanwhile is as it was.
llvm::Error look_again_at(Seen &seen) {
  auto fleet = seen.backend.observe();
  if (!fleet)
    return fleet.takeError();
  keep_silent(*fleet, seen.fleet, seen.backend.closed());
  seen.fleet = std::move(*fleet);
  return llvm::Error::success();
}

} // namespace

Applied apply(Seen &seen, const proto::Plan &plan, const ApplyOptions &options) {
  Applied applied;
  if (llvm::Error error = look_again_at(seen))
    applied.diagnostics = backend_diagnostics(std::move(error));
  else
    applied.diagnostics = fleet_moved(plan, seen.fleet);
  if (!applied.diagnostics.empty()) {
    applied.outcome = Outcome::failed;
    return applied;
  }
  Delivery delivery;
  DeliverOptions how;
  how.take_over = options.take_over;
  how.interrupted = options.interrupted;
  how.on_delivered = options.on_delivered;
  llvm::Error failed = deliver(seen.backend, plan, seen.fleet, how, delivery);
  applied.delivered = delivery.nodes;
  auto fail = [&](llvm::Error error) {
    applied.outcome = Outcome::failed;
    applied.diagnostics = backend_diagnostics(std::move(error));
    if (!applied.delivered.empty())
      applied.diagnostics.back().notes.push_back(
          {"delivered before that: " + llvm::join(applied.delivered, ", ")});
  };
  // What is there already is not delivered again, but it may be about to expire.
  if (!failed && !plan.destroy() && !options.interrupted())
    failed = renew(seen.backend, seen.fleet, plan.stack(), plan.source(),
                   {delivery.nodes.begin(), delivery.nodes.end()},
                   [&](const std::string &node, const proto::Delivered &) {
                     applied.renewed.push_back(node);
                   });
  if (failed) {
    fail(std::move(failed));
    return applied;
  }
  if (options.interrupted()) {
    applied.outcome = Outcome::interrupted;
    return applied;
  }
  Watching watching(seen, plan, options);
  if (!backends::can(seen.capabilities, "watch")) {
    for (ActionState state : watching.tracker().actions()) {
      state.phase = state.action.verb() == "keep" ? Phase::done : Phase::handed_over;
      options.on_action(state);
      applied.actions.push_back(std::move(state));
    }
    return applied;
  }
  if (llvm::Error error = watching.run(delivery.first_sequence)) {
    applied.actions = watching.tracker().actions();
    fail(std::move(error));
    return applied;
  }
  applied.actions = watching.tracker().actions();
  applied.outcome = watching.tracker().all_done() ? Outcome::done
                    : watching.interrupted()      ? Outcome::interrupted
                                                  : Outcome::failed;
  describe_end(seen, plan.stack(), options, applied);
  return applied;
}

} // namespace nemo::orchestrator
