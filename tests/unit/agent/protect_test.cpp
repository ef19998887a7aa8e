// Who delivers may forget about protection; the agent does not.
#include <catch2/catch.hpp>

#include "runtime-agent/core/protect.h"
#include "support.h"

using namespace nemo;
using namespace nemo::test;

namespace {

using Names = std::vector<std::string>;

proto::Part guarded() {
  proto::Part wanted = part();
  add(wanted, "db", "aa01", "true")->set_protect(true);
  add(wanted, "web", "bb01", "true");
  return wanted;
}

Names refused(const proto::Part &next, const std::string &unprotect = {}) {
  proto::DeliverCall call;
  *call.mutable_part() = next;
  if (!unprotect.empty())
    call.add_unprotect(unprotect);
  return agent::taken_away(guarded(), call);
}

} // namespace

TEST_CASE("what is protected goes on, or the delivery is refused") {
  proto::Part next = guarded();
  CHECK(refused(next) == Names{});
  SECTION("others may go") {
    next.mutable_instances()->RemoveLast();
    CHECK(refused(next) == Names{});
  }
  SECTION("absent") {
    CHECK(refused(part()) == Names{"db/0"});
    CHECK(refused(part(), "db") == Names{"db/0"}); // lifting is not removing
  }
  SECTION("retired") {
    next.mutable_instances(0)->set_protect(false);
    next.mutable_instances(0)->set_retiring(true);
    CHECK(refused(next, "db") == Names{"db/0"});
  }
  SECTION("another revision") {
    next.mutable_instances(0)->set_revision("aa02");
    CHECK(refused(next) == Names{"db/0"});
  }
  SECTION("another program under the same revision") {
    next.mutable_instances(0)->mutable_spec()->add_exec("--evil");
    CHECK(refused(next) == Names{"db/0"});
  }
  SECTION("another replica") {
    next.mutable_instances(0)->set_replica(1);
    CHECK(refused(next) == Names{"db/0"});
  }
  SECTION("silently without protection, as an older client would") {
    next.mutable_instances(0)->set_protect(false);
    CHECK(refused(next) == Names{"db/0"});
    CHECK(refused(next, "web") == Names{"db/0"});
    CHECK(refused(next, "db") == Names{});
  }
  SECTION("under another name") {
    next.mutable_instances(0)->set_workload("store");
    CHECK(refused(next) == Names{"db/0"});
    next.mutable_instances(0)->set_renamed_from("db");
    CHECK(refused(next) == Names{});
  }
}
