// Several controllers of one fleet: who leads over a real broker, and what becomes of what a former
// leader still delivers.
#include <catch2/catch.hpp>

#include "orchestrator/lead/candidate.h"
#include "orchestrator/lead/control.h"
#include "orchestrator/loop/fleet_approvals.h"
#include "protocol/link/subjects.h"
#include "world.h"

using namespace nemo;
using namespace nemo::test;
using lead::Candidate;
using proto::BackendError;

TEST_CASE("who leads delivers in its term, and nobody does in one before") {
  Site site;
  site.agent("n1");
  auto first = site.open(site.op), second = site.open(site.op), person = site.open(site.op);
  std::optional<uint64_t> first_in = 3;
  first.deliver_in([&] { return first_in; });
  second.deliver_in([] { return 4; });
  REQUIRE(eventually([&] { return good(first.observe()).nodes_size() == 1; }));
  REQUIRE(good(first.deliver(sleeper("n1", "web", 0))).generation() == 1);
  const std::string old = site.value(link::desired("n1"));
  good(first.observe());
  CHECK(first.epoch() == 3);
  proto::DeliverCall next = call("n1", "web", 1);
  add(next, "w", "aa02", "sleep 1000");
  REQUIRE(good(second.deliver(next)).generation() == 2);
  good(second.observe());
  CHECK(second.epoch() == 4);
  auto generation = [&] { return part_of(good(person.observe()), "n1", "web").generation(); };

  SECTION("one that does not know that it is lost") {
    CHECK_THAT(said(first.deliver(sleeper("n1", "web", 2))), has("another controller leads"));
    CHECK(generation() == 2);
  }
  SECTION("one that knows") {
    first_in.reset();
    CHECK_THAT(said(first.deliver(sleeper("n1", "db", 2))), has("does not lead any more"));
    CHECK(generation() == 2);
  }
  SECTION("what it left in the store, by the node") {
    site.put(link::desired("n1"), old);
    CHECK(eventually([&] {
      good(person.observe());
      return llvm::any_of(person.notes(), [](const std::string &note) {
        return note.find("older than epoch 4") != std::string::npos;
      });
    }));
    CHECK(generation() == 2);
  }
  SECTION("a person, beside it") {
    CHECK(good(person.deliver(sleeper("n1", "web", 2))).generation() == 3);
    next.set_expected_generation(3);
    CHECK(good(second.deliver(next)).generation() == 4);
    CHECK(good(person.deliver(sleeper("n1", "db", 0))).generation() == 5);
  }
}

TEST_CASE("of two candidates one leads, and the other when it goes or the broker was away") {
  Site site;
  const std::string ann = site.enrol(site.op), bob = site.enrol(site.ctl);
  CHECK_THAT(said(Candidate::start(site.enrol(site.viewer), "main")), has("may not decide"));
  auto first = good(Candidate::start(ann, "main"));
  REQUIRE(eventually([&] { return first->term() == 1; }));
  auto second = good(Candidate::start(bob, "main"));
  auto other = good(Candidate::start(bob, "other"));
  REQUIRE(eventually([&] { return second->state().leader == "op"; }));
  CHECK(eventually([&] { return other->term() == 1; }));
  CHECK(second->state().leader_term == 1);
  CHECK(first->term() == 1);
  first.reset();
  REQUIRE(eventually([&] { return second->term() == 2; }));

  first = good(Candidate::start(ann, "main"));
  REQUIRE(eventually([&] { return first->state().leader == "c"; }));
  site.broker->kill9();
  REQUIRE(eventually([&] { return !first->term() && !second->term(); }));
  CHECK_FALSE(second->state().fault.empty());
  site.broker->start();
  REQUIRE(eventually([&] { return first->term() || second->term(); }));
  CHECK(std::max(first->term(), second->term()) > 2);

  // What is no claim stops nobody for good, and gives nobody the lead.
  const uint64_t before = *std::max(first->term(), second->term());
  REQUIRE(eventually(
      [&] { return std::max(first->state().leader_term, second->state().leader_term) == before; }));
  site.put(link::lead("main"), "rubbish");
  REQUIRE(eventually([&] { return std::max(first->term(), second->term()) > before; }));
}

TEST_CASE("only what controllers and operators sign of plans is believed") {
  Site site;
  auto ours = good(lead::Line::open(site.enrol(site.ctl), {}, {}));
  auto persons = good(lead::Line::open(site.enrol(site.op), {}, {}));
  const loop::FleetApprovals controller(*ours, "main"), person(*persons, "main");
  CHECK_FALSE(good(person.pending()));
  CHECK(controller.approved().empty());
  const std::string digest(64, 'a'), at = "2026-11-24T08:00:00Z";
  CHECK(said(controller.ask({digest, "c0ffee", {"create web/0 on n1: new"}, {"costs"}, {}, at}))
            .empty());
  const auto waiting = good(person.pending());
  REQUIRE(waiting);
  CHECK(waiting->digest == digest);
  CHECK(waiting->by == "c");
  CHECK(waiting->at == at);
  CHECK(waiting->actions == std::vector<std::string>{"create web/0 on n1: new"});
  CHECK_THAT(said(controller.approve(digest)), has("may not sign approval of a plan"));
  // The controller's own words are no approval.
  site.put(link::approved("main"), site.value(link::asked("main")));
  CHECK(controller.approved().empty());
  CHECK(said(person.approve(digest)).empty());
  CHECK(controller.approved() == std::set<std::string>{digest});
  site.put(link::asked("main"), site.value(link::approved("main")));
  CHECK_FALSE(said(person.pending()).empty());
  CHECK(said(controller.withdraw()).empty());
  CHECK_FALSE(good(person.pending()));
  CHECK(said(controller.ask({digest, "c0ffee", {}, {"costs"}, {}, "soon"})).empty());
  CHECK(good(person.pending())->at.empty());
}
