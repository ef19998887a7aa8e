#include "compiler/placement/queue.h"

#include <algorithm>
#include <map>
#include <optional>
#include <string>
#include <tuple>

#include "compiler/resolve/volumes.h"

namespace nemo::placement {

namespace {

constexpr uint64_t always = uint64_t{UINT32_MAX} + 1; ///< above every priority

// What is needed ranks as high as the highest that needs it.
std::vector<uint64_t> inherited(const proto::Intent &intent) {
  std::map<std::string, size_t> index;
  std::vector<size_t> order;
  std::vector<uint64_t> rank;
  for (const proto::Workload &workload : intent.workloads()) {
    order.push_back(order.size());
    index.emplace(workload.name(), index.size());
    rank.push_back(workload.has_priority() ? workload.priority() : always);
  }
  std::stable_sort(order.begin(), order.end(),
                   [&](size_t a, size_t b) { return rank[a] > rank[b]; });
  std::vector<char> seen(order.size());
  for (size_t root : order)
    for (std::vector<size_t> open = {root}; !open.empty();) {
      const size_t w = open.back();
      open.pop_back();
      if (seen[w])
        continue;
      seen[w] = 1;
      rank[w] = rank[root];
      auto need = [&](const std::string &name) {
        if (const auto known = index.find(name); known != index.end())
          open.push_back(known->second);
      };
      const proto::Workload &workload = intent.workloads(static_cast<int>(w));
      for (const std::string &name : workload.after())
        need(name);
      for (const proto::Affinity &affinity : workload.place().affinities())
        if (!affinity.anti())
          need(affinity.to());
    }
  return rank;
}

/// What is left of a guarantee; what it does not name is not limited.
class Guarantee {
public:
  explicit Guarantee(const proto::Resources &given)
      : left_{amount(given.cpu_millicores()), amount(given.memory_bytes()),
              amount(given.disk_bytes()), amount(given.gpu_milli())} {}

  bool take(const proto::Workload &workload, uint32_t replicas) {
    const proto::Resources needs = compiler::reserved(workload.resources(), workload.mounts());
    const std::array<uint64_t, 4> each = {needs.cpu_millicores(), needs.memory_bytes(),
                                          needs.disk_bytes(), needs.gpu_milli()};
    for (size_t i = 0; i < each.size(); ++i)
      if (left_[i] && static_cast<unsigned __int128>(each[i]) * replicas > *left_[i])
        return false;
    for (size_t i = 0; i < each.size(); ++i)
      if (left_[i])
        *left_[i] -= each[i] * replicas;
    return true;
  }

private:
  static std::optional<uint64_t> amount(uint64_t given) {
    return given == 0 ? std::nullopt : std::optional(given);
  }
  std::array<std::optional<uint64_t>, 4> left_;
};

} // namespace

std::vector<Turn> queue(const proto::Intent &intent, const std::vector<uint32_t> &finished) {
  const std::vector<uint64_t> rank = inherited(intent);
  std::vector<Turn> turns;
  for (uint32_t w = 0; w < rank.size(); ++w) {
    const proto::Workload &workload = intent.workloads(static_cast<int>(w));
    if (rank[w] == always)
      continue;
    const uint32_t all = workload.replicas_min() - finished[w], step = workload.gang() ? all : 1;
    for (uint32_t number = 0; number < all; number += step)
      turns.push_back({w, number, step, false, static_cast<uint32_t>(rank[w])});
  }
  auto sort = [&] {
    std::stable_sort(turns.begin(), turns.end(), [](const Turn &a, const Turn &b) {
      return std::tie(b.guaranteed, b.priority) < std::tie(a.guaranteed, a.priority);
    });
  };
  sort();
  std::map<std::string, Guarantee> guarantees;
  for (const proto::Tenant &tenant : intent.tenants())
    if (tenant.has_guarantee())
      guarantees.emplace(tenant.name(), Guarantee(tenant.guarantee()));
  if (guarantees.empty())
    return turns;
  std::vector<char> beyond(
      rank.size()); // one of its replicas is not guaranteed, nor those after it
  auto guarantee = [&](uint32_t w, uint32_t count) {
    const proto::Workload &workload = intent.workloads(static_cast<int>(w));
    const auto of = guarantees.find(workload.tenant());
    if (beyond[w] || of == guarantees.end())
      return false;
    beyond[w] = !of->second.take(workload, count);
    return !beyond[w];
  };
  for (uint32_t w = 0; w < rank.size(); ++w)
    if (rank[w] == always)
      for (uint32_t r = finished[w]; r < intent.workloads(static_cast<int>(w)).replicas_min(); ++r)
        guarantee(w, 1);
  for (Turn &turn : turns)
    turn.guaranteed = guarantee(turn.workload, turn.count);
  sort();
  return turns;
}

} // namespace nemo::placement
