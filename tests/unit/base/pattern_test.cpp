#include <catch2/catch.hpp>

#include "base/pattern.h"

using namespace nemo;

TEST_CASE("stars stand for anything and question marks for one character") {
  CHECK(matches("web", "web"));
  CHECK_FALSE(matches("web", "web2"));
  CHECK_FALSE(matches("web", "we"));
  CHECK(matches("*", ""));
  CHECK(matches("**", "web"));
  CHECK(matches("shop-*", "shop-web"));
  CHECK_FALSE(matches("shop-*", "shop"));
  CHECK(matches("*-web", "a-web-web"));
  CHECK(matches("a*b*c", "a-b-b-c"));
  CHECK_FALSE(matches("a*b*c", "a-c-b"));
  CHECK(matches("w?b", "web"));
  CHECK_FALSE(matches("w?b", "wb"));
  CHECK_FALSE(matches("", "web"));
  CHECK(matches("", ""));
}

TEST_CASE("many stars do not take long") {
  const std::string text(20'000, 'a');
  std::string pattern;
  for (int i = 0; i < 200; ++i)
    pattern += "a*";
  CHECK_FALSE(matches(pattern + "b", text));
}

TEST_CASE("a pattern names workloads or replicas") {
  CHECK(names_replica("web", "web", 3));
  CHECK(names_replica("workload.web", "web", 3));
  CHECK(names_replica("web/3", "web", 3));
  CHECK(names_replica("workload.web/3", "web", 3));
  CHECK_FALSE(names_replica("web/3", "web", 13));
  CHECK(names_replica("web/?", "web", 3));
  CHECK_FALSE(names_replica("web/?", "web", 13));
  CHECK(names_replica("w*/1*", "web", 13));
  CHECK_FALSE(names_replica("web/", "web", 0));
  CHECK_FALSE(names_replica("workload.", "web", 0));
  CHECK_FALSE(names_replica("tenant.web", "web", 0));
}
