// The public instances themselves, where they are at hand: each is read, and a published figure
// holds of it.
#include <cstdlib>
#include <filesystem>
#include <map>

#include "bench/placement/input/cloud.h"
#include "bench/placement/input/text.h"
#include "bench/placement/input/vbp.h"
#include "scratch.h"

using namespace nemo::bench;
using namespace nemo::optimiser;

namespace {

bool at_hand(const std::string &path) {
  if (std::filesystem::exists(path))
    return true;
  if (std::getenv("CI"))
    FAIL("the data sets are missing: no " << path);
  WARN("skipped: no " << path << "; NEMO_SHARED names the folder that has data/placement");
  return false;
}

/// Bins that the sums of sizes need.
int64_t least_bins(const Model &model) {
  int64_t bins = 0;
  for (size_t d = 0; d < model.resources.size(); ++d) {
    int64_t sum = 0;
    for (const Replica &replica : model.replicas)
      sum += model.shapes[replica.shape].demand[d];
    bins = std::max(bins, (sum + model.capacity[d] - 1) / model.capacity[d]);
  }
  return bins;
}

} // namespace

TEST_CASE("every public packing is read, and none is known to need less than its sums") {
  for (auto [set, count] : {std::pair("Panigrahy", 1620), std::pair("Triplet", 240)}) {
    const std::string archive = data_file("vbp/" + std::string(set) + "_instances.tar.xz");
    if (!at_hand(archive))
      return;
    const auto known =
        got(read_known_packings(data_file("vbp/" + std::string(set) + "_summary_known.csv")));
    std::map<std::string, KnownPacking> by_name;
    for (const KnownPacking &one : known)
      by_name[one.instance] = one;
    const auto members = got(read_members(archive));
    CHECK(members.size() == static_cast<size_t>(count));
    for (const Member &member : members) {
      auto model = vbp_model(member.text, member.name);
      REQUIRE(fault(std::move(model)) == "");
      const std::string name = std::filesystem::path(member.name).stem();
      REQUIRE(by_name.contains(name));
      if (by_name[name].optimum > 0)
        CHECK(least_bins(*vbp_model(member.text, member.name)) <= by_name[name].optimum);
    }
  }
}

TEST_CASE("the public clouds are read") {
  for (uint32_t computers : {100u, 200u, 400u, 800u}) {
    const std::string path =
        data_file("cloud_balancing/" + std::to_string(computers) + "computers-" +
                  std::to_string(3 * computers) + "processes.json.gz");
    if (!at_hand(path))
      return;
    const auto model = got(read_cloud(path));
    CHECK(model.nodes == computers);
    CHECK(model.replicas.size() == 3 * computers);
  }
}
