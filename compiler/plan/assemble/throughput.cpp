// What flows reserve on the links that they go, and what is left of these. Traffic between two
// workloads is taken to be spread evenly over the pairs of their replicas, and each way of a link
// to have the whole bandwidth.
#include <fmt/format.h>

#include "compiler/explain/texts.h"
#include "compiler/plan/assemble/services.h"
#include "compiler/resolve/report.h"

namespace nemo::compiler {

namespace {

constexpr const char *data_rate = "bit s^-1", *megabits = "Mbit/s";

std::optional<Rational> product(const std::optional<Rational> &a,
                                const std::optional<Rational> &b) {
  return a && b ? a->times(*b) : std::nullopt;
}

/// Adds to a sum; false when it does not fit.
template <typename Key>
bool add(std::map<Key, Rational> &sums, const Key &key, const std::optional<Rational> &part) {
  const auto sum = part ? sums[key].plus(*part) : std::nullopt;
  if (sum)
    sums[key] = *sum;
  return sum.has_value();
}

std::optional<Rational> bandwidth(const proto::Link &link) {
  if (!link.has_bandwidth_bps())
    return std::nullopt;
  return Rational::make(static_cast<Rational::Int>(link.bandwidth_bps()), 1);
}

} // namespace

bool Services::whole(size_t workload) const {
  const size_t planned = placed_on_[workload].size();
  return (planned > 0 || finished_[workload] == 0) &&
         planned + finished_[workload] ==
             intent_.workloads(static_cast<int>(workload)).replicas_min();
}

std::string Services::link_name(int link) const {
  return world_.links(link).from() + " " + world_.links(link).to();
}

Services::Share Services::share(const Flow &flow) {
  Share share;
  share.missing =
      between(flow.from, flow.to).missing; // also that there are replicas, and not too many
  if (!share.missing.empty())
    return share;
  const auto pairs = static_cast<Rational::Int>(placed_on_[flow.from].size()) *
                     static_cast<Rational::Int>(placed_on_[flow.to].size());
  for (const auto &[source, senders] : counted_nodes(placed_on_[flow.from]))
    for (const auto &[sink, receivers] : counted_nodes(placed_on_[flow.to])) {
      const auto part = Rational::make(static_cast<Rational::Int>(senders) * receivers, pairs);
      const std::optional<predict::Route> route = ways_.route(source, sink);
      for (const predict::Crossing &crossing : route->crossings) // there is one: see `between`
        if (!add(share.of_link, ways_.link(crossing), part))
          share.missing = explain::beyond_numbers();
    }
  return share;
}

const std::map<Services::Link, Rational> &Services::reserved() {
  if (reserved_)
    return *reserved_;
  reserved_.emplace();
  for (const Flow &flow : flows_)
    if (flow.bandwidth && whole(flow.from) && whole(flow.to))
      for (const auto &[link, part] : share(flow).of_link)
        if (!add(*reserved_, link, product(flow.bandwidth, part)))
          unsummed_ = explain::beyond_numbers();
  return *reserved_;
}

Prediction Services::throughput(const Flow &flow) {
  const std::string model = explain::throughput_model().name();
  if (!flow.bandwidth)
    return Prediction::unknown(model, explain::fact_of("bandwidth", "flow", flow.name()));
  const Share own = share(flow);
  if (!own.missing.empty())
    return Prediction::unknown(model, own.missing);
  std::optional<Rational> most;
  for (const auto &[link, part] : own.of_link) {
    const auto capacity = bandwidth(world_.links(link.first));
    if (!capacity)
      return Prediction::unknown(model,
                                 explain::fact_of("bandwidth", "link", link_name(link.first)));
    const auto mine = product(flow.bandwidth, part);
    const auto others = mine ? reserved().at(link).minus(*mine) : std::nullopt;
    const auto left = others ? capacity->minus(*others) : std::nullopt;
    const auto possible = left ? left->over(part) : std::nullopt;
    if (!possible || !unsummed_.empty())
      return Prediction::unknown(model, explain::beyond_numbers());
    if (!most || *possible < *most)
      most = possible;
  }
  const bool fits = !most || *flow.bandwidth <= *most;
  Prediction result =
      Prediction::exact(model, measure(fits ? flow.bandwidth : most, data_rate, megabits));
  result.bounded = true;
  if (most)
    result.high = measure(most, data_rate, megabits);
  return result;
}

Prediction Services::throughput(const std::vector<size_t> &workloads) {
  const std::string model = explain::throughput_model().name();
  std::optional<Rational> low(0), high(0);
  for (const size_t w : workloads) {
    bool any = false;
    for (const Flow &flow : flows_) {
      if (flow.from != w)
        continue;
      any = true;
      const Prediction one = throughput(flow);
      const auto least = formula::from_proto(one.low.quantity());
      const auto most = formula::from_proto(one.high.quantity());
      if (!one.low.has_quantity() || !least || !most)
        return one;
      low = low ? low->plus(least->value) : std::nullopt;
      high = high ? high->plus(most->value) : std::nullopt;
    }
    if (!any)
      return Prediction::unknown(
          model,
          explain::fact_of("a flow", "workload", intent_.workloads(static_cast<int>(w)).name()));
  }
  Prediction result = Prediction::exact(model, measure(low, data_rate, megabits));
  result.bounded = true;
  result.high = measure(high, data_rate, megabits);
  return result;
}

std::vector<Diagnostic> Services::overloads() {
  std::vector<Diagnostic> found;
  auto amount = [](const std::optional<Rational> &value) {
    return formula::to_string(measure(value, data_rate, megabits));
  };
  std::map<Link, std::vector<const Flow *>> crossing;
  for (const Flow &flow : flows_) {
    if (!flow.bandwidth || !whole(flow.from) || !whole(flow.to))
      continue;
    const Share own = share(flow);
    std::string missing = own.missing;
    for (const auto &[link, part] : own.of_link) {
      crossing[link].push_back(&flow);
      if (missing.empty() && !world_.links(link.first).has_bandwidth_bps())
        missing = explain::fact_of("bandwidth", "link", link_name(link.first));
    }
    if (missing.empty())
      continue;
    Diagnostic fault =
        report(diag::N0607,
               fmt::format("flow {} reserves {}, and whether there is room for it is "
                           "not known",
                           flow.name(), amount(flow.bandwidth)),
               intent_, flow.object->span());
    fault.notes.push_back(note(explain::detail_missing(missing)));
    fault.fix = "say it in a `link` block or the fleet file, or leave `bandwidth` out";
    found.push_back(std::move(fault));
  }
  for (const auto &[link, load] : reserved()) {
    const auto capacity = bandwidth(world_.links(link.first));
    if (!capacity || (load <= *capacity && unsummed_.empty()))
      continue;
    const proto::Link &known = world_.links(link.first);
    Diagnostic fault =
        report(diag::N0606,
               fmt::format("the link from {} to {} has {}, and flows reserve {} of it",
                           link.second ? known.to() : known.from(),
                           link.second ? known.from() : known.to(), amount(capacity), amount(load)),
               intent_, crossing.at(link).front()->object->span());
    for (const Flow *flow : crossing.at(link))
      fault.notes.push_back(note(fmt::format("flow {}: {}", flow->name(), amount(flow->bandwidth)),
                                 intent_, flow->object->span()));
    fault.fix = "reserve less, place the ends of a flow nearer to each other, or add bandwidth";
    found.push_back(std::move(fault));
  }
  return found;
}

} // namespace nemo::compiler
