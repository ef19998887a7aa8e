// What operators want reaches agents, also over a broker that dies; what agents say reaches
// operators.
#include <catch2/catch.hpp>

#include <thread>

#include "protocol/link/subjects.h"
#include "protocol/membership/channel.h"
#include "protocol/peer.pb.h"
#include "world.h"

using namespace nemo;
using namespace nemo::test;
using proto::BackendError;

namespace {

bool has_node(backends::fleet::Backend &backend, const std::string &node) {
  return eventually([&] {
    const proto::Fleet seen = good(backend.observe());
    return llvm::any_of(seen.nodes(), [&](const proto::Node &one) { return one.name() == node; });
  });
}

} // namespace

TEST_CASE("desired state reaches the agent, and its report comes back") {
  Site site;
  site.agent("n1");
  auto backend = site.open(site.op);
  REQUIRE(has_node(backend, "n1"));
  proto::DeliverCall wanted = call("n1", "web", 0);
  add(wanted, "beat", "aa01", "while :; do echo beat; sleep 0.1; done");
  const proto::Delivered delivered = good(backend.deliver(wanted));
  CHECK(delivered.generation() == 1);
  const proto::PartState there = part_of(good(backend.observe()), "n1", "web");
  CHECK(there.generation() == 1);
  CHECK(there.holder() == "test");
  CHECK(there.part().instances_size() == 1);
  CHECK(eventually([&] {
    const proto::Fleet seen = good(backend.observe());
    return llvm::any_of(seen.running(), [](const proto::Running &one) {
      return one.workload() == "beat" &&
             (one.state() == proto::Running::RUNNING || one.state() == proto::Running::FAILED);
    });
  }));

  SECTION("what is desired cannot be read on its way") {
    CHECK(site.value(link::desired("n1")).find("beat") == std::string::npos);
  }
  SECTION("who planned against what is gone loses, and in the agent's words") {
    CHECK(code_of(backend.deliver(call("n1", "web", 0)).takeError()) == BackendError::CONFLICT);
    CHECK(part_of(good(backend.observe()), "n1", "web").part().instances_size() == 1);
    wanted.set_expected_generation(1);
    CHECK(good(backend.deliver(wanted)).generation() == 2);
  }
  SECTION("another operator's stack on the same node stays") {
    auto other = site.open(site.op);
    REQUIRE(good(other.deliver(sleeper("n1", "db", 0))).generation() == 2);
    const proto::Fleet seen = good(backend.observe());
    CHECK(part_of(seen, "n1", "web").generation() == 1);
    CHECK(part_of(seen, "n1", "db").generation() == 2);
  }
  SECTION("a viewer sees and cannot decide") {
    auto viewer = site.open(site.viewer);
    CHECK(part_of(good(viewer.observe()), "n1", "web").generation() == 1);
    CHECK_THAT(said(viewer.deliver(call("n1", "x", 0))), has("may not sign desired state"));
  }
  SECTION("the agent is killed, and the next one goes on without acting twice") {
    site.agent("n1").kill9();
    site.agent("n1").start();
    wanted.set_expected_generation(1);
    CHECK(good(backend.deliver(wanted)).generation() == 2);
  }
}

TEST_CASE("a broker that is killed takes nothing with it") {
  Site site;
  site.agent("n1");
  auto backend = site.open(site.op);
  REQUIRE(has_node(backend, "n1"));
  REQUIRE(good(backend.deliver(sleeper("n1", "web", 0))).generation() == 1);
  site.broker->kill9();
  CHECK_THAT(said(backend.observe()), !Catch::Matchers::Equals(""));
  site.broker->start();
  auto again = site.open(site.op);
  std::string last;
  CHECK(eventually([&] {
    auto delivered = again.deliver(sleeper("n1", "web", 1));
    if (!delivered) {
      last = llvm::toString(delivered.takeError());
      return false;
    }
    return delivered->generation() == 2;
  }));
  INFO(last);
  CHECK(part_of(good(again.observe()), "n1", "web").generation() == 2);
}

TEST_CASE("a node that is away is told when it is back") {
  Site site;
  site.agent("n1");
  auto backend = site.open(site.op);
  REQUIRE(has_node(backend, "n1"));
  site.agent("n1").kill9();
  CHECK(code_of(backend.deliver(sleeper("n1", "web", 0)).takeError()) == BackendError::UNAVAILABLE);
  site.agent("n1").start();
  CHECK(
      eventually([&] { return part_of(good(backend.observe()), "n1", "web").generation() == 1; }));
}

TEST_CASE("what expires runs on and starts nothing new, and what is renewed is not started again") {
  Site site;
  site.agent("n1");
  auto backend = site.open(site.op);
  REQUIRE(has_node(backend, "n1"));
  auto running = [&](const std::string &workload) {
    const proto::Fleet seen = good(backend.observe());
    for (const proto::Running &one : seen.running())
      if (one.workload() == workload)
        return one;
    return proto::Running();
  };
  auto is = [&](const std::string &workload, proto::Running::State state) {
    return eventually([&] { return running(workload).state() == state; });
  };
  auto expired = [&] {
    return eventually([&] {
      good(backend.observe());
      return backend.validities().size() == 1 && backend.validities()[0].held;
    });
  };
  // One that runs, and one whose time has not come.
  proto::DeliverCall wanted = sleeper("n1", "web", 0);
  add(wanted, "late", "aa01", "exec sleep 1000");
  wanted.mutable_part()->mutable_instances(1)->set_start_at("2099-01-01T00:00:00Z");
  backend.hold_for(4s);
  REQUIRE(good(backend.deliver(wanted)).generation() == 1);
  REQUIRE(is("sleeper", proto::Running::RUNNING));
  const proto::Running before = running("sleeper");
  CHECK(good(backend.due("web", now())).empty());
  REQUIRE(expired());
  CHECK(backend.notes().size() == 1);
  CHECK_THAT(running("late").reason(), has("has expired at"));
  CHECK(running("sleeper").pid() == before.pid());

  SECTION("another part cannot be smuggled in as a renewal") {
    proto::DeliverCall other = wanted;
    other.set_expected_generation(1);
    other.mutable_part()->mutable_instances(1)->clear_start_at();
    CHECK(code_of(backend.renew(other, [](const auto &, const auto &) {})) ==
          BackendError::CONFLICT);
    REQUIRE(expired());
    CHECK(running("late").state() == proto::Running::PENDING);
  }
  SECTION("an agent that is killed and started again knows that it has expired") {
    site.agent("n1").kill9();
    site.agent("n1").start();
    REQUIRE(expired());
    CHECK(running("sleeper").pid() == before.pid());
    CHECK_THAT(running("late").reason(), has("has expired at"));
  }
  SECTION("what is renewed waits for its time again, and nothing is started twice") {
    backend.hold_for(1h);
    const auto due = good(backend.due("web", now()));
    REQUIRE(due.size() == 1);
    const proto::PartState part = part_of(good(backend.observe()), "n1", "web");
    proto::DeliverCall again;
    *again.mutable_part() = part.part();
    again.set_expected_generation(part.generation());
    again.set_holder(part.holder());
    for (int i = 0; i < 2; ++i) {
      int renewed = 0;
      good(backend.renew(again, [&](const std::string &, const proto::Delivered &one) {
        CHECK(one.generation() == 1);
        ++renewed;
      }));
      CHECK(renewed == 1);
    }
    REQUIRE(eventually([&] {
      return !running("late").reason().empty() &&
             running("late").reason().find("expired") == std::string::npos;
    }));
    CHECK_THAT(running("late").reason(), has("waits until 2099-01-01T00:00:00Z"));
    CHECK(backend.notes().empty());
    CHECK(good(backend.due("web", now())).empty());
    const proto::Running after = running("sleeper");
    CHECK(after.pid() == before.pid());
    CHECK(after.restarts() == before.restarts());
    CHECK(part_of(good(backend.observe()), "n1", "web").generation() == 1);
  }
  SECTION("what is applied anew starts") {
    backend.hold_for(1h);
    wanted.set_expected_generation(1);
    wanted.mutable_part()->mutable_instances(1)->clear_start_at();
    REQUIRE(good(backend.deliver(wanted)).generation() == 2);
    CHECK(is("late", proto::Running::RUNNING));
  }
}

TEST_CASE("a node says where it takes streams of other nodes, and takes none of anybody else") {
  Site site;
  site.agent("n1");
  auto address = [&]() -> std::string {
    const std::string bytes = site.value(link::running("n1"));
    proto::Signed envelope;
    proto::Statement statement;
    proto::NodeSays says;
    if (bytes.empty() || !envelope.ParseFromString(bytes) ||
        !statement.ParseFromString(envelope.payload()) ||
        !says.ParseFromString(statement.report().payload()))
      return "";
    return says.running().peer_address();
  };
  REQUIRE(eventually([&] { return !address().empty(); }));
  const auto where = good(membership::parse_address(address(), 0));
  CHECK(where.host == "127.0.0.1");
  auto call = [&](const Member &member) {
    const auto context =
        good(trust::TlsContext::mutual(trust::TlsContext::Side::client, member.key, member.chain,
                                       {good(site.fleet.authority->bundle())}, {}, {}));
    const auto until = std::chrono::steady_clock::now() + 10s;
    auto channel =
        good(membership::Channel::open(*context, good(membership::dial(where, until)), until));
    proto::PeerHello hello; // for nothing: the stream is taken and then ends
    hello.mutable_lease();
    llvm::consumeError(channel.write(hello.SerializeAsString()));
    char taken = 0;
    size_t count = 0;
    for (int i = 0; i < 1'000 && count == 0; ++i) {
      if (SSL_read_ex(channel.session().get(), &taken, 1, &count) != 1 &&
          SSL_get_error(channel.session().get(), 0) != SSL_ERROR_WANT_READ)
        break;
      std::this_thread::sleep_for(10ms);
    }
    return count == 1;
  };
  CHECK(call(site.fleet.member(trust::Role::node, "n2")));
  CHECK_FALSE(call(site.viewer));
}
