#include "compiler/network/egress.h"

#include <algorithm>

namespace nemo::compiler {

namespace {

constexpr size_t most_pairs = 4'000'000;                                  ///< of nodes
constexpr Rational::Int parts = (Rational::Int{1} << 33) * 1'000'000'000; ///< 1e-9 EUR/GiB

using Counts = std::vector<std::pair<uint32_t, uint32_t>>;

Counts nodes_of(size_t workload, const std::vector<Stand> &stands) {
  std::vector<uint32_t> placed;
  for (const Stand &stand : stands)
    if (stand.workload == workload)
      placed.push_back(stand.node);
  return counted_nodes(placed);
}

Rational::Int all(const Counts &counts) {
  Rational::Int sum = 0;
  for (const auto &[node, count] : counts)
    sum += count;
  return sum;
}

} // namespace

Egress::Egress(const proto::Intent &intent, const proto::Fleet &world,
               const std::vector<NodeView> &nodes, bool whole)
    : world_(world), nodes_(nodes.size()) {
  for (const proto::Workload &workload : intent.workloads())
    hours_.push_back(workload.has_job() ? static_cast<double>(workload.job().duration_ms()) / 3.6e6
                                        : 1);
  if (!whole ||
      std::none_of(world.links().begin(), world.links().end(),
                   [](const proto::Link &link) { return link.price_neur_per_gib() != 0; }))
    return;
  for (Flow &flow : flows_of(intent))
    if (flow.bandwidth && flow.bandwidth->sign() > 0)
      flows_.push_back(std::move(flow));
  if (!flows_.empty())
    ways_.emplace(world, nodes);
}

bool Egress::sends(size_t workload) const {
  return std::any_of(flows_.begin(), flows_.end(),
                     [&](const Flow &flow) { return flow.from == workload; });
}

bool Egress::receives(size_t workload) const {
  return std::any_of(flows_.begin(), flows_.end(),
                     [&](const Flow &flow) { return flow.to == workload; });
}

uint64_t Egress::price(uint32_t from, uint32_t to) {
  const auto [known, fresh] = prices_.try_emplace(uint64_t{from} << 32 | to, 0);
  if (!fresh)
    return known->second;
  uint64_t &sum = known->second;
  if (const auto route = ways_->route(from, to))
    for (const predict::Crossing &crossing : route->crossings)
      if (__builtin_add_overflow(
              sum, world_.links(ways_->link(crossing).first).price_neur_per_gib(), &sum))
        sum = UINT64_MAX;
  return sum;
}

std::vector<std::optional<Rational>> Egress::paid(const std::vector<Stand> &stands) {
  std::vector<std::optional<Rational>> paid(stands.size(), Rational(0));
  for (const Flow &flow : flows_) {
    const Counts senders = nodes_of(flow.from, stands), receivers = nodes_of(flow.to, stands);
    if (senders.empty() || receivers.empty() || senders.size() * receivers.size() > most_pairs)
      continue;
    std::map<uint32_t, std::optional<Rational>> from_node;
    for (const auto &[source, unused] : senders) {
      Rational::Int sum = 0;
      for (const auto &[sink, count] : receivers)
        sum += static_cast<Rational::Int>(price(source, sink)) * count;
      const auto each = Rational::make(sum, parts);
      const auto share = Rational::make(1, all(senders) * all(receivers));
      const auto sent = share ? flow.bandwidth->times(*share) : std::nullopt;
      from_node[source] = each && sent ? each->times(*sent) : std::nullopt;
    }
    for (size_t i = 0; i < stands.size(); ++i)
      if (stands[i].workload == flow.from) {
        const auto &more = from_node[stands[i].node];
        paid[i] = paid[i] && more ? paid[i]->plus(*more) : std::nullopt;
      }
  }
  return paid;
}

std::vector<double> Egress::added(size_t workload, const std::vector<Stand> &stands) {
  std::vector<double> added(nodes_);
  for (const Flow &flow : flows_)
    for (const bool sends : {true, false}) {
      if ((sends ? flow.from : flow.to) != workload)
        continue;
      const Counts own = nodes_of(workload, stands);
      const Counts others = nodes_of(sends ? flow.to : flow.from, stands);
      if (own.empty() || others.empty())
        continue;
      if (others.size() * nodes_ > most_pairs)
        return {};
      const double each = hours_[flow.from] * flow.bandwidth->to_double() /
                          static_cast<double>(all(own)) / static_cast<double>(all(others)) /
                          static_cast<double>(parts);
      for (uint32_t node = 0; node < nodes_; ++node)
        for (const auto &[other, count] : others)
          added[node] +=
              each * count * static_cast<double>(sends ? price(node, other) : price(other, node));
    }
  return added;
}

} // namespace nemo::compiler
