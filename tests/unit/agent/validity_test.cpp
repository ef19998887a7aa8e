// Until when desired state starts anything, by a clock that is passed in.
#include <catch2/catch.hpp>

#include "protocol/trust/guard.h"
#include "runtime-agent/fleet/validity.h"

using namespace nemo;
using namespace nemo::agent::fleet;
using namespace std::chrono_literals;

namespace {

proto::Validity from_to(UnixNanos since, UnixNanos until) {
  proto::Validity one;
  one.set_since_unix_ms(trust::to_unix_ms(since));
  one.set_until_unix_ms(trust::to_unix_ms(until));
  return one;
}

} // namespace

TEST_CASE("desired state starts things from when it was issued until it expires") {
  const UnixNanos since = *from_rfc3339("2026-11-24T08:00:00Z");
  const proto::Validity one = from_to(since, since + 24h);
  using Catch::Matchers::Contains;
  CHECK(why_held(one, since).empty());
  CHECK(why_held(one, since + 24h - 1ms).empty());
  CHECK_THAT(why_held(one, since + 24h),
             Contains("has expired at 2026-11-25T08:00:00Z") && Contains("renews it"));
  CHECK_FALSE(why_held(one, since + 1000 * 24h).empty());
  CHECK(expires_after(one, since) == since + 24h);
  CHECK_FALSE(expires_after(one, since + 24h));

  SECTION("whoever issued it may be ahead a little") {
    CHECK(why_held(one, since - trust::max_skew).empty());
    CHECK_FALSE(why_held(one, since - trust::max_skew - 1ms).empty());
  }
  SECTION("a clock that was never set says nothing, so nothing new is started") {
    const std::string why = why_held(one, UnixNanos(5s));
    CHECK_THAT(why, Contains("the clock is before 2026-11-24T08:00:00Z"));
    CHECK(why_held(one, UnixNanos(60s)) == why); // the same words: no news every second
    CHECK(expires_after(one, UnixNanos(5s)) == since + 24h);
  }
}

TEST_CASE("times that no statement has are none") {
  const UnixNanos since = *from_rfc3339("2026-11-24T08:00:00Z");
  CHECK(is_whole(from_to(since, since + 90 * 24h)));
  CHECK_FALSE(is_whole(from_to(since, since + 90 * 24h + 1ms)));
  CHECK_FALSE(is_whole(from_to(since, since)));
  proto::Validity odd;
  CHECK_FALSE(is_whole(odd));
  odd.set_since_unix_ms(INT64_MIN);
  odd.set_until_unix_ms(INT64_MAX);
  CHECK_FALSE(is_whole(odd));
  CHECK(is_whole(longest(3, trust::to_unix_ms(since))));
}
