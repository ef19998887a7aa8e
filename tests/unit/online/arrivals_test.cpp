// The published simulations, repeated: their stream, their policy, and ours on the same arrivals.
#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <memory>

#include <catch2/catch.hpp>

#include "bench/placement/input/text.h"
#include "bench/placement/openb/judge.h"
#include "bench/placement/openb/published.h"
#include "bench/placement/peers/fgd/fgd.h"
#include "compiler/placement/online/online.h"

using namespace nemo::bench;
using nemo::optimiser::Choice;

namespace {

Openb small_list() {
  Openb data;
  data.model.nodes = 1;
  data.model.devices.assign(10, {0, 1000});
  data.model.shapes = {{{}, {1, 1000}}, {{}, {1, 300}}, {{}, {0, 0}}};
  data.pods = {0, 1, 1, 2};
  return data;
}

int64_t asked(const Openb &data, const std::vector<uint32_t> &stream) {
  int64_t sum = 0;
  for (uint32_t shape : stream)
    sum += requested(data.model.shapes[shape]);
  return sum;
}

template <class Policy> Curve run(const Openb &data, Policy policy) {
  auto outcome = replay(
      data.model, arrivals(data, 130, 42), [&](uint32_t shape) { return policy->choose(shape); },
      [&](uint32_t shape, const Choice &choice) { policy->take(shape, choice); });
  if (!outcome)
    FAIL(llvm::toString(outcome.takeError()));
  return outcome->curve;
}

} // namespace

TEST_CASE("arrivals are the list and draws from it, up to the share that is asked for") {
  const Openb data = small_list();
  const auto stream = arrivals(data, 130, 1);
  CHECK(asked(data, stream) <= 13'000);
  CHECK(asked(data, stream) > 12'000); // the next draw did not fit
  CHECK(std::is_permutation(data.pods.begin(), data.pods.end(), stream.begin()));
  CHECK(arrivals(data, 130, 1) == stream);
  CHECK(arrivals(data, 130, 2) != stream);
}

TEST_CASE("a list that asks for more than that loses pods") {
  Openb data = small_list();
  data.pods.assign(100, 0);
  CHECK(asked(data, arrivals(data, 130, 1)) == 13'000);
}

TEST_CASE("a list of pods without GPUs arrives as it is") {
  Openb data = small_list();
  data.pods = {2, 2};
  CHECK(arrivals(data, 130, 1).size() == 2);
}

TEST_CASE("the published policy allocates here what it did there, and ours more") {
  const std::string nodes = data_file("gpu_openb/openb_node_list_gpu_node.csv"),
                    pods = data_file("gpu_openb/openb_pod_list_multigpu50.csv.gz");
  if (!std::filesystem::exists(nodes)) {
    if (std::getenv("CI"))
      FAIL("the data sets are missing: no " << nodes);
    WARN("skipped: no " << nodes << "; NEMO_SHARED names the folder that has data/placement");
    return;
  }
  auto data = read_openb(nodes, pods);
  REQUIRE(static_cast<bool>(data));
  CHECK(data->model.nodes == 1213);
  CHECK(gpu_capacity(data->model) == 6'212'000);
  CHECK(data->pods.size() == 9061);
  auto paper = published(nodes, pods, "06-FGD");
  REQUIRE(static_cast<bool>(paper));
  const Curve fgd = run(*data, std::make_unique<Fgd>(*data, 42));
  for (int percent : {50, 80, 90, 95, 100, 130})
    CHECK(fgd.at(percent) == Approx(paper->at(percent)).margin(0.6)); // its sd is 0.04 to 0.26
  std::vector<double> share(data->model.shapes.size());
  for (uint32_t shape : data->pods)
    ++share[shape];
  const Curve ours = run(*data, std::make_unique<nemo::optimiser::Online>(data->model, share));
  for (int percent : {100, 130})
    CHECK(ours.at(percent) > std::max(fgd.at(percent), paper->at(percent)));
}
