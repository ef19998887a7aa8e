// Limits that hold, and what was used.
#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>

#include <catch2/catch.hpp>

#include "place.h"
#include "runtime-agent/sandbox/process.h"

using namespace nemo::sandbox;

TEST_CASE("a workload that eats more memory than it has is ended, and that is said") {
  Place place;
  if (place.lacks("limit.memory"))
    return;
  Spec spec = place.trial({"eat", "200"});
  spec.memory_bytes = 32 << 20;
  const Ended direct = place.run(spec);
  CHECK(direct.exit_code == 128 + SIGKILL);
  CHECK(direct.out_of_memory);
  spec = place.shell("/trial eat 200; exit 5"); // a child of it
  spec.memory_bytes = 32 << 20;
  const Ended child = place.run(spec);
  CHECK(child.exit_code == 5);
  CHECK(child.out_of_memory);
  spec = place.trial({"eat", "8"});
  spec.memory_bytes = 32 << 20;
  const Ended modest = place.run(spec);
  CHECK(modest.exit_code == 0);
  CHECK_FALSE(modest.out_of_memory);
}

TEST_CASE("under memory pressure the workload goes first, not its supervisor") {
  Place place;
  if (place.lacks("sandbox.process"))
    return;
  const Spec spec = place.spec({"cat", "/proc/self/oom_score_adj", "/proc/1/oom_score_adj"});
  place.run(spec);
  CHECK(Place::output(spec).find("200\n") == 0);
  CHECK(Place::output(spec) != "200\n200\n");
}

TEST_CASE("a fork bomb stops at its limit") {
  Place place;
  if (place.lacks("limit.pids"))
    return;
  Spec spec = place.trial({"fork", "1000"});
  spec.pids = 20;
  CHECK(place.run(spec).exit_code == EAGAIN);
  CHECK(Place::output(spec) == "19 children\n"); // and itself
}

TEST_CASE("a processor limit is set") {
  Place place;
  if (place.lacks("limit.cpu"))
    return;
  Spec spec = place.spec({"sleep", "5"});
  spec.cpu_millicores = 250;
  place.start(spec);
  const std::string directory = place.host().cpu_directory + "/" + spec.id;
  if (place.host().cgroup_cpu == CgroupMode::v2)
    CHECK(Place::read(directory + "/cpu.max") == "25000 100000\n");
  else
    CHECK(Place::read(directory + "/cpu.cfs_quota_us") == "25000\n");
}

TEST_CASE("a limit that this host cannot enforce is refused, never skipped") {
  Place place;
  if (place.lacks("sandbox.process"))
    return;
  Host weak = place.host();
  for (Ability &ability : weak.abilities)
    if (ability.name == "limit.memory")
      ability = {"limit.memory", false, "no control groups"};
  Spec spec = place.spec({"true"});
  spec.memory_bytes = 1 << 20;
  auto started = start(spec, weak);
  REQUIRE(!static_cast<bool>(started));
  CHECK(llvm::toString(started.takeError()) ==
        "this host cannot give limit.memory: no control groups");
}

// What the kernel has counted, in seconds: for the control group, or where there is none for each
// process.
static double counted_cpu(const Host &host, const Started &started, const std::string &id) {
  if (!host.cpuacct_directory.empty())
    return std::stod(Place::read(host.cpuacct_directory + "/" + id + "/cpuacct.usage")) / 1e9;
  if (host.cgroup_cpu != CgroupMode::v2)
    return tree_use(started.pid).cpu_seconds;
  const std::string stat = Place::read(host.cpu_directory + "/" + id + "/cpu.stat"),
                    key = "usage_usec ";
  const size_t at = stat.find(key);
  REQUIRE(at != std::string::npos);
  return std::stod(stat.substr(at + key.size())) / 1e6;
}

TEST_CASE("use of processor and memory is reported") {
  Place place;
  if (place.lacks("sandbox.process"))
    return;
  const Spec spec =
      place.shell("i=0; while [ $i -lt 100000 ]; do i=$((i+1)); done; echo done; sleep 5");
  const Started started = place.start(spec);
  REQUIRE(Place::said(spec, "done"));
  const double before = counted_cpu(place.host(), started, spec.id);
  const Usage use = usage(spec.id, started.pid, place.host());
  REQUIRE(use.cpu_seconds);
  // Three readings of one counter, in the order in which they were made.
  const std::array readings{before, *use.cpu_seconds, counted_cpu(place.host(), started, spec.id)};
  CHECK(std::is_sorted(readings.begin(), readings.end()));
  REQUIRE(use.memory_bytes);
  CHECK(*use.memory_bytes > 10000);
  CHECK(*use.memory_bytes < (64 << 20));
  const TreeUse tree = tree_use(started.pid); // what a host without control groups would say
  CHECK(tree.cpu_seconds > 0.005);
  // The group counts its supervisor's start as well; in another unit the two would be apart by a
  // thousand and more.
  CHECK(*use.cpu_seconds > tree.cpu_seconds / 10);
  CHECK(tree.memory_bytes > 10000);
  CHECK(tree_use(0x7ffffff).cpu_seconds == 0);
}
