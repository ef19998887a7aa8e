// The GPU cluster's files: what they say, and how they are refused.
#include "bench/placement/input/openb.h"
#include "scratch.h"

using namespace nemo::bench;

namespace {

const std::string nodes = "sn,cpu_milli,memory_mib,gpu,model\n"
                          "a,32000,1024,0,\n"
                          "b,64000,2048,2,T4\n"
                          "c,96000,4096,8,V100\n";
const std::string pods = "name,cpu_milli,memory_mib,num_gpu,gpu_milli,gpu_spec\n"
                         "p,1000,10,0,0,\n"
                         "q,2000,20,1,250,T4\n"
                         "r,2000,20,1,250,T4\n"
                         "s,2000,20,4,1000,T4|V100\n"
                         "t,2000,20,1,250,\n";

std::string fault_of(std::string_view node_rows, std::string_view pod_rows) {
  Scratch scratch;
  return fault(
      read_openb(scratch.file("nodes.csv", node_rows), scratch.file("pods.csv", pod_rows)));
}

} // namespace

TEST_CASE("nodes, their GPUs and the shapes of pods are read") {
  Scratch scratch;
  const Openb data =
      got(read_openb(scratch.file("nodes.csv", nodes), scratch.file("pods.csv", pods)));
  CHECK(data.model.nodes == 3);
  CHECK(data.model.capacity == std::vector<int64_t>{32000, 1024, 64000, 2048, 96000, 4096});
  CHECK(data.model.devices.size() == 10);
  CHECK(data.model.devices[2].node == 2);
  CHECK(data.pods == std::vector<uint32_t>{0, 1, 1, 2, 3});
  const auto &shapes = data.model.shapes;
  CHECK(shapes[0].devices.count == 0);
  CHECK(shapes[1].devices.share == 250);
  CHECK(data.model.node_sets[shapes[1].allowed] == std::vector<bool>{false, true, false});
  CHECK(shapes[2].devices.count == 4);
  CHECK(data.model.node_sets[shapes[2].allowed] == std::vector<bool>{false, true, true});
  CHECK(shapes[3].allowed == UINT32_MAX);
}

TEST_CASE("a list of pods that names no models allows all of them") {
  Scratch scratch;
  const Openb data =
      got(read_openb(scratch.file("nodes.csv", nodes),
                     scratch.file("pods.csv", "cpu_milli,memory_mib,num_gpu,gpu_milli\n"
                                              "1,1,1,1000\n")));
  CHECK(data.model.shapes[0].allowed == UINT32_MAX);
}

TEST_CASE("files that are wrong are refused by name, row and column") {
  const std::string node_columns = "cpu_milli,memory_mib,gpu,model\n",
                    pod_columns = "cpu_milli,memory_mib,num_gpu,gpu_milli\n";
  using Catch::Matchers::Contains;
  using Catch::Matchers::EndsWith;
  CHECK_THAT(fault_of("cpu_milli,memory_mib,model\n1,1,T4\n", pods),
             EndsWith("nodes.csv: no column gpu"));
  CHECK_THAT(fault_of(nodes, "cpu_milli,memory_mib,num_gpu\n1,1,1\n"),
             EndsWith("pods.csv: no column gpu_milli"));
  CHECK_THAT(fault_of(node_columns, pods), EndsWith("nodes.csv: has no rows"));
  CHECK_THAT(fault_of(nodes, ""), EndsWith("pods.csv: no column cpu_milli"));
  CHECK_THAT(fault_of(node_columns + "-1,1,1,T4\n", pods),
             Contains("nodes.csv: row 1, cpu_milli: '-1' is no whole number from 0 to"));
  CHECK_THAT(fault_of(node_columns + "1,1,1,T4\n1,99999999999999999999,1,T4\n", pods),
             Contains("row 2, memory_mib: '99999999999999999999' is no whole number"));
  CHECK_THAT(fault_of(node_columns + "1,1,33,T4\n", pods),
             EndsWith("row 1, gpu: '33' is no whole number from 0 to 32"));
  CHECK_THAT(fault_of(nodes, pod_columns + "1,1,1,1001\n"),
             EndsWith("row 1, gpu_milli: '1001' is no whole number from 0 to 1000"));
  CHECK_THAT(fault_of(nodes, pod_columns + "1,1,1,many\n"), Contains("'many' is no whole number"));
  CHECK_THAT(fault_of(nodes, pod_columns + "1,1,1,\n"), Contains("'' is no whole number"));
  CHECK_THAT(fault_of(nodes, pod_columns + "1,1,1\n"), Contains("row 1 has 3 cells"));
  CHECK_THAT(fault_of(nodes, pod_columns + "1,1,2,0\n"),
             EndsWith("row 1 asks for GPUs but for nothing of each"));
}
