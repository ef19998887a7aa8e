// The bound of the risk against the chance itself, which for replicas that are alike is a sum of
// binomial terms.
#include <cmath>

#include <catch2/catch.hpp>

#include "compiler/resolve/overcommit.h"

using namespace nemo;
using namespace nemo::compiler;

namespace {

proto::Resources on_off(uint64_t peak, uint64_t mean) {
  proto::Resources resources;
  resources.set_cpu_millicores(peak);
  resources.set_cpu_mean_millicores(mean);
  return resources;
}

/// That of `count` replicas, each at its peak for a share of the time, more than `most` are.
double tail(unsigned count, double share, unsigned most) {
  double sum = 0;
  for (unsigned busy = most + 1; busy <= count; ++busy)
    sum += std::exp(std::lgamma(count + 1.0) - std::lgamma(busy + 1.0) -
                    std::lgamma(count - busy + 1.0) + busy * std::log(share) +
                    (count - busy) * std::log1p(-share));
  return sum;
}

struct Stack {
  stages::Inputs inputs;
  stages::Resolved resolved;
  Stack(uint64_t ppb, const std::vector<proto::Resources> &workloads,
        const std::vector<uint64_t> &nodes) {
    proto::Intent &intent = *inputs.mutable_intent();
    intent.set_stack("own");
    intent.add_objectives()->set_overcommit_ppb(ppb);
    for (const proto::Resources &resources : workloads) {
      proto::Workload &workload = *intent.add_workloads();
      workload.set_replicas_min(1);
      *workload.mutable_resources() = resources;
    }
    for (uint64_t millicores : nodes) {
      proto::Node &node = *resolved.mutable_world()->add_nodes();
      node.set_name("n" + std::to_string(resolved.world().nodes_size()));
      node.set_cpu_millicores(millicores);
    }
  }
};

} // namespace

TEST_CASE("the bound of the risk is never below the chance itself") {
  unsigned within = 0;
  for (const auto &[peak, mean] :
       {std::pair<uint64_t, uint64_t>{1000, 100}, {2000, 500}, {500, 10}})
    for (unsigned count = 2; count <= 120; count += 7)
      for (unsigned most = 1; most < count; most += 3) {
        const std::vector<Usage> all(count, usage_of(on_off(peak, mean)));
        const double exact =
            tail(count, static_cast<double>(mean) / static_cast<double>(peak), most);
        // A little less than one more needs: the same chance.
        const uint64_t room = most * peak + peak / 2;
        const double bound = chance_of_excess(all, room);
        INFO(count << " of " << peak << "/" << mean << ", of which " << most << " fit");
        CHECK(bound >= exact);
        CHECK(bound <= 1);
        within += bound < 1e-3;
      }
  CHECK(within > 100); // it says something
  CHECK(chance_of_excess({{1000, 500}, {1000, 500}}, 2000) == 0);
  CHECK(chance_of_excess({{1000, 500}, {1000, 500}}, 900) == 1);
}

TEST_CASE("what fits by effective amounts keeps the risk") {
  unsigned more = 0;
  for (const uint64_t ppb : {uint64_t{100'000'000}, uint64_t{1'000'000}, uint64_t{1'000}})
    for (const auto &[peak, mean] :
         {std::pair<uint64_t, uint64_t>{1000, 100}, {2000, 500}, {500, 10}, {100, 90}}) {
      const proto::Resources resources = on_off(peak, mean);
      for (const uint64_t room : {4'000, 16'000, 64'000}) {
        const Stack stack(ppb, {resources}, {room});
        const auto over = overcommit(stack.inputs, stack.resolved);
        REQUIRE(over);
        const uint64_t strict = room / peak;
        if (!over->effective[0])
          continue;
        REQUIRE(over->reserve < room);
        const uint64_t count = (room - over->reserve) / effective_millicores(resources, over->s);
        INFO(ppb << "e-9, " << peak << "/" << mean << " on " << room << ": " << count);
        CHECK(count >= strict);
        more += count > strict;
        CHECK(tail(static_cast<unsigned>(count),
                   static_cast<double>(mean) / static_cast<double>(peak),
                   static_cast<unsigned>(strict)) <= static_cast<double>(ppb) / 1e9);
        CHECK(chance_of_excess(std::vector<Usage>(count, usage_of(resources)), room) <=
              static_cast<double>(ppb) / 1e9);
      }
    }
  CHECK(more > 10);
}

TEST_CASE("effective amounts are between the mean and the peak") {
  const proto::Resources resources = on_off(2000, 500);
  CHECK(effective_millicores(resources, 1e-6) == 501);
  CHECK(effective_millicores(resources, 1e6) == 2000);
  CHECK(effective_millicores(on_off(2000, 0), 1) == 2000); // nobody says that it uses less
  for (double s = 0.01; s < 100; s *= 1.5)
    CHECK(effective_millicores(resources, s) <= effective_millicores(resources, s * 1.5));
}

TEST_CASE("nodes that gain nothing promise what they have") {
  Stack stack(1'000'000, {on_off(1000, 100)}, {1000, 64'000});
  auto over = overcommit(stack.inputs, stack.resolved);
  REQUIRE(over);
  CHECK(over->effective == std::vector<char>{0, 1});
  // Another stack holds most of the large one, at its peak.
  proto::PartState &other = *stack.resolved.mutable_facts()->add_parts();
  other.mutable_part()->set_stack("other");
  other.mutable_part()->set_node("n2");
  *other.mutable_part()->add_instances()->mutable_spec()->mutable_resources() =
      on_off(63'000, 1'000);
  over = overcommit(stack.inputs, stack.resolved);
  REQUIRE(over);
  CHECK(over->effective == std::vector<char>{0, 0});
  // What has no average weighs with its replicas, unless some of them may wait.
  stack = Stack(1'000'000, {on_off(1000, 100), on_off(1000, 0)}, {16'000});
  REQUIRE(overcommit(stack.inputs, stack.resolved)->effective[0]);
  proto::Workload &steady = *stack.inputs.mutable_intent()->mutable_workloads(1);
  steady.set_replicas_min(100);
  CHECK(!overcommit(stack.inputs, stack.resolved)->effective[0]);
  steady.set_priority(1);
  CHECK(overcommit(stack.inputs, stack.resolved)->effective[0]);
  stack.inputs.mutable_intent()->mutable_objectives(0)->clear_overcommit_ppb();
  CHECK(!overcommit(stack.inputs, stack.resolved));
}
