#include "compiler/placement/bound/pools.h"

namespace nemo::optimiser {

namespace {

// Pools are compared with each other and each costs a pass over the nodes.
constexpr size_t most_pools = 64;

std::vector<uint64_t> packed(const std::vector<bool> &set) {
  std::vector<uint64_t> bits((set.size() + 63) / 64);
  for (size_t node = 0; node < set.size(); ++node)
    if (set[node])
      bits[node / 64] |= uint64_t{1} << node % 64;
  return bits;
}

bool within(const std::vector<uint64_t> &inner, const std::vector<uint64_t> &outer) {
  for (size_t word = 0; word < inner.size(); ++word)
    if (inner[word] & ~outer[word])
      return false;
  return true;
}

} // namespace

Pools find_pools(const Model &model) {
  const size_t dims = model.resources.size();
  // By node set, with that of all nodes first.
  std::vector<std::vector<__int128>> demand(model.node_sets.size() + 1,
                                            std::vector<__int128>(dims + 1));
  std::vector<uint64_t> replicas(demand.size());
  for (const Replica &replica : model.replicas) {
    if (replica.absence_price != must_be_placed)
      continue;
    const Shape &shape = model.shapes[replica.shape];
    const size_t set = shape.allowed == UINT32_MAX ? 0 : shape.allowed + size_t{1};
    ++replicas[set];
    for (size_t d = 0; d < dims; ++d)
      demand[set][d] += shape.demand[d];
    demand[set][dims] += __int128{shape.devices.count} * shape.devices.share;
  }
  std::vector<size_t> used;
  for (size_t set = 1; set < demand.size(); ++set)
    if (replicas[set] > 0)
      used.push_back(set);
  std::stable_sort(used.begin(), used.end(),
                   [&](size_t a, size_t b) { return replicas[a] > replicas[b]; });
  Pools pools;
  pools.nodes.push_back(packed(std::vector<bool>(model.nodes, true)));
  pools.demand.push_back(demand[0]);
  for (size_t i = 0; i < used.size(); ++i) {
    for (size_t d = 0; d <= dims; ++d)
      pools.demand.front()[d] += demand[used[i]][d];
    auto nodes = packed(model.node_sets[used[i] - 1]);
    if (i >= most_pools ||
        std::all_of(nodes.begin(), nodes.end(), [](uint64_t bits) { return bits == 0; }))
      continue;
    pools.nodes.push_back(std::move(nodes));
    pools.demand.push_back(demand[used[i]]);
  }
  // What may be in a part of a pool only is caught in the pool as well.
  const std::vector<std::vector<__int128>> own = pools.demand;
  for (size_t outer = 1; outer < pools.nodes.size(); ++outer)
    for (size_t inner = 1; inner < pools.nodes.size(); ++inner)
      if (inner != outer && within(pools.nodes[inner], pools.nodes[outer]))
        for (size_t d = 0; d <= dims; ++d)
          pools.demand[outer][d] += own[inner][d];
  return pools;
}

} // namespace nemo::optimiser
