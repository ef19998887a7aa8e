#include "bench/placement/continuum/fleet.h"

#include <map>

#include "bench/placement/input/text.h"
#include "compiler/placement/search/random.h"
#include "llvm/ADT/StringExtras.h"

namespace nemo::bench::continuum {

namespace {

// Watts of cooling and distribution per watt of machine: the mean of 2020 in Uptime Institute's
// survey.
constexpr double usage_effectiveness = 1.59;
// What a server draws asleep. Source: Meisner, Gold and Wenisch (2009), "PowerNap: eliminating
// server idle power".
constexpr double asleep_watts = 10.4;

struct Watts {
  double idle = 0, full = 0; ///< per hardware thread
};

llvm::Expected<std::map<std::string, Watts>> read_power() {
  auto table = read_table(data_file("power/ccf_coefficients-aws-use.csv"));
  if (!table)
    return table.takeError();
  size_t columns[3];
  for (size_t i = 0; const char *name : {"Architecture", "Min Watts", "Max Watts"}) {
    auto column = table->column(name);
    if (!column)
      return column.takeError();
    columns[i++] = *column;
  }
  std::map<std::string, Watts> power;
  for (const auto &row : table->rows) {
    Watts watts;
    if (!llvm::to_float(row[columns[1]], watts.idle) ||
        !llvm::to_float(row[columns[2]], watts.full) || !(watts.idle > 0) ||
        !(watts.full > watts.idle && watts.full < 1000))
      return llvm::createStringError(llvm::inconvertibleErrorCode(),
                                     "the power of " + row[columns[0]] + " is not possible");
    power[row[columns[0]]] = watts;
  }
  return power;
}

} // namespace

const char *architecture_of(const std::string &gpu_model, int64_t cpu_milli) {
  if (gpu_model == "P100")
    return "Broadwell";
  if (gpu_model.rfind("V100", 0) == 0)
    return "Skylake";
  if (gpu_model == "T4")
    return "Cascade Lake";
  if (gpu_model == "A10")
    return "Ice Lake";
  // Two processors of 32, 26, 24, 16 or 8 cores, two threads each.
  const int64_t threads = cpu_milli / 1000;
  return threads > 104  ? "Ice Lake"
         : threads > 96 ? "Cascade Lake"
         : threads > 64 ? "Skylake"
         : threads > 32 ? "Broadwell"
                        : "Haswell";
}

llvm::Expected<std::vector<Node>> read_fleet(const Network &network, const FleetSize &size) {
  auto power = read_power();
  if (!power)
    return power.takeError();
  const std::string path = data_file("gpu_openb/openb_node_list_all_node.csv");
  auto table = read_table(path);
  if (!table)
    return table.takeError();
  size_t columns[3];
  for (size_t i = 0; const char *name : {"cpu_milli", "memory_mib", "model"}) {
    auto column = table->column(name);
    if (!column)
      return column.takeError();
    columns[i++] = *column;
  }
  std::vector<uint32_t> sites;
  for (uint32_t site = 0; site < network.sites.size(); ++site)
    if (network.sites[site].zone)
      sites.push_back(site);
  if (sites.empty() || size.nodes > table->rows.size())
    return llvm::createStringError(llvm::inconvertibleErrorCode(),
                                   sites.empty()
                                       ? "no site of this topology is in a zone of the carbon data"
                                       : "there are not so many nodes in " + path);
  optimiser::Random random(size.seed);
  optimiser::shuffle(table->rows, random);
  std::vector<Node> nodes;
  for (uint32_t i = 0; i < size.nodes; ++i) {
    const auto &row = table->rows[i];
    Node node;
    node.site = sites[i % sites.size()];
    if (!llvm::to_integer(row[columns[0]], node.cpu_milli, 10) ||
        !llvm::to_integer(row[columns[1]], node.memory_mib, 10) || node.cpu_milli < 1 ||
        node.cpu_milli > 10'000'000 || node.memory_mib < 1 || node.memory_mib > 100'000'000)
      return llvm::createStringError(llvm::inconvertibleErrorCode(),
                                     path + ": a node of impossible size");
    const auto watts = power->find(architecture_of(row[columns[2]], node.cpu_milli));
    if (watts == power->end())
      return llvm::createStringError(llvm::inconvertibleErrorCode(),
                                     "the table of power lacks a family of processors");
    const double threads = static_cast<double>(node.cpu_milli) / 1000 * usage_effectiveness;
    node.idle_watts = watts->second.idle * threads;
    node.full_watts = watts->second.full * threads;
    node.suspended_watts = std::min(asleep_watts * usage_effectiveness, node.idle_watts);
    node.suspends = random.below(100) < size.suspending_percent;
    nodes.push_back(node);
  }
  return nodes;
}

} // namespace nemo::bench::continuum
