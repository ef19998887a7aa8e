#include "orchestrator/lead/candidate.h"

#include <condition_variable>
#include <thread>

#include "base/error.h"
#include "orchestrator/lead/control.h"
#include "orchestrator/lead/progress.h"
#include "protocol/link/subjects.h"
#include "protocol/trust/openssl.h"

namespace nemo::lead {

namespace {

using namespace std::chrono_literals;

constexpr Ms tick = 20ms;
constexpr Ms to_answer = 400ms; ///< so that an answer that is lost leaves time for another renewal
constexpr Ms to_begin = 5s, to_leave = 1s;

} // namespace

struct Candidate::Inside {
  Inside(std::string name, std::string process,
         std::function<void(const std::string &)> on_give_back)
      : name(std::move(name)), process(process), on_give_back(std::move(on_give_back)),
        election(std::move(process)) {}

  void run();
  llvm::Expected<std::shared_ptr<link::Connection>> reach() const;
  bool act(const Step &step);
  bool look();
  bool write(const Write &write);

  const std::string name, process;
  const std::function<void(const std::string &)> on_give_back;
  std::unique_ptr<Line> line;

  mutable std::mutex mutex;
  std::condition_variable wake;
  Election election;
  Progress progress{boottime()};
  std::string fault;
  bool is_ending = false;

  std::thread thread;
};

/// While it is away, libnats would keep what is written, and send it when it is old.
llvm::Expected<std::shared_ptr<link::Connection>> Candidate::Inside::reach() const {
  auto broker = line->connection();
  if (!broker->up())
    return failure("the broker is out of reach");
  return broker;
}

/// \returns whether there may be more to do at once.
bool Candidate::Inside::look() {
  auto value = [&]() -> llvm::Expected<Value> {
    auto broker = reach();
    return broker ? read(**broker, link::lead(name), to_answer) : broker.takeError();
  }();
  const std::lock_guard lock(mutex);
  if (!value) {
    fault = llvm::toString(value.takeError());
    election.could_not_read();
    return false;
  }
  fault.clear();
  election.saw(judge_claim(*line->member(), name, *value), boottime());
  return true;
}

bool Candidate::Inside::write(const Write &write) {
  auto answer = [&]() -> llvm::Expected<std::optional<uint64_t>> {
    auto bytes = sign_claim(*line->member(), name, process, write);
    if (!bytes)
      return bytes.takeError();
    auto broker = reach();
    if (!broker)
      return broker.takeError();
    return replace(**broker, link::lead(name), *bytes, write.revision, to_answer);
  }();
  const std::lock_guard lock(mutex);
  if (!answer) {
    fault = llvm::toString(answer.takeError());
    election.unanswered(boottime());
    return false;
  }
  fault.clear();
  if (*answer)
    election.stored(write.number, **answer, boottime());
  else
    election.refused(write.number, boottime());
  return true;
}

bool Candidate::Inside::act(const Step &step) {
  return step.read ? look() : step.write && write(*step.write);
}

void Candidate::Inside::run() {
  for (std::optional<Ms> until;;) {
    Step step;
    std::string gives_back;
    {
      const std::lock_guard lock(mutex);
      if (is_ending && !until) {
        election.give_back();
        until = boottime() + to_leave;
      }
      const bool leads = election.term(boottime()).has_value();
      const Stand stand = progress.stand(leads, boottime());
      if (leads && stand == Stand::aside)
        gives_back = progress.why();
      election.stand(stand);
      step = election.next(boottime());
      if (until && (election.has_left(boottime()) || boottime() >= *until))
        return;
    }
    const bool goes_on = act(step);
    // After it: whoever is told may wait for the very loop that hangs.
    if (!gives_back.empty() && on_give_back)
      on_give_back(gives_back);
    if (goes_on)
      continue;
    line->look();
    std::unique_lock lock(mutex);
    wake.wait_for(lock, tick, [&] { return is_ending && !until; });
  }
}

Candidate::Candidate(std::unique_ptr<Inside> inside) : inside_(std::move(inside)) {}

Candidate::~Candidate() {
  if (!inside_->thread.joinable())
    return;
  {
    const std::lock_guard lock(inside_->mutex);
    inside_->is_ending = true;
  }
  inside_->wake.notify_all();
  inside_->thread.join();
}

llvm::Expected<std::unique_ptr<Candidate>>
Candidate::start(const std::string &directory, const std::string &name,
                 std::function<void(const std::string &)> on_give_back) {
  auto owner = std::make_unique<Inside>(name, trust::random_bytes(16), std::move(on_give_back));
  Inside &inside = *owner;
  std::unique_ptr<Candidate> candidate(new Candidate(std::move(owner)));
  auto line = Line::open(directory, {}, {});
  if (!line)
    return line.takeError();
  inside.line = std::move(*line);
  const trust::Role role = inside.line->member()->id().role;
  if (role != trust::Role::operator_ && role != trust::Role::controller)
    return failure("{} may not decide: a controller runs as an operator or a controller of the "
                   "fleet",
                   inside.line->member()->id().text());
  // Whether there is anything to take part in is told at once.
  if (auto value = read(*inside.line->connection(), link::lead(name), to_begin); !value)
    return value.takeError();
  inside.thread = std::thread([&inside] { inside.run(); });
  return candidate;
}

std::optional<uint64_t> Candidate::term() const {
  const std::lock_guard lock(inside_->mutex);
  return inside_->election.term(boottime());
}

void Candidate::at_least(uint64_t term) {
  const std::lock_guard lock(inside_->mutex);
  inside_->election.at_least(term);
}

void Candidate::went_round(bool well) {
  const std::lock_guard lock(inside_->mutex);
  inside_->progress.round(well, boottime());
}

Candidate::State Candidate::state() const {
  const std::lock_guard lock(inside_->mutex);
  State state;
  state.term = inside_->election.term(boottime());
  state.fault = inside_->fault.empty() ? inside_->progress.why() : inside_->fault;
  const std::optional<Held> &held = inside_->election.held();
  if (!state.term && held && held->believed && held->duration > 0ms &&
      held->process != inside_->process) {
    state.leader = held->name;
    state.leader_term = held->token;
  }
  return state;
}

Line &Candidate::line() { return *inside_->line; }
const std::string &Candidate::name() const { return inside_->name; }

} // namespace nemo::lead
