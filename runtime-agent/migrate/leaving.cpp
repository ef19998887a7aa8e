#include "runtime-agent/migrate/leaving.h"

#include <cerrno>
#include <sys/socket.h>

#include "base/error.h"

namespace nemo::migrate {

using llvm::json::Array;
using llvm::json::Object;

Leaving::Leaving(agent::Loop &loop, std::string control_path, const Terms &terms, Handlers handlers)
    : loop_(loop), control_path_(std::move(control_path)), terms_(terms),
      handlers_(std::move(handlers)) {}

std::unique_ptr<Leaving> Leaving::start(agent::Loop &loop, std::string control_path,
                                        agent::Fd stream, const Terms &terms, Handlers handlers) {
  std::unique_ptr<Leaving> made(
      new Leaving(loop, std::move(control_path), terms, std::move(handlers)));
  Leaving *raw = made.get();
  made->channel_ = std::make_unique<Channel>(
      loop, std::move(stream),
      Channel::Handlers{[raw](const Frame &frame) { raw->on_frame(frame); },
                        [raw](std::string why) { raw->give_up(std::move(why)); }});
  made->begin();
  return made;
}

Leaving::~Leaving() {
  for (agent::Loop::TimerId timer : {all_, step_timer_, last_})
    loop_.cancel(timer);
}

void Leaving::begin() {
  auto monitor =
      Monitor::connect(loop_, control_path_, terms_.silence,
                       {[this](auto name, const auto &data) { on_event(name, data); },
                        [this](std::string why) {
                          if (step_ != Step::given) // what becomes of it here matters no more
                            give_up(std::move(why));
                        }});
  if (!monitor)
    return give_up(llvm::toString(monitor.takeError()));
  monitor_ = std::move(*monitor);
  all_ = loop_.at(agent::ticks() + terms_.patience, [this] {
    give_up(fmt::format("the move did not come to its end within {} ms", terms_.patience));
  });
}

/// Until wait() is called again, as long as nothing of its memory goes over.
void Leaving::wait(agent::Ticks most, const char *what) {
  loop_.cancel(step_timer_);
  step_timer_ = loop_.at(agent::ticks() + most, [this, most, what] {
    if (step_ == Step::copies && std::exchange(seen_, channel_->carried()) != channel_->carried())
      return wait(most, what);
    give_up(fmt::format("{} within {} ms", what, most));
  });
}

void Leaving::tell(llvm::StringRef command, Object arguments, llvm::unique_function<void()> then,
                   int fd) {
  monitor_->execute(
      command, std::move(arguments),
      [this, then = std::move(then)](auto answer) mutable {
        if (!answer)
          return give_up(llvm::toString(answer.takeError()));
        if (step_ != Step::over)
          then();
      },
      fd);
}

void Leaving::on_frame(const Frame &frame) {
  switch (frame.kind) {
  case Kind::ready:
    if (step_ != Step::waits || !monitor_)
      break;
    step_ = Step::compares;
    return compare(printable(frame.payload));
  case Kind::taken:
    if (step_ != Step::copies)
      break;
    taken_ = true;
    return give_away();
  case Kind::runs:
    if (step_ != Step::given)
      break;
    return finish(Left::How::gone, {});
  case Kind::never:
  case Kind::no:
    left_.never = frame.kind == Kind::never;
    if (step_ == Step::given) // it has not run and never will
      step_ = Step::copies;
    return give_up(fmt::format("the target refuses: {}", printable(frame.payload)));
  default:
    break;
  }
  give_up("the target does not keep to the protocol of a move");
}

/// Its own monitor may not have said a word yet: with its first answer it has.
void Leaving::compare(std::string theirs) {
  tell("query-status", {}, [this, theirs = std::move(theirs)] {
    if (theirs != monitor_->version()) {
      left_.never = true;
      return give_up(
          fmt::format("the QEMU there is '{}', and '{}' here", theirs, monitor_->version()));
    }
    left_.began = true;
    send_memory();
  });
}

void Leaving::send_memory() {
  int ends[2];
  if (::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) != 0)
    return give_up(llvm::toString(system_failure(errno, "socketpair")));
  step_ = Step::copies;
  auto theirs = std::make_shared<agent::Fd>(ends[1]);
  memory_ = agent::Fd(ends[0]);
  wait(terms_.silence, "nothing of its memory went over");
  tell("migrate-set-capabilities",
       Object{{"capabilities", Array{Object{{"capability", "events"}, {"state", true}},
                                     // What writes faster than the stream carries is slowed down
                                     // until it does not: else there would be no end.
                                     Object{{"capability", "auto-converge"}, {"state", true}}}}},
       [] {});
  tell("migrate-set-parameters",
       Object{{"downtime-limit", terms_.downtime_ms},
              {"max-bandwidth", static_cast<int64_t>(terms_.bytes_per_second)}},
       [] {});
  tell(
      "getfd", Object{{"fdname", "move"}},
      [this, theirs] {
        theirs->reset(); // else its end would not be seen
        channel_->carry(std::move(memory_));
        tell("migrate", Object{{"uri", "fd:move"}}, [] {});
      },
      theirs->get());
}

void Leaving::on_event(llvm::StringRef name, const Object &data) {
  if (name == "STOP")
    stopped_at_ = std::chrono::steady_clock::now();
  if (name != "MIGRATION" || step_ != Step::copies)
    return;
  const llvm::StringRef status = data.getString("status").value_or("");
  if (status == "completed") {
    stopped_ = true;
    return give_away();
  }
  if (status == "failed" || status == "cancelled")
    give_up(fmt::format("QEMU's migration has {}", status.str()));
}

/// Once both are so far. Its memory is there as a whole, and it does not run here any more.
void Leaving::give_away() {
  if (!stopped_ || !taken_ || step_ != Step::copies)
    return;
  if (auto error = handlers_.give_away())
    return give_up(llvm::toString(std::move(error)));
  step_ = Step::given;
  wait(terms_.silence, "the target did not say whether it runs");
  channel_->say(Kind::run);
}

void Leaving::give_up(std::string why) {
  if (step_ == Step::over)
    return;
  if (step_ == Step::given)
    return finish(Left::How::unknown, std::move(why));
  left_.why = std::move(why);
  step_ = Step::over;
  channel_->say(Kind::no, left_.why);
  for (agent::Loop::TimerId timer : {all_, step_timer_})
    loop_.cancel(timer);
  // This may be a call from the one or the other of the two.
  last_ = loop_.at(0, [this] {
    left_.bytes = channel_->carried();
    monitor_.reset();
    channel_.reset();
    resuming_ = Resuming::start(loop_, control_path_, [this](llvm::Error error) {
      if (error)
        left_.why += "; " + llvm::toString(std::move(error));
      tell_done();
    });
  });
}

/// Who is told may let go of this, and of what it told.
void Leaving::tell_done() {
  const auto done = std::move(handlers_.done);
  done(std::move(left_));
}

void Leaving::finish(Left::How how, std::string why) {
  left_.how = how;
  left_.why = std::move(why);
  left_.bytes = channel_->carried();
  if (stopped_at_)
    left_.stood_still = std::chrono::duration_cast<std::chrono::microseconds>(
        std::chrono::steady_clock::now() - *stopped_at_);
  step_ = Step::over;
  for (agent::Loop::TimerId timer : {all_, step_timer_})
    loop_.cancel(timer);
  last_ = loop_.at(0, [this] { tell_done(); });
}

} // namespace nemo::migrate
