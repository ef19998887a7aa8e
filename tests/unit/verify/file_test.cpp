// Plan files: what is written is read again; whatever else is found is refused with a reason, and
// nothing that a file can hold crashes the reader.
#include <filesystem>
#include <fstream>
#include <random>

#include <unistd.h>

#include <catch2/catch.hpp>

#include "llvm/Support/FileSystem.h"

#include "base/error.h"
#include "compiler/plan/binding.h"
#include "compiler/verify/verify.h"
#include "scenario.h"

using namespace nemo;
using namespace nemo::test;

namespace {

std::string id_of(llvm::Expected<proto::Plan> plan) {
  if (plan)
    return "";
  const std::vector<Diagnostic> found = to_diagnostics(plan.takeError(), "N0000");
  REQUIRE(found.size() == 1);
  CHECK(!found[0].fix.empty());
  return found[0].id;
}

std::string written(const proto::Plan &plan) {
  auto bytes = plan::write_plan_file(plan);
  REQUIRE(bool(bytes));
  return *bytes;
}

std::string read(const std::string &bytes) {
  return id_of(plan::parse_plan_file("a.nemoplan", bytes));
}

const std::string &good() {
  static const std::string bytes = written(plans().front().plan);
  return bytes;
}

} // namespace

TEST_CASE("a plan file gives the plan again") {
  const proto::Plan plan = plans().front().plan;
  auto again = plan::parse_plan_file("a.nemoplan", written(plan));
  REQUIRE(bool(again));
  CHECK(again->SerializeAsString() == plan.SerializeAsString());
  CHECK(good().substr(0, 12) == "nemo-plan 1\n");
}

TEST_CASE("a plan file on disk") {
  llvm::SmallString<128> path;
  int descriptor = -1;
  REQUIRE(!llvm::sys::fs::createTemporaryFile("plan", "nemoplan", descriptor, path));
  ::close(descriptor);
  std::ofstream(path.c_str(), std::ios::binary) << good();
  CHECK(id_of(plan::read_plan_file(path.c_str())).empty());
  std::filesystem::resize_file(path.c_str(), (64u << 20) + 1); // sparse: takes no room
  CHECK(id_of(plan::read_plan_file(path.c_str())) == "N0706");
  llvm::sys::fs::remove(path);
  CHECK(id_of(plan::read_plan_file(path.c_str())) == "N0701");
  CHECK(id_of(plan::read_plan_file("/")) == "N0701");
}

TEST_CASE("a plan that could not be read again is not written") {
  proto::Plan large = plans().front().plan;
  large.mutable_intent()->add_files()->set_text(std::string(64u << 20, 'x'));
  auto bytes = plan::write_plan_file(large);
  REQUIRE_FALSE(bool(bytes));
  CHECK(to_diagnostics(bytes.takeError(), "N0000").front().id == "N0706");
}

TEST_CASE("what is no plan file, or no longer one, is told apart") {
  CHECK(read("") == "N0702");
  CHECK(read("nemo = 1\nworkload web {}\n") == "N0702");
  CHECK(read("nemo-pl") == "N0704");
  CHECK(read("nemo-plan 1") == "N0704");
  CHECK(read("nemo-plan 2\n" + good().substr(12)) == "N0703");
  CHECK(read("nemo-plan 1\n") == "N0703"); // an empty message has version 0
  CHECK(read(good().substr(0, good().size() / 2)) == "N0704");
  CHECK(read(good() + "x") == "N0704");
  proto::Plan altered = plans().front().plan;
  altered.set_seed(2);
  CHECK(read(written(altered)) == "N0705");
  altered = plans().front().plan;
  altered.set_version(2);
  CHECK(read(written(altered)) == "N0703");
}

TEST_CASE("flipped bytes and lost ends are refused, and crash nothing") {
  std::mt19937 random(7);
  for (int round = 0; round < 2000; ++round) {
    std::string bytes = good();
    if (round % 4 == 0) {
      bytes.resize(random() % bytes.size());
    } else {
      const size_t at = random() % bytes.size();
      bytes[at] = static_cast<char>(bytes[at] ^ (1 << random() % 8));
    }
    INFO("round " << round);
    CHECK(!read(bytes).empty());
  }
}

TEST_CASE("plans that decode but were never compiled are refused, and crash nothing") {
  google::protobuf::LogSilencer silence;
  std::mt19937 random(11);
  const std::string bytes = good().substr(12);
  int decoded = 0;
  for (int round = 0; round < 300; ++round) {
    std::string noisy = bytes;
    for (int flips = 1 + static_cast<int>(random() % 3); flips-- > 0;)
      noisy[random() % noisy.size()] = static_cast<char>(random());
    proto::Plan plan;
    if (!plan.ParseFromString(noisy))
      continue;
    ++decoded;
    if (plan.SerializeAsString() == bytes)
      continue;
    plan.set_digest(plan::plan_digest(plan));
    plan.mutable_intent()->set_digest("");
    CHECK(!verify::verify(plan).empty());
  }
  CHECK(decoded > 10);
}
