#include "compiler/predict/routes.h"

#include <algorithm>
#include <queue>
#include <tuple>

namespace nemo::predict {

Network::Network(std::vector<std::optional<uint32_t>> site_of, uint32_t sites,
                 std::vector<Wire> wires)
    : site_of_(std::move(site_of)), vertex_(site_of_.size(), free), wires_(std::move(wires)) {
  std::vector<bool> in_place(site_of_.size(), true); // stands at its site, without a link to it
  for (const Wire &wire : wires_)
    for (const auto &[end, other] : {std::pair{wire.from, wire.to}, std::pair{wire.to, wire.from}})
      if (!end.site) {
        vertex_[end.index] = 0;
        if (other.site && site_of_[end.index] == other.index)
          in_place[end.index] = false;
      }
  for (uint32_t &vertex : vertex_)
    if (vertex != free)
      vertex = linked_++;
  out_.resize(linked_ + 2 * sites);
  in_.resize(out_.size());
  for (uint32_t node = 0; node < site_of_.size(); ++node)
    if (vertex_[node] != free && site_of_[node] && in_place[node]) {
      join(vertex_[node], {leaving(*site_of_[node]), free, false, false});
      join(entering(*site_of_[node]), {vertex_[node], free, false, false});
    }
  for (uint32_t site = 0; site < sites; ++site)
    join(entering(site), {leaving(site), free, false, false});
  for (uint32_t wire = 0; wire < wires_.size(); ++wire) {
    const auto &[from, to, known] = wires_[wire];
    const bool loop = from.site == to.site && from.index == to.index;
    if (!known || (loop && !from.site))
      continue;
    const bool between_sites = from.site && to.site && !loop;
    auto tail = [&](const End &end) { return end.site ? leaving(end.index) : vertex_[end.index]; };
    auto head = [&](const End &end) { return end.site ? entering(end.index) : vertex_[end.index]; };
    join(tail(from), {head(to), wire, false, between_sites});
    if (!loop)
      join(tail(to), {head(from), wire, true, between_sites});
  }
  // The order in which equal ways are told apart.
  for (std::vector<Arc> &arcs : out_)
    std::sort(arcs.begin(), arcs.end(), [](const Arc &a, const Arc &b) {
      return std::tie(a.to, a.wire) < std::tie(b.to, b.wire);
    });
}

void Network::join(uint32_t from, Arc arc) {
  out_[from].push_back(arc);
  std::swap(from, arc.to);
  in_[from].push_back(arc);
}

/// Over `arc` and on from there; unreached where it does not fit.
Network::Cost Network::beyond(const Arc &arc, const Cost &rest) const {
  const uint64_t latency = arc.wire == free ? 0 : *wires_[arc.wire].latency_ns;
  Cost sum = rest;
  if (rest == unreached || __builtin_add_overflow(rest.first, latency, &sum.first))
    return unreached;
  sum.second += arc.wire != free;
  return sum;
}

const Network::Tree &Network::towards(uint32_t to, bool within_site) {
  const auto [known, fresh] = trees_.try_emplace({to, within_site});
  Tree &left = known->second;
  if (!fresh)
    return left;
  left.assign(out_.size(), unreached);
  using Entry = std::pair<Cost, uint32_t>;
  std::priority_queue<Entry, std::vector<Entry>, std::greater<>> open;
  left[to] = {0, 0};
  open.push({left[to], to});
  while (!open.empty()) {
    const auto [cost, at] = open.top();
    open.pop();
    if (cost > left[at])
      continue;
    for (const Arc &arc : in_[at]) {
      const Cost sum = beyond(arc, cost);
      if (!(within_site && arc.between_sites) && sum < left[arc.to]) {
        left[arc.to] = sum;
        open.push({sum, arc.to});
      }
    }
  }
  return left;
}

std::vector<std::optional<uint64_t>> Network::delays(uint32_t to) {
  std::vector<std::optional<uint64_t>> list(site_of_.size());
  if (vertex_[to] != free || site_of_[to]) {
    const uint32_t end = vertex_[to] == free ? entering(*site_of_[to]) : vertex_[to];
    const Tree &out = towards(end, false), &within = towards(end, true);
    for (uint32_t from = 0; from < list.size(); ++from) {
      if (vertex_[from] == free && !site_of_[from])
        continue;
      const bool same_site = site_of_[from] && site_of_[from] == site_of_[to];
      const Cost &left =
          (same_site ? within
                     : out)[vertex_[from] == free ? leaving(*site_of_[from]) : vertex_[from]];
      if (left != unreached)
        list[from] = left.first;
    }
  }
  if (vertex_[to] != free) // kept only for the few ends that many nodes share
    for (const bool within_site : {false, true})
      trees_.erase({vertex_[to], within_site});
  list[to] = 0;
  return list;
}

std::optional<Route> Network::route(uint32_t from, uint32_t to) {
  if (from == to)
    return Route{};
  const bool within_site = site_of_[from] && site_of_[from] == site_of_[to];
  if ((vertex_[from] == free && !site_of_[from]) || (vertex_[to] == free && !site_of_[to]))
    return std::nullopt;
  uint32_t at = vertex_[from] == free ? leaving(*site_of_[from]) : vertex_[from];
  const uint32_t end = vertex_[to] == free ? entering(*site_of_[to]) : vertex_[to];
  const Tree &left = towards(end, within_site);
  if (left[at] == unreached)
    return std::nullopt;
  Route route;
  route.latency_ns = left[at].first;
  while (at != end) // every vertex that has a way has an arc that begins it
    for (const Arc &arc : out_[at])
      if (!(within_site && arc.between_sites) && left[arc.to] != unreached &&
          beyond(arc, left[arc.to]) == left[at]) {
        if (arc.wire != free)
          route.crossings.push_back({arc.wire, arc.backwards});
        at = arc.to;
        break;
      }
  return route;
}

} // namespace nemo::predict
