// What is told again: a change, and the first fault after it went well.
#include <catch2/catch.hpp>

#include "base/news.h"

using namespace nemo;

TEST_CASE("times and numbers that stand alone are left out, those of names are not") {
  CHECK(without_numbers("report by spiffe://shop/node/gw1 expired at 2026-11-24T08:00:00Z") ==
        "report by spiffe://shop/node/gw1 expired at #");
  CHECK(without_numbers("2026-11-24T08:00:00.123Z, which is yet to come") ==
        "#, which is yet to come");
  CHECK(without_numbers("epoch 3, generation 17 (12 before)") ==
        "epoch #, generation # (# before)");
  CHECK(without_numbers("'100' and n-100001 and 5a and v1.2 stay") ==
        "'100' and n-100001 and 5a and v1.2 stay");
  CHECK(without_numbers("2026-11 is no time") == "2026-11 is no time");
  CHECK(without_numbers("").empty());
}

TEST_CASE("each matter is told once per change, whatever is said of others meanwhile") {
  News news;
  CHECK(news.is_new("what a runs", "expired at 2026-11-24T08:00:00Z"));
  CHECK(news.is_new("what b runs", "expired at 2026-11-24T08:00:00Z"));
  CHECK_FALSE(news.is_new("what a runs", "expired at 2026-11-24T08:00:01Z"));
  CHECK_FALSE(news.is_new("what b runs", "expired at 2026-11-24T08:00:02Z"));
  CHECK(news.is_new("what a runs", "its signature is wrong"));
  CHECK(news.is_new("what a runs", "expired at 2026-11-24T08:00:03Z"));
  news.forget("what a runs");
  CHECK(news.is_new("what a runs", "expired at 2026-11-24T08:00:04Z"));
  news.forget("nothing of the kind");
  CHECK_FALSE(news.is_new("what b runs", "expired at 2026-11-24T08:00:05Z"));
}
