// Latency: what the network takes between the replicas' nodes, and what they take themselves.
#include "compiler/explain/texts.h"
#include "compiler/plan/assemble/services.h"
#include "compiler/predict/rounding.h"
#include "compiler/resolve/supply.h"

namespace nemo::compiler {

namespace {

constexpr size_t most_pairs = 4'000'000; ///< of nodes, for one flow

Prediction bounded(const std::string &model, const proto::Value &low, const proto::Value &high) {
  Prediction result;
  result.model = model;
  result.bounded = true;
  result.low = low;
  result.high = high;
  return result;
}

proto::Value seconds(double value, predict::Towards towards) {
  return measure(predict::four_digits(value, towards), "s", "ms");
}

/// Share of the time that a replica's places are busy, exact.
std::optional<Rational> busy(const proto::Load &load, size_t replicas) {
  const auto work = Rational(static_cast<int64_t>(load.rate_urps()))
                        .times(Rational(static_cast<int64_t>(load.service_time_ns())));
  const auto places =
      Rational::make(static_cast<Rational::Int>(load.concurrency()) *
                         static_cast<Rational::Int>(replicas) * 1'000'000'000'000'000,
                     1);
  return work && places ? work->over(*places) : std::nullopt;
}

} // namespace

Services::Sleep Services::sleep(size_t workload) const {
  Sleep sleep;
  sleep.awake_ppb = always;
  for (const auto &[node, unused] : counted_nodes(placed_on_[workload])) {
    const proto::Node &host = *nodes_[node].node;
    const uint64_t awake = awake_ppb(host);
    if (awake == always)
      continue;
    if (!host.has_duty_period_ms() && sleep.missing.empty())
      sleep.missing = explain::fact_of("duty-period", "node", host.name());
    sleep.awake_ppb = std::min(sleep.awake_ppb, awake);
    const auto rest = static_cast<unsigned __int128>(always - awake) * host.duty_period_ms();
    sleep.rest_ns = std::max(sleep.rest_ns, static_cast<uint64_t>(std::min<unsigned __int128>(
                                                (rest + 999) / 1000, INT64_MAX / 4)));
  }
  return sleep;
}

Services::Delay Services::between(size_t from, size_t to) {
  Delay delay;
  delay.low_ns = UINT64_MAX;
  const auto sources = counted_nodes(placed_on_[from]), sinks = counted_nodes(placed_on_[to]);
  if (sources.empty() || sinks.empty()) {
    delay.missing =
        explain::fact_of("a replica", "workload",
                         intent_.workloads(static_cast<int>(sources.empty() ? from : to)).name());
    return delay;
  }
  if (sources.size() * sinks.size() > most_pairs) {
    delay.missing = explain::too_many_pairs(intent_.workloads(static_cast<int>(from)).name(),
                                            intent_.workloads(static_cast<int>(to)).name());
    return delay;
  }
  for (const auto &[source, unused] : sources)
    for (const auto &[sink, also_unused] : sinks) {
      const auto route = ways_.route(source, sink);
      if (!route) {
        delay.missing =
            explain::latency_between(nodes_[source].node->name(), nodes_[sink].node->name());
        return delay;
      }
      delay.low_ns = std::min(delay.low_ns, route->latency_ns);
      delay.high_ns = std::max(delay.high_ns, route->latency_ns);
    }
  return delay;
}

std::vector<predict::Service> Services::stations(const std::vector<size_t> &reached,
                                                 std::string &missing, std::string &unbounded) {
  constexpr double second = 1e9, there_and_back = 2;
  std::vector<predict::Service> services(needs_.size());
  for (const size_t w : reached) {
    const proto::Workload &workload = intent_.workloads(static_cast<int>(w));
    const proto::Load &load = workload.load();
    const size_t replicas = placed_on_[w].size();
    if (!workload.has_load())
      missing = explain::fact_of("load", "workload", workload.name());
    else if (replicas == 0)
      missing = explain::fact_of("a replica", "workload", workload.name());
    if (!missing.empty())
      return {};
    const Sleep sleep = this->sleep(w);
    missing = sleep.missing;
    if (!missing.empty())
      return {};
    auto share = busy(load, replicas);
    if (share && sleep.awake_ppb < always)
      if (const auto awake = Rational::make(static_cast<Rational::Int>(sleep.awake_ppb), always))
        share = share->over(*awake);
    services[w].awake = static_cast<double>(sleep.awake_ppb) / 1e9;
    services[w].rest = static_cast<double>(sleep.rest_ns) / second;
    if (unbounded.empty() && (!share || *share >= Rational(1)))
      unbounded = explain::overloaded(workload.name(), share);
    services[w].station = {
        static_cast<double>(load.rate_urps()) / 1e6 / static_cast<double>(replicas),
        static_cast<double>(load.service_time_ns()) / second, load.concurrency()};
    for (const size_t next : needs_[w]) {
      const Delay delay = between(w, next);
      missing = delay.missing;
      if (!missing.empty())
        return {};
      services[w].calls.push_back({next,
                                   there_and_back * static_cast<double>(delay.low_ns) / second,
                                   there_and_back * static_cast<double>(delay.high_ns) / second +
                                       services[w].rest}); // it may sleep when the answer comes
    }
  }
  return services;
}

Prediction Services::latency(const std::vector<size_t> &workloads, double tail) {
  const std::string model = explain::latency_model().name();
  std::string missing, unbounded;
  const auto services = stations(needed_by(workloads), missing, unbounded);
  if (workloads.empty())
    missing = "a workload";
  if (!missing.empty())
    return Prediction::unknown(model, missing);
  predict::Bounds slowest;
  bool exact = true;
  for (const size_t w : workloads) {
    const auto order = predict::call_order(services, w);
    if (!order)
      return Prediction::unknown(
          model, explain::calls_in_circle(intent_.workloads(static_cast<int>(w)).name()));
    if (!unbounded.empty())
      continue;
    const predict::Bounds time = predict::response_time(services, *order, tail);
    slowest.low = std::max(slowest.low, time.low);
    slowest.high = std::max(slowest.high, time.high);
    exact &= order->size() == 1 && services[w].rest == 0;
  }
  if (!unbounded.empty()) {
    Prediction result = Prediction::unknown(model, unbounded);
    result.unbounded = unbounded;
    return result;
  }
  const proto::Value high = seconds(slowest.high, predict::Towards::infinity);
  return bounded(model, exact ? high : seconds(slowest.low, predict::Towards::zero), high);
}

Prediction Services::latency(const Flow &flow) {
  const std::string model = explain::flow_latency_model().name();
  const Delay delay = between(flow.from, flow.to);
  const Sleep sleep = this->sleep(flow.to);
  for (const std::string *missing : {&delay.missing, &sleep.missing})
    if (!missing->empty())
      return Prediction::unknown(model, *missing);
  auto time = [](uint64_t ns) {
    return measure(Rational::make(static_cast<Rational::Int>(ns), 1'000'000'000), "s", "ms");
  };
  return bounded(model, time(delay.low_ns), time(delay.high_ns + sleep.rest_ns));
}

} // namespace nemo::compiler
