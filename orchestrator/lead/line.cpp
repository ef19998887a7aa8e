#include "orchestrator/lead/line.h"

#include <ctime>

namespace nemo::lead {

namespace {

using namespace std::chrono_literals;
using membership::Member;

constexpr auto to_connect = 5s;
constexpr auto look_every = 10s;

} // namespace

std::chrono::milliseconds boottime() {
  timespec time{};
  ::clock_gettime(CLOCK_BOOTTIME, &time);
  return std::chrono::duration_cast<std::chrono::milliseconds>(
      std::chrono::seconds(time.tv_sec) + std::chrono::nanoseconds(time.tv_nsec));
}

llvm::Expected<Line::Opened> Line::connect(std::shared_ptr<const Member> member) const {
  auto made = link::Connection::open(*member, handlers_, to_connect);
  if (!made)
    return made.takeError();
  Opened opened{std::move(member), std::move(*made)};
  for (const std::string &subject : subjects_)
    if (auto error = opened.connection->listen(subject))
      return error;
  return opened;
}

llvm::Expected<std::unique_ptr<Line>> Line::open(const std::string &directory,
                                                 link::Connection::Handlers handlers,
                                                 std::vector<std::string> subjects) {
  auto member = Member::load(directory);
  if (!member)
    return member.takeError();
  std::unique_ptr<Line> line(new Line(directory, std::move(handlers), std::move(subjects)));
  auto opened = line->connect(std::make_shared<const Member>(std::move(*member)));
  if (!opened)
    return opened.takeError();
  line->now_ = std::move(*opened);
  line->look_next_ = Clock::now() + look_every;
  return line;
}

Line::~Line() {
  if (next_.valid())
    next_.wait();
}

std::shared_ptr<const Member> Line::member() const {
  const std::lock_guard lock(mutex_);
  return now_.member;
}

std::shared_ptr<link::Connection> Line::connection() const {
  const std::lock_guard lock(mutex_);
  return now_.connection;
}

void Line::take(Opened opened) {
  const std::lock_guard lock(mutex_);
  std::swap(now_, opened); // the old one ends after the lock
}

void Line::look() {
  if (next_.valid()) {
    if (next_.wait_for(0s) != std::future_status::ready)
      return;
    if (Opened opened = next_.get(); opened.connection)
      take(std::move(opened));
    return;
  }
  if (Clock::now() < look_next_)
    return;
  look_next_ = Clock::now() + look_every;
  auto held = Member::load(directory_);
  if (!held)
    return llvm::consumeError(held.takeError()); // who renews it says so
  auto fresh = std::make_shared<const Member>(std::move(*held));
  const auto before = member();
  const membership::Credentials &old = before->credentials();
  if (fresh->begins() == before->begins() &&
      fresh->credentials().bundle.roots == old.bundle.roots) {
    if (fresh->credentials().revocations.signed_bytes() != old.revocations.signed_bytes())
      take({std::move(fresh), connection()});
    return;
  }
  next_ = std::async(std::launch::async, [this, fresh] {
    auto opened = connect(fresh);
    if (opened)
      return std::move(*opened);
    llvm::consumeError(opened.takeError()); // the old one may do for a while: again soon
    return Opened();
  });
}

} // namespace nemo::lead
