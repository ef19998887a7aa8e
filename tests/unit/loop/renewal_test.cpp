// What is delivered again before it expires, by a clock that is passed in.
#include <catch2/catch.hpp>

#include "orchestrator/renew.h"

namespace nemo::orchestrator {

namespace {

using namespace std::chrono_literals;
using backends::fleet::Validity;

const UnixNanos noon = *from_rfc3339("2026-11-24T12:00:00Z");

Validity ends_in(UnixNanos::duration left, const std::string &node = "n1") {
  return {node, "web", 3, noon + left - 30 * 24h, noon + left, left <= 0s};
}

proto::PartState &add_part(proto::Fleet &fleet, const std::string &node, uint64_t generation) {
  proto::PartState &state = *fleet.add_parts();
  state.mutable_part()->set_stack("web");
  state.mutable_part()->set_node(node);
  state.mutable_part()->set_source("git.example/web");
  state.mutable_part()->set_plan_digest("a plan");
  state.mutable_part()->add_instances()->set_workload("w");
  state.set_generation(generation);
  state.set_holder("ann@a, pid 1, then");
  return state;
}

std::vector<proto::DeliverCall> of(const proto::Fleet &fleet, std::vector<Validity> due) {
  return renewals(fleet, std::move(due), "web", "git.example/web");
}

} // namespace

TEST_CASE("it is time to renew when a third of the new life is left") {
  using backends::fleet::is_due;
  const UnixNanos anew = noon + 30 * 24h;
  CHECK_FALSE(is_due(ends_in(30 * 24h), noon, anew));
  CHECK_FALSE(is_due(ends_in(10 * 24h + 1ms), noon, anew));
  CHECK(is_due(ends_in(10 * 24h), noon, anew));
  CHECK(is_due(ends_in(0s), noon, anew));
  CHECK(is_due(ends_in(-1000 * 24h), noon, anew));
  SECTION("what ends with its delegation is not renewed over and over until then") {
    CHECK_FALSE(is_due(ends_in(2h), noon, noon + 2h));
    CHECK(is_due(ends_in(2h), noon, noon + 6h)); // there is a new delegation
    CHECK_FALSE(is_due(ends_in(-1h), noon, noon - 1h));
    CHECK_FALSE(is_due(ends_in(-1h), noon, noon));
  }
}

TEST_CASE("what is renewed is what the node has, as it was delivered, the most urgent first") {
  proto::Fleet fleet;
  add_part(fleet, "n1", 3);
  add_part(fleet, "n2", 3);
  const auto calls = of(fleet, {ends_in(3h, "n1"), ends_in(-1h, "n2")});
  REQUIRE(calls.size() == 2);
  CHECK(calls[0].part().node() == "n2");
  CHECK(calls[1].part().SerializeAsString() == fleet.parts(0).part().SerializeAsString());
  CHECK(calls[1].expected_generation() == 3);
  CHECK(calls[1].holder() == "ann@a, pid 1, then");
  CHECK_FALSE(calls[1].take_over());
}

TEST_CASE("what is not there as it was said is not renewed") {
  proto::Fleet fleet;
  proto::PartState &part = add_part(fleet, "n1", 3);
  REQUIRE(of(fleet, {ends_in(1h)}).size() == 1);
  SECTION("it was delivered anew") { part.set_generation(4); }
  SECTION("another repository has taken the stack over") {
    part.mutable_part()->set_source("git.example/other");
  }
  SECTION("nothing is to run") { part.mutable_part()->clear_instances(); }
  SECTION("it is another stack") { part.mutable_part()->set_stack("db"); }
  SECTION("the node does not speak of it") { part.mutable_part()->set_node("n2"); }
  CHECK(of(fleet, {ends_in(1h)}).empty());
}

TEST_CASE("of what a node says of its times, what cannot be is left out") {
  using backends::fleet::validities_of;
  proto::NodeState state;
  add_part(*state.mutable_fleet(), "n1", 3);
  proto::Validity &said = *state.add_validities();
  said.set_stack("web");
  said.set_generation(3);
  said.set_since_unix_ms(trust::to_unix_ms(noon));
  said.set_until_unix_ms(trust::to_unix_ms(noon + 1h));
  REQUIRE(validities_of("n1", state).size() == 1);
  CHECK(validities_of("n1", state)[0].until == noon + 1h);
  SECTION("of another node") {
    CHECK(validities_of("n2", state).empty());
    return;
  }
  SECTION("of a part that is not there") { said.set_generation(4); }
  SECTION("of a stack that is not there") { said.set_stack("db"); }
  SECTION("longer than any statement") { said.set_until_unix_ms(INT64_MAX); }
  SECTION("from before all time") { said.set_since_unix_ms(INT64_MIN); }
  SECTION("backwards") { said.set_until_unix_ms(0); }
  CHECK(validities_of("n1", state).empty());
}

TEST_CASE("people are told what has expired and what is about to, in few lines") {
  using backends::fleet::notes_of;
  using Catch::Matchers::Contains;
  CHECK(notes_of({ends_in(8 * 24h)}, noon).empty());
  std::vector<Validity> many;
  for (int i = 0; i < 9; ++i)
    many.push_back(ends_in(-24h, "n" + std::to_string(i)));
  many.push_back(ends_in(24h, "late"));
  Validity unset = ends_in(20 * 24h, "cold");
  unset.held = true;
  many.push_back(unset);
  const std::vector<std::string> notes = notes_of(many, noon);
  REQUIRE(notes.size() == 3);
  CHECK_THAT(notes[0], Contains("'n0', 'n1', 'n2', 'n3', 'n4' and 4 more has expired at "
                                "2026-11-23T12:00:00Z") &&
                           Contains("runs on"));
  CHECK_THAT(notes[1], Contains("on 'cold': the clock there is not set"));
  CHECK_THAT(notes[2], Contains("on 'late' expires at 2026-11-25T12:00:00Z"));
}

} // namespace nemo::orchestrator
