#include "compiler/placement/figuring.h"

#include <algorithm>
#include <cstdlib>

#include "compiler/placement/scarcity.h"
#include "compiler/resolve/hours.h"
#include "compiler/resolve/suspend.h"

namespace nemo::placement {

using compiler::NodeBits;

// The table of the search has it to about 1e-9; only where that leaves the rounding open is it
// computed exactly.
std::optional<int64_t> Figuring::exact(size_t w, size_t node) const {
  const int64_t fine = cost(problem_, problem_.needs[w], node);
  if (fine == unknown_cost)
    return std::nullopt;
  const int64_t size = std::llabs(fine);
  constexpr int64_t sure = int64_t{1} << 50; // above it, a double no longer has the digits
  const int64_t open = 2 + size / 1'000'000'000'000;
  if (size < sure && std::llabs(size % 1000 - 500) > open)
    return (fine < 0 ? -1 : 1) * ((size + 500) / 1000);
  if (!jobs_.is_job(w))
    return exactly(w, node, nullptr);
  const compiler::Run run = jobs_.best(w, nodes_[node], objective_.of(w, node));
  return exactly(w, node, &run);
}

std::optional<int64_t> Figuring::exactly(size_t w, size_t node, const compiler::Run *run,
                                         const compiler::Figure *egress) const {
  const proto::Resources &needs = intent_.workloads(static_cast<int>(w)).resources();
  compiler::Figures figures = compiler::figures(needs, nodes_[node], run);
  if (egress)
    compiler::add_egress(figures, *egress, run);
  const auto cost =
      compiler::millionths_per_hour(compiler::weighted(figures, objective_.of(w, node)));
  return cost ? std::optional(*cost + objective_.wish(w, node)) : std::nullopt;
}

std::optional<int64_t> Figuring::kept_awake(size_t node) const {
  if (!compiler::can_sleep(nodes_[node]))
    return 0;
  return compiler::millionths_per_hour({objective_.awake(nodes_[node], node), {}});
}

const Figuring::Choice *Figuring::Choices::but(size_t node) const {
  for (const Choice &choice : best)
    if (choice.node != node)
      return &choice;
  return nullptr;
}

const Figuring::Choices &Figuring::choices(size_t w, const stages::Admissible &admissible) {
  const uint32_t set = admissible.workloads(static_cast<int>(w)).set();
  const proto::Resources needs =
      compiler::on_average(intent_.workloads(static_cast<int>(w)).resources());
  auto [known, fresh] =
      choices_.try_emplace({needs.cpu_millicores(), needs.memory_bytes(),
                            problem_.needs[w].cost_class, set, problem_.needs[w].no_device});
  Choices &result = known->second;
  if (!fresh)
    return result;
  NodeBits::from_proto(admissible.sets(static_cast<int>(set)), nodes_.size())
      .for_each([&](size_t node) {
        if (lacks_devices(w, node))
          return;
        const std::optional<int64_t> here = exact(w, node);
        ++result.count;
        result.known &= here.has_value();
        auto at = result.best.begin();
        while (at != result.best.end() && !(here && (!at->cost || *here < *at->cost)))
          ++at;
        if (at - result.best.begin() < 2)
          result.best.insert(at, {node, here});
        if (result.best.size() > 2)
          result.best.pop_back();
      });
  return result;
}

std::optional<__int128> Figuring::least(size_t w, const stages::Admissible &admissible) {
  const Need &need = problem_.needs[w];
  const uint32_t set = admissible.workloads(static_cast<int>(w)).set();
  if (!choices(w, admissible).known)
    return std::nullopt;
  const uint32_t apart = placement::apart(need);
  auto [known, fresh] = least_.try_emplace({need.demand, need.mean, need.no_device, need.cost_class,
                                            set, need.far, need.spread, need.count, apart});
  if (fresh)
    known->second = least_of(problem_, need, options(w, admissible));
  return known->second;
}

std::vector<Option> Figuring::options(size_t w, const stages::Admissible &admissible) const {
  const Need &need = problem_.needs[w];
  std::vector<Option> list;
  NodeBits::from_proto(
      admissible.sets(static_cast<int>(admissible.workloads(static_cast<int>(w)).set())),
      nodes_.size())
      .for_each([&](size_t node) {
        const std::optional<__int128> paid = paid_on(w, node);
        if (paid && (need.far == UINT32_MAX || !problem_.sets[need.far].test(node)))
          list.push_back({node, *paid});
      });
  return list;
}

__int128 Figuring::scarce_room() const {
  __int128 sum = 0, worth = 0;
  for (size_t i = 0; i < scarce_.size(); ++i) {
    const Scarce &scarce = scarce_[i];
    worth += static_cast<__int128>(scarce.price) *
             std::max<int64_t>(problem_.room[scarce.resource][scarce.node], 0);
    if (i + 1 < scarce_.size() && scarce_[i + 1].node == scarce.node)
      continue;
    const __int128 awake = kept_awake(scarce.node).value_or(0);
    sum += std::max<__int128>(worth - (awake << price_bits), 0);
    worth = 0;
  }
  return sum;
}

bool Figuring::lacks_devices(size_t w, size_t node) const {
  const uint32_t set = problem_.needs[w].no_device;
  return set != UINT32_MAX && problem_.sets[set].test(node);
}

std::optional<__int128> Figuring::paid_on(size_t w, size_t node) const {
  const Need &need = problem_.needs[w];
  for (size_t k = 0; k < problem_.room.size(); ++k)
    if (need.demand[k] > 0 && !overcommits(problem_, k) && need.demand[k] > problem_.room[k][node])
      return std::nullopt;
  if (!problem_.peak_room.empty() && need.demand[0] > problem_.peak_room[node])
    return std::nullopt;
  if (lacks_devices(w, node))
    return std::nullopt;
  __int128 paid = static_cast<__int128>(*exact(w, node)) << price_bits;
  for (auto at = std::lower_bound(
           scarce_.begin(), scarce_.end(), node,
           [](const Scarce &scarce, size_t wanted) { return scarce.node < wanted; });
       at != scarce_.end() && at->node == node; ++at)
    paid += static_cast<__int128>(at->price) * need.demand[at->resource];
  return paid;
}

} // namespace nemo::placement
