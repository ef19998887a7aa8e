#include "orchestrator/loop/controller.h"

#include <thread>

#include <fmt/format.h>

#include "base/diagnostics/registry.h"
#include "base/error.h"
#include "orchestrator/deliver.h"
#include "orchestrator/loop/silent.h"
#include "orchestrator/silent.h"

namespace nemo::loop {

namespace {

using namespace std::chrono_literals;
using orchestrator::Phase;

constexpr auto nap = 50ms;
/// That a plan waits for approval; in a fleet it is signed for a day.
constexpr auto word_holds = 20h;

llvm::json::Array words(const std::vector<std::string> &lines) {
  llvm::json::Array array;
  for (const std::string &line : lines)
    array.push_back(line);
  return array;
}

llvm::json::Array actions_of(const Step &step) {
  llvm::json::Array array;
  for (const proto::Action &action : step.actions)
    array.push_back(llvm::json::Object{{"id", action.id()},
                                       {"verb", action.verb()},
                                       {"object", action.object()},
                                       {"node", action.node()},
                                       {"reason", action.reason()}});
  return array;
}

std::string count(size_t number, const char *what) {
  return fmt::format("{} {}{}", number, what, number == 1 ? "" : "s");
}

} // namespace

void Controller::tell(std::string name, std::string text,
                      std::initializer_list<llvm::json::Object::KV> fields,
                      std::vector<Diagnostic> diagnostics) {
  settings_.tell(
      {std::move(name), std::move(text), llvm::json::Object(fields), std::move(diagnostics)});
}

void Controller::fault(const char *doing, llvm::Error error) {
  fault(doing, orchestrator::backend_diagnostics(std::move(error)));
}

/// The same once more is no news, until it has gone well again.
void Controller::fault(const char *doing, std::vector<Diagnostic> diagnostics) {
  std::string text = doing;
  for (const Diagnostic &one : diagnostics)
    if (one.severity == Severity::error)
      text += ": " + one.message;
  if (!faults_.is_new(doing, text))
    return;
  settled_ = false;
  tell("fault", std::move(text), {{"doing", doing}}, std::move(diagnostics));
}

void Controller::follow_git() {
  if (!fetching_.valid() && Clock::now() >= fetch_next_)
    fetching_ = std::async(std::launch::async, [this] { return llvm::toString(source_.fetch()); });
  if (fetching_.valid() && fetching_.wait_for(fetched_ ? 0s : 1s) == std::future_status::ready) {
    if (std::string wrong = fetching_.get(); !wrong.empty())
      fault("fetching", to_diagnostics(failure("{}", wrong), diag::N0836.id));
    else
      faults_.forget("fetching");
    fetch_next_ = Clock::now() + settings_.fetch_every;
    fetched_ = true;
  }
  if (!fetched_)
    return;
  auto newest = source_.newest(seen_commit_);
  if (!newest)
    return fault("following git", to_diagnostics(newest.takeError(), diag::N0836.id));
  faults_.forget("following git");
  if (!*newest)
    return;
  Wanted &commit = **newest;
  seen_commit_ = commit.commit;
  check::Checked checked = check::check_path(settings_.path, commit.files);
  const bool good = !has_errors(checked.diagnostics);
  tell("commit",
       fmt::format("{} {} of {}{}", commit.commit.substr(0, 12), commit.subject, commit.reference,
                   good ? "" : ": it has errors, so what was wanted before counts"),
       {{"commit", commit.commit},
        {"subject", commit.subject},
        {"reference", commit.reference},
        {"valid", good}},
       checked.diagnostics);
  if (!good)
    return;
  checked_ = std::move(checked);
  wanted_ = std::move(commit);
}

bool Controller::observe() {
  if (seen_) {
    if (auto fleet = seen_->backend.observe()) {
      if (settings_.watchman)
        orchestrator::keep_silent(*fleet, seen_->fleet, seen_->backend.closed());
      seen_->fleet = std::move(*fleet);
      tell_notes();
      return true;
    } else {
      llvm::consumeError(fleet.takeError()); // it may be found again
    }
    seen_.reset();
  }
  auto seen = orchestrator::look(settings_.backend);
  if (!seen) {
    fault("observing", seen.takeError());
    return false;
  }
  faults_.forget("observing");
  seen_ = std::move(*seen);
  tell_notes();
  return true;
}

/// What is left out of what was observed, or not to be believed; the same once more is no news, and
/// neither is it with other times.
void Controller::tell_notes() {
  std::set<std::string> notes;
  for (const std::string &note : seen_->backend.notes()) {
    std::string plain = without_numbers(note);
    if (!told_notes_.contains(plain) && !notes.contains(plain))
      tell("note", note, {{"note", note}});
    notes.insert(std::move(plain));
  }
  told_notes_ = std::move(notes);
}

void Controller::withdraw() {
  if (asked_.empty())
    return;
  asked_.clear();
  auto withdrawn = std::visit([](const auto &one) { return one.withdraw(); }, approvals_);
  if (llvm::Error error = std::move(withdrawn))
    fault("withdrawing a plan", to_diagnostics(std::move(error), diag::N0816.id));
  else
    faults_.forget("withdrawing a plan");
}

bool Controller::ask(const Step &step) {
  const std::string &digest = step.plan->digest();
  const bool is_new = asked_ != digest;
  if (!is_new && Clock::now() < ask_again_)
    return true;
  std::string command = "nemo approve " + digest.substr(0, 12);
  auto asked = [&]() -> llvm::Error {
    if (const auto *own = std::get_if<Approvals>(&approvals_))
      return own->ask(*step.plan);
    command = approve_command(digest.substr(0, 12), settings_.candidate->name());
    lead::Asked words{digest, wanted_->commit, {}, step.objections, {}, step.plan->facts().at()};
    for (const proto::Action &one : step.actions)
      words.actions.push_back(
          fmt::format("{} {} on {}: {}", one.verb(), one.object(), one.node(), one.reason()));
    return std::get<FleetApprovals>(approvals_).ask(words);
  };
  if (llvm::Error error = asked()) {
    fault("asking for approval", to_diagnostics(std::move(error), diag::N0816.id));
    return false;
  }
  for (const char *well : {"planning", "asking for approval"})
    faults_.forget(well);
  ask_again_ = Clock::now() + word_holds / 2;
  if (!is_new)
    return true;
  asked_ = digest;
  settled_ = false;
  tell("ask",
       fmt::format("plan {} waits for approval ({}): {}", digest.substr(0, 12),
                   step.objections.front(), command),
       {{"digest", digest},
        {"actions", actions_of(step)},
        {"because", words(step.because)},
        {"objections", words(step.objections)}});
  return true;
}

/// What who led before wants approved. An approval of it is one for us where we come to the same.
void Controller::find_asked() {
  if (!is_new_)
    return;
  auto waiting = std::get<FleetApprovals>(approvals_).pending();
  is_new_ = false;
  if (waiting) {
    inherited_ = std::move(*waiting);
    return;
  }
  const std::string text = "the plan that waits for approval is not gone on with: " +
                           llvm::toString(waiting.takeError());
  tell("note", text, {{"note", text}});
}

void Controller::tell_inherited(const Step &step) {
  if (!inherited_ || step.next == Step::Next::stuck)
    return;
  const lead::Asked waited = *std::exchange(inherited_, std::nullopt);
  const bool same = step.plan->digest() == waited.digest;
  const std::string text =
      fmt::format("plan {}, which {} asked for, ", waited.digest.substr(0, 12), waited.by) +
      (same ? "is gone on with"
            : "is not what is to be done now: things have moved, and an approval of it does not "
              "count");
  tell("note", text, {{"note", text}, {"digest", waited.digest}, {"same", same}});
}

bool Controller::carry_out(const Step &step) {
  const bool clear = step.next == Step::Next::clear;
  if (!clear) {
    std::string why;
    for (const std::string &reason : step.because)
      why += (why.empty() ? ": " : ", ") + reason;
    tell("plan",
         fmt::format("plan {}, {}{}", step.plan->digest().substr(0, 12),
                     count(step.actions.size(), "action"), why),
         {{"digest", step.plan->digest()},
          {"actions", actions_of(step)},
          {"because", words(step.because)}},
         step.diagnostics);
  }
  settled_ = false;
  orchestrator::DeliverOptions how;
  how.interrupted = settings_.interrupted;
  how.on_delivered = [&](const std::string &node, uint64_t generation) {
    tell(clear ? "cleared" : "delivered",
         clear ? fmt::format("{} is back: what it ran before ends there", node)
               : fmt::format("delivered to {} (generation {})", node, generation),
         {{"node", node},
          {"generation", static_cast<int64_t>(generation)},
          {"digest", step.plan->digest()}});
    if (settings_.candidate != nullptr)
      settings_.candidate->went_round(true);
  };
  orchestrator::Delivery delivery;
  if (llvm::Error error =
          orchestrator::deliver(seen_->backend, *step.plan, seen_->fleet, how, delivery)) {
    fault("delivering", std::move(error));
    return false;
  }
  for (const char *well : {"planning", "delivering"})
    faults_.forget(well);
  if (clear)
    return true;
  tracker_.emplace(*step.plan);
  return true;
}

/// What becomes of the actions of the last plan.
void Controller::track() {
  if (!tracker_)
    return;
  tracker_->see(seen_->fleet);
  for (size_t index : tracker_->judge(orchestrator::Clock::now())) {
    const orchestrator::ActionState &state = tracker_->actions()[index];
    if (state.action.verb() == "keep" ||
        (state.phase != Phase::done && state.phase != Phase::failed))
      continue;
    tell("action",
         fmt::format("{} on {}: {}{}", state.action.id(), state.action.node(),
                     orchestrator::to_text(state.phase),
                     state.detail.empty() ? "" : " (" + state.detail + ")"),
         {{"id", state.action.id()},
          {"node", state.action.node()},
          {"phase", orchestrator::to_text(state.phase)},
          {"detail", state.detail}});
  }
  if (tracker_->finished())
    tracker_.reset();
}

/// \returns whether nothing failed in it.
bool Controller::round() {
  follow_git();
  if (!wanted_ || !observe())
    return false;
  if (settings_.candidate != nullptr)
    settings_.candidate->at_least(seen_->backend.epoch());
  if (settings_.watchman != nullptr)
    settings_.watchman->expect(to_be_heard(seen_->fleet));
  if (!leads())
    return true;
  track();
  renew();
  find_asked();
  Situation now{checked_,
                settings_.path,
                wanted_->source,
                wanted_->commit,
                seen_->fleet,
                seen_->capabilities,
                settings_.watchman != nullptr ? settings_.watchman->lost()
                                              : std::vector<LostNode>(),
                std::visit([](const auto &one) { return one.approved(); }, approvals_),
                settings_.seed,
                settings_.effort};
  if (inherited_)
    now.waiting = Waiting{inherited_->digest, inherited_->at};
  Step step = replan(now, settings_.policy, plan_ ? &*plan_ : nullptr);
  if (step.next != Step::Next::clear && step.plan)
    plan_ = step.plan;
  tell_inherited(step);
  switch (step.next) {
  case Step::Next::ask:
    return ask(step);
  case Step::Next::stuck:
    withdraw();
    fault("planning", std::move(step.diagnostics));
    return false;
  case Step::Next::clear:
    withdraw();
    return carry_out(step);
  case Step::Next::deliver:
    if (!carry_out(step))
      return false; // it waits still: whoever leads next may go on with it
    withdraw();
    return true;
  case Step::Next::nothing:
    break;
  }
  withdraw();
  for (const char *well : {"planning", "delivering"})
    faults_.forget(well);
  if (!settled_)
    tell("settled", "everything was delivered as it is wanted",
         {{"digest", step.plan->digest()}, {"commit", wanted_->commit}});
  settled_ = true;
  return true;
}

/// Tells of them. \returns whether a plan may look different now.
bool Controller::news_of_nodes() {
  if (settings_.watchman == nullptr)
    return false;
  bool matters = false;
  for (const health::Change &change : settings_.watchman->changes()) {
    const llvm::StringRef state = health::to_text(change.after);
    if (change.after != health::State::suspect)
      tell("node", fmt::format("{} is {}: {}", change.node, state.str(), change.reason),
           {{"node", change.node},
            {"state", state},
            {"before", health::to_text(change.before)},
            {"reason", change.reason}});
    matters = matters || health::lost(change.before) || health::lost(change.after);
  }
  return matters;
}

bool Controller::leads() const {
  return settings_.candidate == nullptr || settings_.candidate->term().has_value();
}

/// Another decides now, and what it finds is what counts.
void Controller::step_back() {
  plan_.reset();
  tracker_.reset();
  asked_.clear();
  inherited_.reset();
  settled_ = false;
}

/// Tells of it. \returns whether there is something to do that was not before.
bool Controller::news_of_lead() {
  if (settings_.candidate == nullptr)
    return false;
  const lead::Candidate::State now = settings_.candidate->state();
  if (told_ && told_->term == now.term && told_->leader == now.leader &&
      told_->leader_term == now.leader_term)
    return false;
  const bool led = told_ && told_->term;
  told_ = now;
  std::string text;
  if (now.term)
    text = fmt::format("leading, term {}", *now.term);
  else if (!now.leader.empty())
    text = fmt::format("following {}, term {}", now.leader, now.leader_term);
  else
    text = "following nobody: nobody leads";
  if (led && !now.term) {
    text += fmt::format("; the lead of before is lost: {}",
                        now.fault.empty() ? "it was not renewed in time" : now.fault);
    step_back();
  }
  if (now.term && !led) {
    asked_ = "who led before"; // what it asked for waits there still
    is_new_ = true;
  }
  using llvm::json::Value;
  tell("lead", std::move(text),
       {{"leading", now.term.has_value()},
        {"term", now.term             ? Value(static_cast<int64_t>(*now.term))
                 : now.leader.empty() ? Value(nullptr)
                                      : Value(static_cast<int64_t>(now.leader_term))},
        {"leader", now.leader.empty() ? Value(nullptr) : Value(now.leader)}});
  return now.term.has_value();
}

void Controller::run() {
  while (!settings_.interrupted()) {
    news_of_lead();
    const bool well = round();
    if (settings_.candidate != nullptr)
      settings_.candidate->went_round(well);
    const auto next = Clock::now() + settings_.look_every;
    while (Clock::now() < next && !settings_.interrupted() && !news_of_lead() && !news_of_nodes())
      std::this_thread::sleep_for(nap);
  }
  if (settings_.candidate == nullptr)
    withdraw(); // else it waits for whoever leads next
}

} // namespace nemo::loop
