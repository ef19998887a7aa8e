#include <algorithm>
#include <set>

#include "llvm/ADT/StringExtras.h"

#include "backends/fleet/ask.h"
#include "backends/fleet/backend.h"
#include "backends/fleet/entry.h"
#include "backends/wire/refusal.h"
#include "base/error.h"
#include "protocol/link/subjects.h"

namespace nemo::backends::fleet {

namespace {

constexpr milliseconds to_store{5'000};
constexpr milliseconds to_confirm{10'000};
constexpr int attempts = 5; ///< where others deliver other stacks to the same node at the same time

Accepted accepted_of(const proto::NodeState &state, const std::string &stack) {
  for (const proto::Outcome &one : state.accepted())
    if (one.stack() == stack)
      return {true, Number{one.epoch(), one.generation()}};
  return {true, {}};
}

/// What the node says became of the delivery; nothing: it has not said yet.
std::optional<proto::BackendResponse> outcome(const proto::NodeState &state,
                                              const std::string &stack, const Next &next) {
  for (const auto *list : {&state.accepted(), &state.refused()})
    for (const proto::Outcome &one : *list)
      if (one.stack() == stack && one.digest() == next.digest)
        return one.has_response() ? std::optional(one.response()) : std::nullopt;
  if (accepted_of(state, stack).number.value_or(Number{}) < next.number)
    return std::nullopt;
  proto::BackendResponse overtaken;
  overtaken.mutable_error()->set_code(proto::BackendError::CONFLICT);
  overtaken.mutable_error()->set_message(fmt::format(
      "The stack '{}' was delivered by somebody else at the same time. Plan again.", stack));
  return overtaken;
}

/// One call on its way.
struct Turn {
  const proto::DeliverCall *call;
  std::string sealing_key;
  Accepted accepted;
  Next next;
  bool stored = false, over = false;
  const std::string &node() const { return call->part().node(); }
  const std::string &stack() const { return call->part().stack(); }
};

/// What each node said last; refuses all where one cannot be delivered to, before anything is
/// stored.
llvm::Error look(Member &member, std::vector<Turn> &turns) {
  std::vector<std::string> subjects;
  for (const Turn &turn : turns)
    subjects.push_back(link::reported(turn.node()));
  auto values = member.read(subjects);
  if (!values)
    return values.takeError();
  for (size_t i = 0; i < turns.size(); ++i) {
    Turn &turn = turns[i];
    Reported reported = member.judge(turn.node(), (*values)[i].value);
    if (reported.sealing_key.empty())
      return refuse(
          proto::BackendError::UNAVAILABLE,
          fmt::format("The node '{}' has not said to which key its state is to be sealed: it "
                      "is not in the fleet, or was away for over a week.",
                      turn.node()));
    turn.sealing_key = std::move(reported.sealing_key);
    if (reported.state)
      turn.accepted = accepted_of(*reported.state, turn.stack());
  }
  return llvm::Error::success();
}

/// Replaces the entries of those that are not stored yet, all at once; whoever came between with
/// another stack leaves a turn as it was. Whether we lead is asked after what is to be replaced was
/// read: whoever has led since has replaced it.
///
/// \param refused  gets what is wrong with one node alone, whose turn is over then.
llvm::Error store(Member &member, std::vector<Turn> &turns, const Term &term, const How &how,
                  llvm::Error &refused) {
  std::vector<Turn *> open;
  std::vector<std::string> subjects;
  for (Turn &turn : turns)
    if (!turn.stored) {
      open.push_back(&turn);
      subjects.push_back(link::desired(turn.node()));
    }
  auto held = member.read(subjects);
  if (!held)
    return held.takeError();
  const std::string inbox = member.broker().new_inbox();
  auto answers = member.broker().subscribe(inbox + ".*");
  if (!answers)
    return answers.takeError();
  std::vector<bool> answered(open.size());
  size_t left = 0;
  for (size_t i = 0; i < open.size(); ++i) {
    Turn &turn = *open[i];
    const std::optional<uint64_t> now_in = term ? term() : std::nullopt;
    if (term && !now_in)
      return refuse(proto::BackendError::CONFLICT,
                    "This controller does not lead any more: what it was about to deliver is not.");
    auto made = make_entry(member, *turn.call, turn.sealing_key, turn.accepted, now_in,
                           (*held)[i].value, how);
    if (!made) {
      if (auto error = llvm::handleErrors(
              made.takeError(), [&](std::unique_ptr<Refusal> refusal) -> llvm::Error {
                if (refusal->error().code() != proto::BackendError::CONFLICT)
                  return llvm::Error(std::move(refusal));
                refused = llvm::joinErrors(std::move(refused), llvm::Error(std::move(refusal)));
                return llvm::Error::success();
              }))
        return error;
      turn.stored = turn.over = answered[i] = true;
      continue;
    }
    turn.next = std::move(*made);
    if (auto error = member.broker().publish(
            subjects[i], turn.next.value, inbox + "." + std::to_string(i),
            {{"Nats-Expected-Last-Subject-Sequence", std::to_string((*held)[i].revision)}}))
      return error;
    turn.next.value.clear();
    ++left;
  }
  while (left > 0) {
    auto answer = answers->next(to_store);
    if (!answer)
      return answer.takeError();
    if (!*answer)
      return refuse(proto::BackendError::UNAVAILABLE,
                    fmt::format("The broker has not stored {} of {} parts within {} s.", left,
                                open.size(), to_store.count() / 1000));
    size_t index = 0;
    if (llvm::StringRef((*answer)->subject).rsplit('.').second.getAsInteger(10, index) ||
        index >= open.size() || answered[index])
      continue;
    answered[index] = true;
    --left;
    bool conflict = false;
    auto ack = link::read_ack(**answer, &conflict);
    open[index]->stored = static_cast<bool>(ack);
    if (!ack) {
      auto error = ack.takeError();
      if (!conflict)
        return error;
      llvm::consumeError(std::move(error));
    }
  }
  return llvm::Error::success();
}

std::string names_of(const std::vector<Turn> &turns, llvm::function_ref<bool(const Turn &)> is) {
  constexpr size_t most = 5;
  std::vector<std::string> names;
  size_t count = 0;
  for (const Turn &turn : turns)
    if (is(turn) && ++count <= most)
      names.push_back("'" + turn.node() + "'");
  return llvm::join(names, ", ") +
         (count > most ? fmt::format(" and {} more", count - most) : std::string());
}

} // namespace

llvm::Error Backend::deliver(llvm::ArrayRef<proto::DeliverCall> calls, OnDelivered on_delivered) {
  for (const proto::DeliverCall &call : calls)
    if (auto error = bring_artifacts(call.part()))
      return error;
  return hand_over(calls, /*renewal=*/false, on_delivered);
}

llvm::Error Backend::renew(llvm::ArrayRef<proto::DeliverCall> calls, OnDelivered on_delivered) {
  return hand_over(calls, /*renewal=*/true, on_delivered);
}

llvm::Error Backend::hand_over(llvm::ArrayRef<proto::DeliverCall> calls, bool renewal,
                               OnDelivered on_delivered) {
  std::vector<Turn> turns;
  for (const proto::DeliverCall &call : calls) {
    if (!trust::is_member_name(call.part().node()))
      return refuse(proto::BackendError::INVALID,
                    "'" + call.part().node() + "' cannot be a node of a fleet.");
    turns.push_back({.call = &call});
  }
  if (turns.empty())
    return llvm::Error::success();
  auto reports =
      member_->broker().subscribe(link::reported(turns.size() == 1 ? turns.front().node() : "*"));
  if (!reports)
    return reports.takeError();
  if (auto error = look(*member_, turns))
    return error;
  auto is_open = [](const Turn &turn) { return !turn.stored; };
  llvm::Error faults = llvm::Error::success();
  for (int i = 0; i < attempts && llvm::any_of(turns, is_open); ++i)
    if (auto error = store(*member_, turns, term_, {lifetime_, renewal}, faults))
      return llvm::joinErrors(std::move(faults), std::move(error));
  if (llvm::any_of(turns, is_open))
    return llvm::joinErrors(std::move(faults),
                            refuse(proto::BackendError::CONFLICT,
                                   fmt::format("Others deliver to {} all the time. Try again.",
                                               names_of(turns, is_open))));

  auto left =
      static_cast<size_t>(llvm::count_if(turns, [](const Turn &turn) { return !turn.over; }));
  const auto until = std::chrono::steady_clock::now() + to_confirm;
  while (left > 0) {
    const auto patience =
        std::chrono::duration_cast<milliseconds>(until - std::chrono::steady_clock::now());
    auto message = patience.count() > 0 ? reports->next(patience) : std::nullopt;
    if (!message)
      return llvm::joinErrors(std::move(faults), message.takeError());
    if (!*message)
      break;
    llvm::StringRef node = (*message)->subject;
    node.consume_front(link::reported(""));
    std::optional<Reported> said;
    for (Turn &turn : turns) {
      if (turn.over || turn.node() != node)
        continue;
      if (!said)
        said = member_->judge(turn.node(), (*message)->data);
      if (!said->state)
        break;
      const auto response = outcome(*said->state, turn.stack(), turn.next);
      if (!response)
        continue;
      turn.over = true;
      --left;
      if (response->has_error()) {
        faults = llvm::joinErrors(std::move(faults),
                                  llvm::make_error<Refusal>("fleet", response->error()));
        continue;
      }
      if (!renewal) // nothing follows from one that could be watched
        delivered_[turn.node()] = response->delivered().sequence();
      on_delivered(turn.node(), response->delivered());
    }
  }
  if (auto error = member_->remember())
    return llvm::joinErrors(std::move(faults), std::move(error));
  if (left > 0)
    return llvm::joinErrors(
        std::move(faults),
        refuse(proto::BackendError::UNAVAILABLE,
               fmt::format("Not confirmed within {} s by {}. What they shall run is stored: it "
                           "takes effect when they are there.",
                           to_confirm.count() / 1000,
                           names_of(turns, [](const Turn &turn) { return !turn.over; }))));
  return faults;
}

llvm::Expected<std::vector<Validity>> Backend::due(const std::string &stack, UnixNanos now) {
  std::vector<Validity> due = validities_;
  std::erase_if(due, [&](const Validity &one) {
    return one.stack != stack || !is_due(one, now, now + lifetime_);
  });
  if (due.empty()) // mostly: no signature is looked at for that
    return due;
  auto word = word_of(*member_, now, lifetime_);
  if (!word)
    return word.takeError();
  std::erase_if(due, [&](const Validity &one) { return !is_due(one, now, word->until); });
  return due;
}

llvm::Expected<proto::Delivered> Backend::deliver(const proto::DeliverCall &call) {
  proto::Delivered out;
  if (auto error = deliver(llvm::ArrayRef(call),
                           [&](const std::string &, const proto::Delivered &one) { out = one; }))
    return error;
  return out;
}

// Artifacts go to the nodes whose parts mount them, when these are delivered; not to the whole
// fleet.
llvm::Expected<std::vector<std::string>> Backend::missing(const std::vector<std::string> &digests) {
  std::vector<std::string> out;
  llvm::copy_if(digests, std::back_inserter(out),
                [&](const std::string &digest) { return !artifacts_.contains(digest); });
  return out;
}

llvm::Error Backend::put(const proto::Artifact &artifact) {
  artifacts_[artifact.digest()] = artifact;
  return llvm::Error::success();
}

llvm::Error Backend::bring_artifacts(const proto::Part &part) {
  std::set<std::string> wanted;
  for (const proto::Instance &instance : part.instances())
    for (const proto::Mount &mount : instance.spec().mounts())
      if (!mount.artifact().empty() && artifacts_.contains(mount.artifact()))
        wanted.insert(mount.artifact());
  if (wanted.empty())
    return llvm::Error::success();
  auto questions = Questions::open(*member_);
  if (!questions)
    return questions.takeError();
  auto ask = [&](proto::BackendRequest request) -> llvm::Expected<proto::BackendResponse> {
    request.set_version(1);
    auto number = questions->ask(part.node(), request);
    if (!number)
      return number.takeError();
    proto::BackendResponse response;
    response.mutable_done();
    for (;;) {
      auto came = questions->next(to_confirm);
      if (!came)
        return came.takeError();
      using Kind = Questions::Came::Kind;
      if (!*came || (*came)->kind == Kind::over)
        return refuse(proto::BackendError::UNAVAILABLE,
                      fmt::format("The node '{}' does not answer.", part.node()));
      if ((*came)->kind == Kind::failed)
        return llvm::make_error<Refusal>("fleet", (*came)->response.error());
      if ((*came)->kind == Kind::done)
        return response;
      response = std::move((*came)->response);
    }
  };
  proto::BackendRequest have;
  have.mutable_have()->mutable_digests()->Assign(wanted.begin(), wanted.end());
  auto answer = ask(have);
  if (!answer)
    return answer.takeError();
  for (const std::string &digest : answer->have().missing()) {
    const auto artifact = artifacts_.find(digest);
    if (artifact == artifacts_.end())
      continue;
    proto::BackendRequest put;
    *put.mutable_put()->mutable_artifact() = artifact->second;
    if (auto done = ask(put); !done)
      return done.takeError();
  }
  return llvm::Error::success();
}

llvm::Error Backend::shutdown() {
  return refuse(proto::BackendError::DENIED, "Agents of a fleet are ended on their own machines.");
}

} // namespace nemo::backends::fleet
