#include "orchestrator/loop/watchman.h"

#include <condition_variable>
#include <deque>
#include <map>
#include <mutex>
#include <set>
#include <thread>

#include "base/clock.h"
#include "orchestrator/lead/line.h"
#include "protocol/link/subjects.h"
#include "protocol/trust/statement.h"

namespace nemo::loop {

namespace {

using namespace std::chrono_literals;
using health::Ms;
using lead::boottime;

constexpr auto tick = 50ms;
constexpr size_t most_waiting = 100'000; ///< heartbeats; what is over is dropped

} // namespace

struct Watchman::Inside {
  explicit Inside(health::Settings settings) : detector(settings) {}

  struct Arrived {
    std::string node, bytes;
  };

  void run();
  void hear(const Arrived &one);

  // Of the thread.
  trust::Paths paths;
  std::map<std::string, trust::Mark> marks;

  std::mutex arrivals_mutex; ///< never held together with the other, nor for long
  std::condition_variable wake;
  std::deque<Arrived> arrivals;
  bool link_up = true, ending = false;

  mutable std::mutex mutex;
  health::Detector detector;
  std::vector<health::Change> changes;
  std::map<std::string, std::string> sites; ///< of everybody who is watched

  std::unique_ptr<lead::Line> line; ///< ended before what it calls
  std::thread thread;
};

void Watchman::Inside::hear(const Arrived &one) {
  const auto member = line->member();
  const trust::SpiffeId id{member->id().fleet, trust::Role::node, one.node};
  trust::Mark &mark = marks[one.node];
  auto verified = trust::verify(
      one.bytes, trust::Expectation::of_node(trust::Kind::Signed_Kind_HEARTBEAT, id, mark, now()),
      member->trust(&paths));
  if (!verified) {
    llvm::consumeError(verified.takeError()); // it proves nothing of anybody
    return;
  }
  mark = verified->mark();
  const proto::Heartbeat &said = verified->statement.heartbeat();
  const std::lock_guard lock(mutex);
  detector.hear({one.node, said.boot_id(), verified->statement.generation(),
                 Ms(std::clamp<int64_t>(said.boottime_ms(), 0, INT64_MAX / 4'000'000))},
                boottime());
}

void Watchman::Inside::run() {
  for (;;) {
    line->look();
    std::deque<Arrived> now_here;
    bool up = false;
    {
      std::unique_lock lock(arrivals_mutex);
      wake.wait_for(lock, tick);
      if (ending)
        return;
      now_here.swap(arrivals);
      up = link_up;
    }
    std::set<std::string> expected;
    {
      const std::lock_guard lock(mutex);
      detector.connected(up, boottime());
      for (const Arrived &one : now_here)
        if (detector.find(one.node) != nullptr)
          expected.insert(one.node);
    }
    for (const Arrived &one : now_here)
      if (expected.contains(one.node)) // signatures of strangers cost time
        hear(one);
    const std::lock_guard lock(mutex);
    for (health::Change &change : detector.tick(boottime()))
      changes.push_back(std::move(change));
  }
}

Watchman::Watchman(std::unique_ptr<Inside> inside) : inside_(std::move(inside)) {}

Watchman::~Watchman() {
  {
    const std::lock_guard lock(inside_->arrivals_mutex);
    inside_->ending = true;
  }
  inside_->wake.notify_all();
  if (inside_->thread.joinable())
    inside_->thread.join();
  inside_->line.reset();
}

llvm::Expected<std::unique_ptr<Watchman>> Watchman::start(const std::string &directory,
                                                          health::Settings settings) {
  auto owner = std::make_unique<Inside>(settings);
  Inside &inside = *owner;
  std::unique_ptr<Watchman> watchman(new Watchman(std::move(owner)));
  link::Connection::Handlers handlers;
  handlers.on_message = [&inside](link::Message message) {
    llvm::StringRef node = message.subject;
    if (!node.consume_front(link::heartbeat("")) || !trust::is_member_name(node))
      return;
    const std::lock_guard lock(inside.arrivals_mutex);
    if (inside.arrivals.size() < most_waiting)
      inside.arrivals.push_back({node.str(), std::move(message.data)});
  };
  handlers.on_link = [&inside](bool up) {
    const std::lock_guard lock(inside.arrivals_mutex);
    inside.link_up = up;
  };
  auto line = lead::Line::open(directory, std::move(handlers), {link::heartbeat("*")});
  if (!line)
    return line.takeError();
  inside.line = std::move(*line);
  inside.thread = std::thread([&inside] { inside.run(); });
  return watchman;
}

void Watchman::expect(std::vector<health::Member> members) {
  const std::lock_guard lock(inside_->mutex);
  std::map<std::string, std::string> sites;
  for (const health::Member &member : members)
    sites[member.node] = member.site;
  for (const auto &[node, site] : inside_->sites)
    if (sites.emplace(node, site).second)
      members.push_back({node, site});
  inside_->sites = std::move(sites);
  inside_->detector.expect(members, boottime());
}

std::vector<LostNode> Watchman::lost() const {
  const std::lock_guard lock(inside_->mutex);
  std::vector<LostNode> nodes;
  for (const std::string &name : inside_->detector.lost_nodes()) {
    const health::NodeHealth &health = *inside_->detector.find(name);
    nodes.push_back({name, health.reason, health.state == health::State::returning});
  }
  return nodes;
}

std::vector<health::Change> Watchman::changes() {
  const std::lock_guard lock(inside_->mutex);
  return std::exchange(inside_->changes, {});
}

} // namespace nemo::loop
