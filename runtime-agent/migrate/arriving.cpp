#include "runtime-agent/migrate/arriving.h"

#include <cerrno>
#include <sys/socket.h>

#include "base/error.h"

namespace nemo::migrate {

using llvm::json::Array;
using llvm::json::Object;

std::unique_ptr<Arriving> Arriving::start(agent::Loop &loop, const std::string &control_path,
                                          agent::Fd stream, const Terms &terms, Handlers handlers) {
  std::unique_ptr<Arriving> made(new Arriving(loop, terms, std::move(handlers)));
  Arriving *raw = made.get();
  made->channel_ = std::make_unique<Channel>(
      loop, std::move(stream),
      Channel::Handlers{[raw](const Frame &frame) { raw->on_frame(frame); },
                        [raw](std::string why) { raw->give_up(std::move(why)); }});
  made->begin(control_path);
  return made;
}

Arriving::~Arriving() {
  for (agent::Loop::TimerId timer : {all_, silence_, last_})
    loop_.cancel(timer);
}

void Arriving::begin(const std::string &control_path) {
  auto monitor = Monitor::connect(loop_, control_path, terms_.silence,
                                  {[this](auto name, const auto &data) { on_event(name, data); },
                                   [this](std::string why) { machine_failed(std::move(why)); }});
  if (!monitor)
    return give_up(llvm::toString(monitor.takeError()));
  monitor_ = std::move(*monitor);
  all_ = loop_.at(agent::ticks() + terms_.patience, [this] {
    give_up(fmt::format("the move did not come to its end within {} ms", terms_.patience));
  });
  wait();
  int ends[2];
  if (::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) != 0)
    return give_up(llvm::toString(system_failure(errno, "socketpair")));
  const agent::Fd theirs(ends[1]);
  channel_->deliver(agent::Fd(ends[0]));
  tell("query-status", {}, [this](const Object &answer) {
    const llvm::StringRef status = answer.getString("status").value_or("unknown");
    if (status != "inmigrate")
      give_up(fmt::format("the machine does not wait for another: it is '{}'", status.str()));
  });
  tell("migrate-set-capabilities",
       Object{{"capabilities", Array{Object{{"capability", "events"}, {"state", true}}}}},
       [](const Object &) {});
  tell(
      "getfd", Object{{"fdname", "move"}}, [](const Object &) {}, theirs.get());
  tell("migrate-incoming", Object{{"uri", "fd:move"}}, [this](const Object &) {
    step_ = Step::copies;
    channel_->say(Kind::ready, monitor_->version());
  });
}

/// From now on, as long as no memory comes.
void Arriving::wait() {
  loop_.cancel(silence_);
  silence_ = loop_.at(agent::ticks() + terms_.silence, [this] {
    if (std::exchange(seen_, channel_->carried()) != channel_->carried())
      return wait();
    give_up(fmt::format("nothing came of it within {} ms", terms_.silence));
  });
}

void Arriving::tell(llvm::StringRef command, Object arguments,
                    llvm::unique_function<void(const Object &)> then, int fd) {
  monitor_->execute(
      command, std::move(arguments),
      [this, then = std::move(then)](auto answer) mutable {
        if (!answer)
          return machine_failed(llvm::toString(answer.takeError()));
        if (step_ != Step::over)
          then(*answer);
      },
      fd);
}

void Arriving::on_frame(const Frame &frame) {
  if (ours_ || step_ == Step::over)
    return; // nothing that is said now changes whose it is
  if (frame.kind == Kind::end && step_ == Step::copies && !ended_) {
    ended_ = true;
    wait();
    return look();
  }
  if (frame.kind == Kind::run && step_ == Step::taken && !std::exchange(told_, true))
    return run();
  if (frame.kind == Kind::no || frame.kind == Kind::never)
    return give_up(fmt::format("it stays where it was: {}", printable(frame.payload)));
  give_up("the other node does not keep to the protocol of a move");
}

void Arriving::on_event(llvm::StringRef name, const Object &data) {
  if (name != "MIGRATION" || step_ != Step::copies)
    return;
  const llvm::StringRef status = data.getString("status").value_or("");
  if (status == "completed") {
    complete_ = true;
    return look();
  }
  if (status == "failed")
    give_up("QEMU could not take the machine in");
}

void Arriving::look() {
  if (!ended_ || !complete_)
    return;
  tell("query-status", {}, [this](const Object &answer) {
    const llvm::StringRef status = answer.getString("status").value_or("unknown");
    if (status != "paused" && status != "prelaunch")
      return give_up(fmt::format("the machine came in and is '{}'", status.str()));
    step_ = Step::taken;
    channel_->say(Kind::taken);
  });
}

/// While it is alive: one that has ended is better run on where it was.
void Arriving::run() {
  tell("query-status", {}, [this](const Object &) {
    if (auto error = handlers_.take())
      return give_up(llvm::toString(std::move(error)));
    ours_ = true;
    tell("cont", {}, [this](const Object &) {
      channel_->say(Kind::runs);
      finish(Arrived::How::runs, {});
    });
  });
}

bool Arriving::call_off(std::string why) {
  give_up(std::move(why));
  return !ours_;
}

/// What happens to the stream changes nothing for one that is this node's.
void Arriving::give_up(std::string why) {
  if (step_ == Step::over || ours_)
    return;
  channel_->say(Kind::no, why);
  finish(Arrived::How::dropped, std::move(why));
}

void Arriving::machine_failed(std::string why) {
  if (step_ == Step::over)
    return;
  if (ours_)
    return finish(Arrived::How::lost, std::move(why));
  give_up(std::move(why));
}

void Arriving::finish(Arrived::How how, std::string why) {
  step_ = Step::over;
  for (agent::Loop::TimerId timer : {all_, silence_})
    loop_.cancel(timer);
  last_ = loop_.at(0, [this, how, why = std::move(why)] {
    const auto done = std::move(handlers_.done); // who is told may let go of this
    done({how, why, channel_->carried()});
  });
}

} // namespace nemo::migrate
