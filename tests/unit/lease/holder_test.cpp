#include <catch2/catch.hpp>

#include "runtime-agent/lease/holder.h"

using namespace nemo::agent;
using namespace nemo::agent::lease;
using Catch::Matchers::Contains;

namespace {

constexpr Ticks start = 9'000'000;
const Said yes{Said::granted, 0, ""};

struct Asking {
  Holder holder{usual_ms, 1, start};
  uint64_t last = 0;
  /// Sends whatever is due and \returns the nonces by granter; empty: it was not asked.
  std::array<std::string, granters> send(Ticks now) {
    std::array<std::string, granters> nonces;
    for (const Holder::Ask &ask : holder.due(now))
      if (!ask.gives_back) {
        nonces[ask.granter] = std::to_string(++last);
        holder.sent(ask.granter, nonces[ask.granter], now);
      }
    return nonces;
  }
};

} // namespace

TEST_CASE("all three are asked at once; two are enough, from when they were asked") {
  Asking a;
  const auto nonces = a.send(start);
  REQUIRE(llvm::none_of(nonces, [](const std::string &one) { return one.empty(); }));
  a.holder.take(0, nonces[0], yes, start + 100);
  CHECK_FALSE(a.holder.until(start + 100));
  a.holder.take(1, nonces[1], yes, start + 200);
  CHECK(a.holder.until(start + 200) == start + usual_ms - drift_of(usual_ms));
  CHECK(a.holder.why(start + 200).empty());
  CHECK_FALSE(a.holder.until(start + usual_ms - drift_of(usual_ms)));
}

TEST_CASE("a renewal is asked after a third, and again when no answer comes") {
  Asking a;
  const auto first = a.send(start);
  for (size_t i = 0; i < granters; ++i)
    a.holder.take(i, first[i], yes, start + 5);
  CHECK(a.holder.due(start + 1'332).empty());
  CHECK(a.holder.wake(start + 5) == start + 1'333);
  const auto second = a.send(start + 1'333);
  CHECK_FALSE(second[2].empty());
  CHECK(a.holder.due(start + 1'500).empty());
  const auto third = a.send(start + 1'333 + 400);
  // A late answer counts from when it was asked for.
  a.holder.take(0, second[0], yes, start + 1'800);
  a.holder.take(1, third[1], yes, start + 1'800);
  CHECK(a.holder.until(start + 1'800) == start + 1'333 + usual_ms - drift_of(usual_ms));
}

TEST_CASE("answers that nobody waits for count for nothing") {
  Asking a;
  const auto nonces = a.send(start);
  a.holder.take(0, "99", yes, start);
  a.holder.take(1, nonces[0], yes, start); // another granter's
  a.holder.take(2, nonces[2], yes, start);
  a.holder.take(2, nonces[2], yes, start); // the same twice
  CHECK_FALSE(a.holder.until(start));
}

TEST_CASE("who holds it instead is told") {
  Asking a;
  CHECK_THAT(a.holder.why(start), Contains("of 3 granters of its lease 0 answer"));
  auto nonces = a.send(start);
  a.holder.take(0, nonces[0], {Said::silent, 5'000, ""}, start);
  CHECK_THAT(a.holder.why(start), Contains("has just started"));
  a.holder.take(1, nonces[1], {Said::held, 2'000, "spiffe://f/node/n2"}, start);
  CHECK_THAT(a.holder.why(start), Contains("spiffe://f/node/n2 holds its lease"));
  const Ticks later = start + 1'000;
  nonces = a.send(later);
  for (size_t i = 0; i < granters; ++i)
    a.holder.take(i, nonces[i], {Said::outdated, 0, ""}, later);
  CHECK_THAT(a.holder.why(later), Contains("a newer instance"));
}

TEST_CASE("a single grant is given back, but not while an earlier agent's may be in use") {
  Asking a;
  const auto nonces = a.send(start);
  a.holder.take(0, nonces[0], yes, start + 10);
  bool gave_back = false;
  for (Ticks now = start + 10; now < start + 3 * usual_ms && !gave_back; now += 10) {
    for (const Holder::Ask &ask : a.holder.due(now)) {
      if (ask.gives_back) {
        CHECK(now >= start + usual_ms);
        gave_back = true;
        continue;
      }
      const std::string nonce = std::to_string(++a.last);
      a.holder.sent(ask.granter, nonce, now);
      if (ask.granter == 0)
        a.holder.take(0, nonce, yes, now);
    }
  }
  CHECK(gave_back);
}
