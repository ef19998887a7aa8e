#include "support.h"

using namespace nemo;
using namespace nemo::trust;
using namespace nemo::test;
using proto::Signed;

TEST_CASE("no statement uses up the numbers of those that follow") {
  const std::string digest(32, 'd'), other(32, 'e');
  auto follows = [&](uint64_t last, uint64_t next) {
    return said(may_follow({last, 1, 100, digest}, {next, 1, 100, other}));
  };
  CHECK_THAT(follows(7, UINT64_MAX), has("than any fleet gets"));
  CHECK_THAT(follows(7, 8 + max_epoch_step), has("than any fleet gets"));
  CHECK(follows(7, 7 + max_epoch_step).empty());
  CHECK_THAT(follows(UINT64_MAX, 7), has("older than"));
  Guard guard;
  CHECK_THAT(said(guard.admit(Signed::DESIRED_STATE, "n1", {UINT64_MAX, 1, 100, digest})),
             has("than any fleet gets"));
  CHECK(guard.mark(Signed::DESIRED_STATE, "n1") == Mark{});
  // The last generation of an epoch is not the last word: the next epoch goes on.
  good(guard.admit(Signed::DESIRED_STATE, "n1", {1, UINT64_MAX, 100, digest}));
  good(guard.admit(Signed::DESIRED_STATE, "n1", {2, 1, 100, other}));
}

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
