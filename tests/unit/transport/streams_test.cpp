// Events, logs and artifacts of agents that are elsewhere.
#include <catch2/catch.hpp>

#include <set>
#include <thread>

#include "protocol/link/subjects.h"
#include "protocol/transport.pb.h"
#include "world.h"

using namespace nemo;
using namespace nemo::test;

namespace {

/// Numbers of the events that lie in the stream, in order, verified.
std::vector<uint64_t> events_of(Site &site, const std::string &node) {
  std::vector<uint64_t> numbers;
  const trust::Bundle bundle = good(site.fleet.authority->bundle());
  const trust::Revocations none;
  for (const std::string &bytes : site.stored(link::events(node), "events")) {
    const auto verified = good(trust::verify(
        bytes,
        trust::Expectation::of_node(proto::Signed::REPORT, site.fleet.id(trust::Role::node, node),
                                    {}, nemo::now()),
        {bundle, none}));
    proto::NodeSays says;
    REQUIRE(says.ParseFromString(verified.statement.report().payload()));
    REQUIRE(says.has_events());
    for (const auto &one : says.events().events())
      numbers.push_back(one.sequence());
  }
  return numbers;
}

} // namespace

TEST_CASE("what happens while the broker is away is told once when it is back") {
  Site site;
  site.agent("n1");
  auto backend = site.open(site.op);
  REQUIRE(eventually([&] { return good(backend.observe()).nodes_size() == 1; }));
  proto::DeliverCall fails = call("n1", "web", 0);
  add(fails, "w", "aa01", "exit 3"); // restarts all the time
  good(backend.deliver(fails));
  REQUIRE(eventually([&] { return !events_of(site, "n1").empty(); }));
  const uint64_t before = events_of(site, "n1").back();
  site.broker->kill9();
  std::this_thread::sleep_for(2s);
  site.broker->start();
  REQUIRE(eventually([&] {
    const auto numbers = events_of(site, "n1");
    return !numbers.empty() && numbers.back() > before + 2;
  }));
  const auto numbers = events_of(site, "n1");
  // Sent again may be what the broker had; a receiver drops it by its number. Nothing is missing.
  const std::set<uint64_t> once(numbers.begin(), numbers.end());
  CHECK(*once.begin() == 1);
  CHECK(*once.rbegin() == once.size());
}

TEST_CASE("logs are read from afar by who may, and not by who carries them") {
  Site site;
  site.agent("n1");
  auto backend = site.open(site.op);
  REQUIRE(eventually([&] { return good(backend.observe()).nodes_size() == 1; }));
  proto::DeliverCall speaks = call("n1", "web", 0);
  add(speaks, "w", "aa01", "echo a-secret-word; exec sleep 1000");
  good(backend.deliver(speaks));
  if (llvm::none_of(good(backend.observe()).nodes(0).sandboxes(),
                    [](const std::string &kind) { return kind == "process"; })) {
    WARN("this host has no process sandbox: not tested here");
    return;
  }
  const auto thief = site.stolen();
  auto overheard = good(thief->subscribe("_INBOX.>"));
  auto asked = good(thief->subscribe(link::ask("n1")));
  good(thief->flush(5s));
  auto lines_for = [&](const Member &member) {
    auto reader = site.open(member);
    std::vector<std::string> lines;
    proto::LogsCall logs;
    logs.set_stack("web");
    llvm::Error error = reader.logs(logs, [&](const proto::LogLine *line) {
      if (line)
        lines.push_back(line->text());
      return true;
    });
    llvm::consumeError(std::move(error)); // it may not have begun yet
    return lines;
  };
  const std::vector<std::string> expected{"a-secret-word"};
  CHECK(eventually([&] { return lines_for(site.op) == expected; }));
  CHECK(lines_for(site.viewer) == expected);
  size_t heard = 0;
  link::Message question;
  while (auto message = good(overheard.next(300ms))) {
    ++heard;
    CHECK(message->data.find("a-secret-word") == std::string::npos);
  }
  CHECK(heard > 0);
  while (auto message = good(asked.next(300ms)))
    question = std::move(*message);
  REQUIRE(!question.data.empty());

  SECTION("a question is answered once") {
    auto answers = good(thief->subscribe(question.reply));
    good(thief->publish(link::ask("n1"), question.data, question.reply));
    CHECK(!good(answers.next(1s)));
  }
  SECTION("a controller, whose tenants are not told apart in logs, is refused") {
    auto controller = site.open(site.ctl);
    proto::LogsCall logs;
    logs.set_stack("web");
    CHECK(code_of(controller.logs(logs, [](const proto::LogLine *) { return true; })) ==
          proto::BackendError::DENIED);
  }
}

TEST_CASE("events are watched from afar") {
  Site site;
  site.agent("n1");
  auto backend = site.open(site.op);
  REQUIRE(eventually([&] { return good(backend.observe()).nodes_size() == 1; }));
  proto::DeliverCall wanted = call("n1", "web", 0);
  add(wanted, "w", "aa01", "exec sleep 1000");
  const auto thief = site.stolen();
  auto asked = good(thief->subscribe(link::ask("n1")));
  good(thief->flush(5s));
  proto::WatchCall watch;
  watch.set_after(good(backend.deliver(wanted)).sequence());
  bool seen = false;
  const auto until = std::chrono::steady_clock::now() + 30s;
  good(backend.watch(
      watch,
      [&](const proto::Event *event) {
        seen |= event && event->instance().workload() == "w";
        return !seen && std::chrono::steady_clock::now() < until;
      },
      [] { return backends::tick; }));
  CHECK(seen);

  // Whoever watched has gone. The first piece that nobody takes is the last that is sent to it.
  const auto question = good(asked.next(5s));
  REQUIRE(question);
  auto deliver = [&](const std::string &workload, uint64_t after) {
    wanted.set_expected_generation(after);
    add(wanted, workload, "aa02", "exec sleep 1000");
    good(backend.deliver(wanted));
    // Who watches hears of it before the report says so.
    REQUIRE(eventually([&] {
      return llvm::any_of(good(backend.observe()).running(), [&](const proto::Running &one) {
        return one.workload() == workload && one.state() == proto::Running::RUNNING;
      });
    }));
  };
  deliver("v", 1);
  auto answers = good(thief->subscribe(question->reply));
  good(thief->flush(5s));
  deliver("u", 2);
  CHECK(!good(answers.next(2s)));
}
