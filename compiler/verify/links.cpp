// What flows reserve of links.
#include "compiler/verify/levels.h"

#include <algorithm>

#include <fmt/format.h>

#include "compiler/explain/texts.h"

namespace nemo::verify {

namespace {

proto::Value rate(const std::optional<Rational> &value) {
  if (!value)
    return formula::unknown(explain::beyond_numbers());
  return formula::quantity({*value, *formula::Dimension::parse("bit s^-1"), "Mbit/s"});
}

Predicted reserved_paths(proto::Value low, proto::Value high) {
  Predicted figure;
  figure.model = explain::throughput_model().name();
  figure.bounded = low.has_quantity();
  figure.low = std::move(low);
  figure.high = std::move(high);
  return figure;
}

Predicted unknown(const std::string &missing) {
  return reserved_paths(formula::unknown(missing), formula::unknown(missing));
}

} // namespace

std::vector<Flow> flows_of(const proto::Intent &intent) {
  std::vector<Flow> flows;
  for (const proto::Object &block : intent.objects()) {
    if (block.kind() != "flow")
      continue;
    Flow flow;
    flow.block = &block;
    for (const proto::Attribute &attribute : block.attributes()) {
      std::string end = attribute.value().reference();
      end = end.substr(end.find('.') + 1);
      end = end.substr(0, end.find('.'));
      if (attribute.name() == "from")
        flow.from = end;
      else if (attribute.name() == "to")
        flow.to = end;
      else if (attribute.name() == "bandwidth")
        if (const auto given = formula::from_proto(attribute.value().quantity()))
          flow.bandwidth = given->value;
    }
    flows.push_back(std::move(flow));
  }
  return flows;
}

std::map<std::string, uint32_t> Levels::nodes_of(const std::string &name) const {
  std::map<std::string, uint32_t> counts;
  if (const proto::Workload *block = workload(name))
    for (const Replica *replica : replicas_(block))
      ++counts[replica->node];
  return counts;
}

bool Levels::is_whole(const std::string &name) const {
  const proto::Workload *block = workload(name);
  size_t all = block ? replicas_(block).size() : 0;
  for (uint32_t number = 0; block && number < block->replicas_min(); ++number)
    all += subject_.is_over(name, number);
  return block && all == block->replicas_min() && !subject_.is_over(*block);
}

Levels::Parts Levels::parts(const Flow &flow, std::string &missing) {
  Parts parts;
  missing = delay(flow.from, flow.to).missing;
  if (!missing.empty())
    return parts;
  const auto sources = nodes_of(flow.from), sinks = nodes_of(flow.to);
  Rational::Int pairs = 0;
  for (const auto &[source, senders] : sources)
    for (const auto &[sink, receivers] : sinks)
      pairs += static_cast<Rational::Int>(senders) * receivers;
  for (const auto &[source, senders] : sources)
    for (const auto &[sink, receivers] : sinks)
      for (const Crossed &link : ways_.between(source, sink)->links) {
        const auto part = Rational::make(static_cast<Rational::Int>(senders) * receivers, pairs);
        const auto sum = part ? parts[link].plus(*part) : std::nullopt;
        if (sum)
          parts[link] = *sum;
        else
          missing = explain::beyond_numbers();
      }
  return parts;
}

const Levels::Parts &Levels::reserved() {
  if (reserved_)
    return *reserved_;
  reserved_.emplace();
  for (const Flow &flow : flows_) {
    if (!flow.bandwidth || !is_whole(flow.from) || !is_whole(flow.to))
      continue;
    std::string missing;
    for (const auto &[link, part] : parts(flow, missing)) {
      const auto load = part.times(*flow.bandwidth);
      const auto sum = load ? (*reserved_)[link].plus(*load) : std::nullopt;
      if (sum)
        (*reserved_)[link] = *sum;
    }
  }
  return *reserved_;
}

Predicted Levels::throughput(const Flow &flow) {
  if (!flow.bandwidth)
    return unknown(explain::fact_of("bandwidth", "flow", flow.block->labels(0)));
  std::string missing;
  const Parts own = parts(flow, missing);
  if (!missing.empty())
    return unknown(missing);
  std::optional<Rational> most;
  for (const auto &[crossed, part] : own) {
    const proto::Link &link = subject_.world.links[crossed.first];
    if (!link.has_bandwidth_bps())
      return unknown(explain::fact_of("bandwidth", "link", link.from() + " " + link.to()));
    // What would fill the link: its bandwidth without what the others take.
    const auto capacity = Rational::make(static_cast<Rational::Int>(link.bandwidth_bps()), 1);
    const auto mine = part.times(*flow.bandwidth);
    const auto without = mine ? reserved().at(crossed).minus(*mine) : std::nullopt;
    const auto room = capacity && without ? capacity->minus(*without) : std::nullopt;
    const auto fill = room ? room->over(part) : std::nullopt;
    if (!fill)
      return unknown(explain::beyond_numbers());
    if (!most || *fill < *most)
      most = fill;
  }
  if (!most)
    most = flow.bandwidth;
  return reserved_paths(rate(std::min(*flow.bandwidth, *most)), rate(most));
}

Predicted Levels::throughput(const WorkloadList &about) {
  std::optional<Rational> low(0), high(0);
  for (const proto::Workload *workload : about) {
    size_t count = 0;
    for (const Flow &flow : flows_) {
      if (flow.from != workload->name())
        continue;
      ++count;
      const Predicted one = throughput(flow);
      if (!one.low.has_quantity() || !one.high.has_quantity())
        return one;
      low = low ? low->plus(formula::from_proto(one.low.quantity())->value) : low;
      high = high ? high->plus(formula::from_proto(one.high.quantity())->value) : high;
    }
    if (count == 0)
      return unknown(explain::fact_of("a flow", "workload", workload->name()));
  }
  return reserved_paths(rate(low), rate(high));
}

void Levels::check_links(Faults &faults) {
  for (const Flow &flow : flows_) {
    if (!flow.bandwidth || !is_whole(flow.from) || !is_whole(flow.to))
      continue;
    std::string missing;
    for (const auto &[crossed, part] : parts(flow, missing)) {
      const proto::Link &link = subject_.world.links[crossed.first];
      if (missing.empty() && !link.has_bandwidth_bps())
        missing = explain::fact_of("bandwidth", "link", link.from() + " " + link.to());
    }
    if (!missing.empty())
      faults
          .at(diag::N0716,
              fmt::format(
                  "flow {} reserves bandwidth, and whether there is room for it is not known",
                  flow.block->labels(0)),
              flow.block->span())
          .notes.push_back({explain::detail_missing(missing), {}, {}});
  }
  for (const auto &[crossed, load] : reserved()) {
    const proto::Link &link = subject_.world.links[crossed.first];
    const auto capacity = Rational::make(static_cast<Rational::Int>(link.bandwidth_bps()), 1);
    if (link.has_bandwidth_bps() && (!capacity || load > *capacity))
      faults.add(diag::N0716,
                 fmt::format("flows reserve {} of the link between {} and {}, which has {}",
                             formula::to_string(rate(load)), link.from(), link.to(),
                             formula::to_string(rate(capacity))));
  }
}

} // namespace nemo::verify
