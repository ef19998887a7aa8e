#include "compiler/predict/calls.h"

#include <algorithm>

namespace nemo::predict {

std::optional<std::vector<size_t>> call_order(llvm::ArrayRef<Service> services, size_t start) {
  enum class State : uint8_t { fresh, open, done };
  struct Step {
    size_t service, next;
  };
  std::vector<State> state(services.size());
  std::vector<size_t> order;
  std::vector<Step> way{{start, 0}}; // explicit: chains are as long as the text
  state[start] = State::open;
  while (!way.empty()) {
    Step &step = way.back();
    if (step.next == services[step.service].calls.size()) {
      state[step.service] = State::done;
      order.push_back(step.service);
      way.pop_back();
      continue;
    }
    const size_t next = services[step.service].calls[step.next++].to;
    if (state[next] == State::open)
      return std::nullopt;
    if (state[next] == State::fresh) {
      state[next] = State::open;
      way.push_back({next, 0});
    }
  }
  std::reverse(order.begin(), order.end());
  return order;
}

Bounds response_time(llvm::ArrayRef<Service> services, llvm::ArrayRef<size_t> order, double tail) {
  std::vector<double> visits(services.size()), before(services.size()), after(services.size());
  Bounds time;
  double all_visits = 0;
  visits[order.front()] = 1;
  for (const size_t service : order) { // callers come first
    all_visits += visits[service];
    for (const Call &call : services[service].calls) {
      visits[call.to] += visits[service];
      before[call.to] = std::max(before[call.to], before[service] + call.low);
      time.high += visits[service] * call.high;
    }
  }
  for (size_t i = order.size(); i-- > 0;) {
    const size_t service = order[i];
    for (const Call &call : services[service].calls)
      after[service] = std::max(after[service], call.low + after[call.to]);
    const Station &station = services[service].station;
    time.low = std::max(time.low, before[service] + quantile(station, tail) + after[service]);
    Station awake = station;
    awake.arrivals /= services[service].awake;
    time.high += visits[service] * (quantile(awake, tail / all_visits) + services[service].rest);
  }
  return time;
}

} // namespace nemo::predict
