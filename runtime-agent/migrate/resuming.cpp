#include "runtime-agent/migrate/resuming.h"

#include "base/error.h"

namespace nemo::migrate {

namespace {
constexpr agent::Ticks kPatience = 5'000; // of one answer
constexpr agent::Ticks kLookEvery = 5;
constexpr int kMostLooks = 2'000;
} // namespace

std::unique_ptr<Resuming> Resuming::start(agent::Loop &loop, const std::string &control_path,
                                          std::function<void(llvm::Error)> done) {
  std::unique_ptr<Resuming> made(new Resuming(loop, std::move(done)));
  Resuming *raw = made.get();
  auto monitor = Monitor::connect(
      loop, control_path, kPatience,
      {[](auto, const auto &) {}, [raw](std::string why) { raw->finish(std::move(why)); }});
  if (!monitor) {
    raw->finish(llvm::toString(monitor.takeError()));
    return made;
  }
  made->monitor_ = std::move(*monitor);
  // What is not under way cannot be called off: that is no failure.
  made->monitor_->execute("migrate_cancel", {}, [raw](auto answer) {
    if (!answer)
      llvm::consumeError(answer.takeError());
    raw->look();
  });
  return made;
}

Resuming::~Resuming() { loop_.cancel(timer_); }

void Resuming::look() {
  monitor_->execute("query-status", {}, [this](auto answer) {
    if (!answer)
      return finish(llvm::toString(answer.takeError()));
    const std::string status = answer->getString("status").value_or("unknown").str();
    if (status == "running")
      return finish({});
    if (++looks_ > kMostLooks)
      return finish(fmt::format("the machine does not go on: it is '{}'", status));
    if (status == "postmigrate" || status == "paused" || status == "prelaunch")
      return monitor_->execute("cont", {}, [this](auto went) {
        if (!went)
          llvm::consumeError(went.takeError()); // not yet: it is looked at again
        timer_ = loop_.at(agent::ticks(), [this] { look(); });
      });
    timer_ = loop_.at(agent::ticks() + kLookEvery, [this] { look(); });
  });
}

void Resuming::finish(std::string problem) {
  if (std::exchange(over_, true))
    return;
  loop_.cancel(timer_);
  timer_ = loop_.at(0, [this, problem = std::move(problem)] {
    auto done = std::move(done_);
    done(problem.empty() ? llvm::Error::success() : failure("{}", problem));
  });
}

} // namespace nemo::migrate
