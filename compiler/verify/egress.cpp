#include "compiler/verify/egress.h"

#include <algorithm>
#include <map>

namespace nemo::verify {

Egress::Egress(const Case &subject) : subject_(subject) {
  bool priced = false;
  for (const proto::Link &link : subject.world.links)
    priced |= link.price_neur_per_gib() > 0;
  if (!priced || subject.selective)
    return;
  for (Flow &flow : flows_of(subject.intent)) {
    size_t ends = 0;
    for (const proto::Workload &workload : subject.intent.workloads())
      ends += (workload.name() == flow.from) + (workload.name() == flow.to);
    if (ends == 2 && flow.bandwidth && flow.bandwidth->sign() > 0)
      flows_.push_back(std::move(flow));
  }
  if (!flows_.empty())
    ways_.emplace(subject.world);
}

bool Egress::at(const std::string &workload) const {
  for (const Flow &flow : flows_)
    if (flow.from == workload || flow.to == workload)
      return true;
  return false;
}

bool Egress::sends(const std::string &workload) const {
  return std::any_of(flows_.begin(), flows_.end(),
                     [&](const Flow &flow) { return flow.from == workload; });
}

uint64_t Egress::price(const std::string &from, const std::string &to) {
  const auto [known, fresh] = prices_[from].try_emplace(to, 0);
  if (!fresh)
    return known->second;
  unsigned __int128 price = 0;
  if (const std::optional<Way> &way = ways_->between(from, to))
    for (const Crossed &link : way->links)
      price += subject_.world.links[link.first].price_neur_per_gib();
  known->second = price > UINT64_MAX ? UINT64_MAX : static_cast<uint64_t>(price);
  return known->second;
}

std::vector<Figure> Egress::of(const std::vector<Stand> &stands) {
  std::vector<Figure> paid;
  if (!any())
    return paid;
  std::map<std::string, std::map<std::string, uint32_t>> on; // workload, node
  std::map<std::string, uint32_t> replicas;
  for (const Stand &stand : stands) {
    ++on[stand.workload][stand.node];
    ++replicas[stand.workload];
  }
  for (const Stand &stand : stands) {
    Figure figure{Rational(0), ""};
    for (const Flow &flow : flows_) {
      const auto &sinks = on[flow.to];
      if (flow.from != stand.workload || sinks.empty() ||
          on[flow.from].size() * sinks.size() > 4000000)
        continue;
      // Prices of a GiB, over all receivers.
      unsigned __int128 prices = 0;
      for (const auto &[sink, count] : sinks)
        prices += static_cast<unsigned __int128>(price(stand.node, sink)) * count;
      const auto bits_of_one =
          flow.bandwidth->over(Rational(static_cast<int64_t>(replicas[flow.from])));
      const auto mean = Rational::make(static_cast<Rational::Int>(prices),
                                       static_cast<Rational::Int>(replicas[flow.to]) * 8589934592);
      const auto in_all = bits_of_one && mean ? bits_of_one->times(*mean) : std::nullopt;
      const auto euros = in_all ? in_all->over(Rational(1000000000)) : std::nullopt;
      figure.value = figure.value && euros ? figure.value->plus(*euros) : std::nullopt;
    }
    paid.push_back(figure);
  }
  return paid;
}

std::vector<Figure> Egress::planned() {
  std::vector<Stand> stands;
  for (const Replica &replica : subject_.replicas)
    stands.push_back({replica.workload->name(), replica.node});
  return of(stands);
}

} // namespace nemo::verify
