// Response times: one replica as an M/M/c queue, and the calls between them.
#include "compiler/verify/levels.h"

#include <algorithm>
#include <cmath>

#include "compiler/explain/texts.h"

namespace nemo::verify {

namespace {

struct Queue {
  long double per_second = 0, service = 0;
  uint32_t places = 1;
  long double awake = 1, sleeps = 0; ///< share of the time; seconds
};

/// Erlang's C from its definition, term by term in logarithms.
long double must_wait(const Queue &queue) {
  const long double load = queue.per_second * queue.service;
  long double below = 0;
  const long double last =
      queue.places * std::log(load) - std::lgamma(static_cast<long double>(queue.places) + 1);
  for (uint32_t k = 0; k < queue.places; ++k)
    below += std::exp(k * std::log(load) - std::lgamma(static_cast<long double>(k) + 1) - last);
  const long double all = 1 / (1 - load / queue.places);
  return all / (below + all);
}

/// The time that a share `tail` of the requests stays longer than, in seconds.
long double stays(const Queue &queue, long double tail) {
  const long double spare = queue.places - queue.per_second * queue.service;
  const long double waiting = must_wait(queue);
  auto longer = [&](long double time) { // in service times
    const long double served = std::exp(-time), apart = spare - 1;
    if (std::fabs(apart) * time < 1e-9L)
      return served * (1 + waiting * time);
    return served + waiting * (served - std::exp(-spare * time)) / apart;
  };
  long double most = 1;
  while (longer(most) > tail)
    most *= 2;
  long double least = 0;
  for (int i = 0; i < 80; ++i) {
    const long double half = (least + most) / 2;
    (longer(half) > tail ? least : most) = half;
  }
  return most * queue.service;
}

std::optional<Rational> busy(const proto::Load &load, size_t replicas) {
  const auto work = Rational::make(static_cast<Rational::Int>(load.rate_urps()), 1000000);
  const auto each = Rational::make(static_cast<Rational::Int>(load.service_time_ns()), 1000000000);
  const auto places = Rational::make(static_cast<Rational::Int>(load.concurrency()) * replicas, 1);
  const auto in_all = work && each ? work->times(*each) : std::nullopt;
  return in_all && places ? in_all->over(*places) : std::nullopt;
}

} // namespace

Levels::Levels(const Case &subject, ReplicasOf replicas)
    : subject_(subject), replicas_(std::move(replicas)), ways_(subject.world) {
  for (const proto::Workload &workload : subject.intent.workloads())
    by_name_[workload.name()] = &workload;
  for (Flow &flow : flows_of(subject.intent))
    if (flow.block->labels_size() && workload(flow.from) && workload(flow.to)) {
      needs_[flow.from].insert(flow.to);
      flows_.push_back(std::move(flow));
    }
  for (const auto &[name, block] : by_name_)
    for (const std::string &other : block->after())
      if (workload(other))
        needs_[name].insert(other);
  for (auto &[name, needs] : needs_)
    std::erase_if(needs,
                  [&](const std::string &other) { return subject.is_over(*workload(other)); });
}

const proto::Workload *Levels::workload(const std::string &name) const {
  const auto found = by_name_.find(name);
  return found == by_name_.end() ? nullptr : found->second;
}

WorkloadList Levels::needed_by(const WorkloadList &workloads) const {
  std::set<std::string> names;
  std::vector<std::string> open;
  for (const proto::Workload *one : workloads)
    open.push_back(one->name());
  while (!open.empty()) {
    const std::string name = open.back();
    open.pop_back();
    const auto more = needs_.find(name);
    if (names.insert(name).second && more != needs_.end())
      open.insert(open.end(), more->second.begin(), more->second.end());
  }
  WorkloadList all;
  for (const std::string &name : names)
    all.push_back(workload(name));
  return all;
}

Levels::Delay Levels::delay(const std::string &from, const std::string &to) {
  const auto known = delays_.find({from, to});
  if (known != delays_.end())
    return known->second;
  Delay &delay = delays_[{from, to}];
  const auto sources = nodes_of(from), sinks = nodes_of(to);
  if (sources.empty() || sinks.empty()) {
    delay.missing = explain::fact_of("a replica", "workload", sources.empty() ? from : to);
    return delay;
  }
  if (sources.size() * sinks.size() > 4000000) {
    delay.missing = explain::too_many_pairs(from, to);
    return delay;
  }
  delay.least = UINT64_MAX;
  for (const auto &[source, senders] : sources)
    for (const auto &[sink, receivers] : sinks) {
      const std::optional<Way> &way = ways_.between(source, sink);
      if (!way) {
        delay.missing = explain::latency_between(source, sink);
        return delay;
      }
      delay.least = std::min(delay.least, way->latency_ns);
      delay.most = std::max(delay.most, way->latency_ns);
    }
  return delay;
}

Levels::Sleep Levels::sleep_of(const std::string &name) const {
  constexpr uint64_t always = 1000000000;
  Sleep sleep;
  for (const auto &[host, replicas] : nodes_of(name)) {
    const proto::Node &node = *subject_.world.at(host).node;
    if (!node.has_duty_ppb() || node.duty_ppb() >= always)
      continue;
    if (!node.has_duty_period_ms() && sleep.missing.empty())
      sleep.missing = explain::fact_of("duty-period", "node", host);
    sleep.awake = std::min(sleep.awake, node.duty_ppb());
    const auto asleep = Rational::make(static_cast<Rational::Int>(always - node.duty_ppb()) *
                                           static_cast<Rational::Int>(node.duty_period_ms()),
                                       1000);
    const auto whole = asleep ? asleep->ceil() : std::nullopt;
    const int64_t most = std::min<int64_t>(whole.value_or(INT64_MAX), INT64_MAX / 4);
    sleep.most = std::max(sleep.most, static_cast<uint64_t>(most));
  }
  return sleep;
}

Predicted Levels::response(const WorkloadList &about, long double tail) {
  Predicted figure;
  figure.model = explain::latency_model().name();
  std::string missing = about.empty() ? "a workload" : "";
  std::map<std::string, Queue> queues;
  for (const proto::Workload *workload : needed_by(about)) {
    const proto::Load &load = workload->load();
    const size_t replicas = replicas_(workload).size();
    if (missing.empty() && !workload->has_load())
      missing = explain::fact_of("load", "workload", workload->name());
    if (missing.empty() && replicas == 0)
      missing = explain::fact_of("a replica", "workload", workload->name());
    if (!missing.empty())
      break;
    const Sleep sleep = sleep_of(workload->name());
    if (missing.empty())
      missing = sleep.missing;
    auto share = busy(load, replicas);
    if (share && sleep.awake < 1000000000)
      share = share->over(*Rational::make(static_cast<Rational::Int>(sleep.awake), 1000000000));
    if ((!share || *share >= Rational(1)) && figure.unbounded.empty())
      figure.unbounded = explain::overloaded(workload->name(), share);
    queues[workload->name()] = {
        static_cast<long double>(load.rate_urps()) / 1e6L / static_cast<long double>(replicas),
        static_cast<long double>(load.service_time_ns()) / 1e9L, load.concurrency(),
        static_cast<long double>(sleep.awake) / 1e9L, static_cast<long double>(sleep.most) / 1e9L};
    for (const std::string &next : needs_[workload->name()])
      if (missing.empty())
        missing = delay(workload->name(), next).missing;
  }
  long double low = 0, high = 0;
  bool alone = true;
  for (const proto::Workload *workload : about) {
    if (!missing.empty())
      break;
    const auto order = callers_first(workload->name());
    if (order.empty())
      missing = explain::calls_in_circle(workload->name());
    if (order.empty() || !figure.unbounded.empty())
      continue;
    alone &= order.size() == 1 && queues[order[0]].sleeps == 0;
    // How often each is visited, from the top; the longest way on, from the bottom.
    std::map<std::string, long double> visits{{workload->name(), 1}};
    long double visited = 0, calls = 0, stations = 0;
    for (const std::string &name : order) {
      visited += visits[name];
      for (const std::string &next : needs_[name]) {
        visits[next] += visits[name];
        calls += visits[name] * (2 * static_cast<long double>(delay(name, next).most) / 1e9L +
                                 queues[name].sleeps);
      }
    }
    std::map<std::string, long double> fixed, best;
    for (size_t i = order.size(); i-- > 0;) {
      const std::string &name = order[i];
      const std::set<std::string> &all = needs_[name];
      for (const std::string &next : all)
        fixed[name] =
            std::max(fixed[name],
                     2 * static_cast<long double>(delay(name, next).least) / 1e9L + fixed[next]);
      best[name] = fixed[name] + stays(queues[name], tail);
      for (const std::string &next : all)
        best[name] = std::max(
            best[name], 2 * static_cast<long double>(delay(name, next).least) / 1e9L + best[next]);
      Queue busier = queues[name]; // while it is awake
      busier.per_second /= busier.awake;
      stations += visits[name] * (stays(busier, tail / visited) + busier.sleeps);
    }
    low = std::max(low, best[workload->name()]);
    high = std::max(high, calls + stations);
  }
  if (!missing.empty() || !figure.unbounded.empty()) {
    figure.low = figure.high = formula::unknown(missing.empty() ? figure.unbounded : missing);
    if (!missing.empty())
      figure.unbounded.clear();
    return figure;
  }
  auto time = [](long double seconds, bool up) {
    const auto digits = four_digits(seconds, up);
    return digits ? formula::quantity({*digits, *formula::Dimension::parse("s"), "ms"})
                  : formula::unknown("a figure that does not fit 128 bits");
  };
  figure.bounded = true;
  figure.high = time(high, true);
  figure.low = alone ? figure.high : time(low, false);
  return figure;
}

/// Each service before those that it calls; empty where calls go in a circle.
std::vector<std::string> Levels::callers_first(const std::string &start) {
  std::map<std::string, size_t> callers{{start, 0}};
  std::vector<std::string> open = {start};
  std::set<std::string> seen = {start};
  while (!open.empty()) {
    const std::string name = open.back();
    open.pop_back();
    for (const std::string &next : needs_[name]) {
      ++callers[next];
      if (seen.insert(next).second)
        open.push_back(next);
    }
  }
  std::vector<std::string> order;
  if (callers[start] == 0)
    open.push_back(start);
  while (!open.empty()) {
    order.push_back(open.back());
    open.pop_back();
    for (const std::string &next : needs_[order.back()])
      if (--callers[next] == 0)
        open.push_back(next);
  }
  return order.size() == callers.size() ? order : std::vector<std::string>();
}

Predicted Levels::network_delay(const Flow &flow) {
  Predicted figure;
  figure.model = explain::flow_latency_model().name();
  Delay found = delay(flow.from, flow.to);
  const Sleep sleep = sleep_of(flow.to);
  if (found.missing.empty())
    found.missing = sleep.missing;
  auto time = [&](uint64_t ns) {
    if (!found.missing.empty())
      return formula::unknown(found.missing);
    return formula::quantity({*Rational::make(static_cast<Rational::Int>(ns), 1000000000),
                              *formula::Dimension::parse("s"), "ms"});
  };
  figure.bounded = found.missing.empty();
  figure.low = time(found.least);
  figure.high = time(found.most + sleep.most);
  return figure;
}

} // namespace nemo::verify
