#include <catch2/catch.hpp>

#include "runtime-agent/lease/granter.h"

using namespace nemo::agent;
using namespace nemo::agent::lease;

namespace {

constexpr Ticks began = 5'000'000;
constexpr Ticks awake = began + longest_ms + drift_of(longest_ms);
constexpr uint64_t highest = 1'000;

Request request(const std::string &holder, uint64_t token, const std::string &nonce = "1",
                Ticks duration = usual_ms) {
  return {"shop/db/0", holder, token, duration, nonce};
}

} // namespace

TEST_CASE("a granter that has just started says nothing until what it may have granted is over") {
  Granter granter(began);
  CHECK(granter.ask(request("a", 1), began, highest).kind == Said::silent);
  const Said last = granter.ask(request("a", 1), awake - 1, highest);
  CHECK(last.kind == Said::silent);
  CHECK(last.wait == 1);
  CHECK(granter.size() == 0);
  CHECK(granter.ask(request("a", 1), awake, highest).kind == Said::granted);
}

TEST_CASE("one holder has a lease until it has run out, and some more") {
  Granter granter(began);
  REQUIRE(granter.ask(request("a", 1), awake, highest).kind == Said::granted);
  const Said held = granter.ask(request("b", 2), awake + 1, highest);
  CHECK(held.kind == Said::held);
  CHECK(held.holder == "a");
  CHECK(held.wait == usual_ms + 5 - 1); // 1,000 ppm of four seconds, and one for rounding
  CHECK(granter.ask(request("b", 2), awake + usual_ms + 4, highest).kind == Said::held);
  CHECK(granter.ask(request("b", 2), awake + usual_ms + 5, highest).kind == Said::granted);
  CHECK(granter.ask(request("a", 3), awake + usual_ms + 6, highest).kind == Said::held);
}

TEST_CASE("a lower token than one that was granted is refused for good") {
  Granter granter(began);
  REQUIRE(granter.ask(request("a", 5), awake, highest).kind == Said::granted);
  CHECK(granter.ask(request("a", 4), awake + 1, highest).kind == Said::outdated);
  CHECK(granter.ask(request("b", 4), awake + 60'000, highest).kind == Said::outdated);
  CHECK(granter.ask(request("b", 5), awake + 60'000, highest).kind == Said::granted);
  CHECK(granter.ask(request("b", 6), awake + 60'001, highest).kind == Said::granted);
}

TEST_CASE("giving back counts for what was granted last, and for its holder only") {
  Granter granter(began);
  REQUIRE(granter.ask(request("a", 1, "1"), awake, highest).kind == Said::granted);
  REQUIRE(granter.ask(request("a", 1, "2"), awake + 10, highest).kind == Said::granted);
  granter.ask(request("a", 1, "1", 0), awake + 20, highest); // was on its way for long
  CHECK(granter.ask(request("b", 2), awake + 20, highest).kind == Said::held);
  granter.ask(request("b", 2, "2", 0), awake + 20, highest);
  CHECK(granter.ask(request("b", 2), awake + 20, highest).kind == Said::held);
  granter.ask(request("a", 1, "2", 0), awake + 20, highest);
  CHECK(granter.ask(request("b", 2), awake + 20, highest).kind == Said::granted);
}

TEST_CASE("what no holder asks is refused and leaves nothing behind") {
  Granter granter(began);
  for (const Request &bad :
       {request("a", 0), request("a", highest + 1), request("a", 1, "1", shortest_ms - 1),
        request("a", 1, "1", longest_ms + 1), request("a", 1, "1", -1),
        Request{"", "a", 1, usual_ms, "1"}, Request{std::string(513, 'x'), "a", 1, usual_ms, "1"}})
    CHECK(granter.ask(bad, awake, highest).kind == Said::no_such);
  CHECK(granter.size() == 0);
}

TEST_CASE("one node cannot fill what is remembered, and what has run out makes room") {
  Granter granter(began);
  auto ask = [&](const std::string &holder, size_t number, Ticks now) {
    return granter.ask({std::to_string(number), holder, 1, usual_ms, "1"}, now, highest).kind;
  };
  for (size_t i = 0; i < Granter::of_holder; ++i)
    REQUIRE(ask("a", i, awake) == Said::granted);
  CHECK(ask("a", 5'000, awake) == Said::no_such);
  CHECK(ask("a", 0, awake) == Said::granted);
  CHECK(ask("b", 5'000, awake) == Said::granted);
  CHECK(ask("a", 6'000, awake + 2 * usual_ms) == Said::granted);
  CHECK(granter.size() == Granter::of_holder + 1);
}
