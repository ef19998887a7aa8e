#include "support.h"

using namespace nemo;
using namespace nemo::trust;
using namespace nemo::test;
using proto::Signed;

TEST_CASE("a guard survives its journal, and one node's marks are not another's") {
  const std::string digest(32, 'd');
  Guard guard;
  good(guard.admit(Signed::DESIRED_STATE, "n1", {2, 5, 100, digest}));
  good(guard.admit(Signed::REPORT, "n1", {2, 1, 100, digest}));
  good(guard.admit(Signed::DESIRED_STATE, "n2", {1, 1, 100, digest}));
  CHECK_FALSE(
      said(guard.admit(Signed::DESIRED_STATE, "n1", {2, 4, 200, std::string(32, 'e')})).empty());
  CHECK(guard.mark(Signed::DESIRED_STATE, "n1").generation == 5);
  const Guard back = good(Guard::from_bytes(guard.to_bytes()));
  CHECK(back == guard);
  CHECK(back.to_bytes() == guard.to_bytes());
  CHECK(back.mark(Signed::DESIRED_STATE, "n2").epoch == 1);
  CHECK(back.mark(Signed::HEARTBEAT, "n2") == Mark{});
  guard.drop("n1");
  CHECK(guard.mark(Signed::REPORT, "n1") == Mark{});
  CHECK(guard.mark(Signed::DESIRED_STATE, "n2").epoch == 1);
  CHECK_THAT(said(Guard::from_bytes("\xff")), has("cannot be read"));
  const std::string twice = back.to_bytes() + back.to_bytes();
  CHECK_THAT(said(Guard::from_bytes(twice)), has("damaged at 'n1'"));
}
