// Bins and clouds as models; what is no instance is refused.
#include "bench/placement/input/cloud.h"
#include "bench/placement/input/vbp.h"
#include "scratch.h"

using namespace nemo::bench;
using namespace nemo::optimiser;
using Catch::Matchers::Contains;

TEST_CASE("bins are nodes at the price of 1, as many as items") {
  const auto model = got(vbp_model("2\n10 20\n2\n3 4 2\n5 6 1\n", "f"));
  CHECK(model.nodes == 3);
  CHECK(model.shapes.size() == 2);
  CHECK(model.replicas[2].shape == 1);
  const Evaluation two = evaluate(model, {{0, 0, 1}, {}, 0});
  CHECK(two.feasible());
  CHECK(two.total() == 2);
  CHECK_FALSE(evaluate(model, {{0, 0, 0}, {}, 0}).feasible());
}

TEST_CASE("what an item gives makes room for others, and only where it is") {
  // 60 + 41 - 1 = 100: together, and not without the third.
  const auto model = got(vbp_model("1\n100\n3\n60 1\n41 1\n-1 1\n", "f"));
  const Evaluation together = evaluate(model, {{0, 0, 0}, {}, 0});
  CHECK(together.feasible());
  CHECK(together.total() == 1);
  const Evaluation apart = evaluate(model, {{0, 0, 1}, {}, 0});
  CHECK(apart.balance > model.nodes);
  CHECK(evaluate(model, {{0, 1, 1}, {}, 0}).total() == 2);
}

TEST_CASE("no items need no bins") {
  const auto model = got(vbp_model("1 5 0", "f"));
  CHECK(model.nodes == 0);
}

TEST_CASE("what is no instance of bin packing is refused") {
  auto refused = [](const char *text) { return fault(vbp_model(text, "f")); };
  CHECK_THAT(refused(""), Contains("f: is no instance"));
  CHECK_THAT(refused("0"), Contains("is no instance"));
  CHECK_THAT(refused("-1 5"), Contains("is no instance"));
  CHECK_THAT(refused("2 5"), Contains("is no instance"));
  CHECK_THAT(refused("9223372036854775807 5"), Contains("beyond 2^31"));
  CHECK_THAT(refused("1 5 2 3 1"), Contains("does not fit"));
  CHECK_THAT(refused("1 5 -1"), Contains("does not fit"));
  CHECK_THAT(refused("1 5 1 3 1 9"), Contains("does not fit"));
  CHECK_THAT(refused("1 5 1 3 -1"), Contains("less than none"));
  CHECK_THAT(refused("1 5 2 3 999999 3 2"), Contains("more than a million"));
  CHECK_THAT(refused("1 -5 1 3 1"), Contains("f: node 0"));
  CHECK_THAT(refused("1 5 1 x 1"), Contains("number 4 is none"));
  std::string wide = "200 ";
  for (int i = 0; i < 200; ++i)
    wide += "5 ";
  wide += "1 ";
  for (int i = 0; i < 200; ++i)
    wide += "1 ";
  CHECK_THAT(refused((wide + "1000000").c_str()), Contains("items times dimensions"));
}

TEST_CASE("the known packings are read, and no other table") {
  Scratch scratch;
  const auto known = got(read_known_packings(
      scratch.file("k", "instance_name\tLB\tOPT\tbest_overall\na_1\t3\t4\t5\nb_1\t3\t-1\t6\n")));
  REQUIRE(known.size() == 2);
  CHECK((known)[0].instance == "a_1");
  CHECK((known)[0].optimum == 4);
  CHECK((known)[0].best == 5);
  CHECK((known)[1].optimum == -1);
  CHECK_THAT(fault(read_known_packings(scratch.file("c", "instance_name,OPT\na,4\n"))),
             Contains("no column best_overall"));
  CHECK_THAT(
      fault(read_known_packings(scratch.file("n", "instance_name,OPT,best_overall\na,4,5x\n"))),
      Contains("'5x' is no number"));
}

TEST_CASE("computers cost what they cost as soon as one process is there") {
  Scratch scratch;
  const auto model = got(read_cloud(scratch.file("m", R"({
    "computerList": [{"id": 0, "cpuPower": 4, "memory": 8, "networkBandwidth": 2, "cost": 100},
                     {"id": 1, "cpuPower": 9, "memory": 9, "networkBandwidth": 9, "cost": 300}],
    "processList": [{"requiredCpuPower": 4, "requiredMemory": 1, "requiredNetworkBandwidth": 2},
                    {"requiredCpuPower": 1, "requiredMemory": 1, "requiredNetworkBandwidth": 1}]
  })")));
  CHECK(evaluate(model, {{1, 1}, {}, 0}).total() == 300);
  CHECK(evaluate(model, {{0, 1}, {}, 0}).total() == 400);
  CHECK_FALSE(evaluate(model, {{0, 0}, {}, 0}).feasible());
}

TEST_CASE("what is no cloud is refused with the file's name") {
  Scratch scratch;
  auto refused = [&](const char *text) { return fault(read_cloud(scratch.file("cloud", text))); };
  CHECK_THAT(refused(""), Contains("cloud: "));
  CHECK_THAT(refused("{\"computerList\": ["), Contains("cloud: "));
  CHECK_THAT(refused("[]"), Contains("no computerList and processList"));
  CHECK_THAT(refused("{\"computerList\": [], \"processList\": {}}"), Contains("no computerList"));
  CHECK_THAT(refused("{\"computerList\": [1], \"processList\": []}"), Contains("'cpuPower'"));
  CHECK_THAT(refused("{\"computerList\": [], \"processList\": [{\"requiredCpuPower\": -1}]}"),
             Contains("'requiredCpuPower'"));
  CHECK_THAT(refused("{\"computerList\": [], \"processList\": [{\"requiredCpuPower\": 1,"
                     "\"requiredMemory\": 9007199254740993, \"requiredNetworkBandwidth\": 0}]}"),
             Contains("above 2^52"));
}
