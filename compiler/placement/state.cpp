// Bookkeeping of a partial assignment.
#include "compiler/placement/state.h"

#include <algorithm>
#include <cmath>
#include <tuple>
#include <unordered_map>

namespace nemo::placement {

int64_t cost(const Problem &problem, const Need &need, size_t node) {
  const CostClass &prices = problem.costs[need.cost_class];
  if (!prices.known[node])
    return unknown_cost;
  auto share = [&](size_t resource) {
    int64_t part = need.mean ? (*need.mean)[resource] : need.demand[resource];
    int64_t whole = problem.whole[resource][node];
    return part == 0 ? 0.0 : static_cast<double>(part) / static_cast<double>(whole);
  };
  const double cpu = share(0);
  const double value = cpu * prices.per_cpu[node] +
                       std::max(cpu, share(1)) * prices.per_share[node] +
                       (prices.flat.empty() ? 0 : prices.flat[node]);
  constexpr double most = 1e17;
  const int64_t wished = prices.wishes.empty() ? 0 : prices.wishes[node] * 1000;
  return std::llround(std::clamp(value, -most, most)) + wished;
}

std::set<size_t> hosts(const Assignment &assignment) {
  std::set<size_t> nodes;
  for (const NodeId node : assignment.node_of_replica)
    nodes.insert(index(node));
  return nodes;
}

int64_t awake(const Problem &problem, const std::set<size_t> &nodes) {
  __int128 sum = 0;
  if (!problem.awake.empty())
    for (const size_t node : nodes)
      sum += problem.awake[node];
  return static_cast<int64_t>(std::min<__int128>(sum, unknown_cost));
}

std::vector<int64_t> processor_on(const Problem &problem, const Assignment &assignment,
                                  size_t except) {
  std::vector<int64_t> sums(problem.nodes);
  for (size_t r = 0; r < problem.replicas.size(); ++r)
    if (r != except) {
      int64_t &sum = sums[index(assignment.node_of_replica[r])];
      sum = std::min(sum + processor(problem.needs[problem.replicas[r].need]), most_room);
    }
  return sums;
}

int64_t uneven(const Problem &problem, const Assignment &assignment) {
  if (problem.even_price == 0)
    return 0;
  const std::vector<int64_t> sums = processor_on(problem, assignment);
  __int128 above = 0;
  for (size_t node = 0; node < problem.nodes; ++node)
    above += std::max<int64_t>(sums[node] - problem.even[node], 0);
  return static_cast<int64_t>(std::min<__int128>(above, most_room));
}

State::State(const Problem &problem)
    : problem_(&problem), room_(problem.room), node_of_(problem.replicas.size(), nowhere),
      on_node_(problem.nodes), ports_(problem.taken_ports), racks_(problem) {
  std::unordered_map<std::string, uint32_t> seen;
  shape_of_need_.reserve(problem.needs.size());
  for (const Need &need : problem.needs) {
    NodeBits allowed(problem.nodes, true);
    for (const Clause &clause : need.clauses)
      allowed.subtract(problem.sets[clause.excluded]);
    std::string key(reinterpret_cast<const char *>(need.demand.data()),
                    need.demand.size() * sizeof(int64_t));
    if (need.mean)
      key.append(reinterpret_cast<const char *>(need.mean->data()), sizeof(*need.mean));
    key += static_cast<char>(need.spread) + (least_domains(need) > 0 ? 'n' : '1');
    for (int64_t part : {int64_t{need.devices.count}, need.devices.share, need.devices.memory,
                         int64_t{need.devices.allowed}})
      key.append(reinterpret_cast<const char *>(&part), sizeof(part));
    for (uint16_t port : need.ports)
      key.append(reinterpret_cast<const char *>(&port), sizeof(port));
    key += '|';
    key.append(reinterpret_cast<const char *>(allowed.words().data()),
               allowed.words().size() * sizeof(uint64_t));
    auto [known, fresh] = seen.try_emplace(std::move(key), static_cast<uint32_t>(shapes_.size()));
    shape_of_need_.push_back(known->second);
    if (!fresh)
      continue;
    for (size_t resource = 0; resource < problem.room.size(); ++resource)
      if (need.demand[resource] > 0)
        for (size_t node = 0; node < problem.nodes; ++node)
          if (need.demand[resource] > problem.room[resource][node])
            allowed.reset(node);
    for (size_t node = 0; node < problem.peak_room.size(); ++node)
      if (need.demand[0] > problem.peak_room[node])
        allowed.reset(node);
    for (uint16_t port : need.ports)
      for (size_t node = 0; node < problem.nodes; ++node)
        if (std::find(ports_[node].begin(), ports_[node].end(), port) != ports_[node].end())
          allowed.reset(node);
    if (need.devices.count > 0)
      for (size_t node = 0; node < problem.nodes; ++node)
        if (!devices_alone(problem, need.devices, node))
          allowed.reset(node);
    if (least_domains(need) > 0)
      for (size_t node = 0; node < problem.nodes; ++node)
        if (problem.domain[static_cast<size_t>(need.spread)][node] == unknown_domain)
          allowed.reset(node);
    shapes_.push_back(std::move(allowed));
  }
}

const std::vector<State::Offer> &State::offers(size_t need) const {
  const Need &who = problem_->needs[need];
  auto [known, fresh] = offers_.try_emplace({shape_of_need_[need], who.cost_class, who.image});
  if (fresh) {
    allowed(need).for_each([&](size_t node) {
      known->second.push_back({cost(*problem_, who, node), static_cast<uint32_t>(node)});
    });
    std::sort(known->second.begin(), known->second.end(), [&](const Offer &a, const Offer &b) {
      const auto rank = [&](const Offer &one) {
        const bool lacks = who.image != UINT32_MAX && !problem_->holders[who.image].test(one.node);
        return std::make_tuple(one.cost, lacks, problem_->tie_rank[one.node]);
      };
      return rank(a) < rank(b);
    });
  }
  return known->second;
}

bool State::has_room(size_t n, size_t node) const {
  const Need &need = problem_->needs[n];
  for (size_t resource = 0; resource < room_.size(); ++resource)
    if (need.demand[resource] > 0 && need.demand[resource] > room_[resource][node])
      return false;
  return true;
}

bool State::may_share(size_t n, size_t node) const {
  // Those on a node are all of one exclusive need, or none of any.
  if (on_node_[node].empty())
    return true;
  const size_t other = problem_->replicas[on_node_[node].front()].need;
  return other == n || !(problem_->needs[other].exclusive || problem_->needs[n].exclusive);
}

bool State::ports_free(size_t n, size_t node) const {
  const std::vector<uint16_t> &ports = problem_->needs[n].ports;
  return std::none_of(ports.begin(), ports.end(), [&](uint16_t port) {
    return std::find(ports_[node].begin(), ports_[node].end(), port) != ports_[node].end();
  });
}

// Whoever is placed may be taken away again without breaking this, so that the number of those in
// a domain beside another is counted rather than that of domains.
bool State::is_spread(size_t replica, size_t node) const {
  const Need &need = problem_->needs[problem_->replicas[replica].need];
  if (least_domains(need) == 0)
    return true;
  const std::vector<uint32_t> &domain = problem_->domain[static_cast<size_t>(need.spread)];
  std::vector<uint32_t> taken = need.held_domains;
  for (uint32_t sibling = need.first; sibling < need.first + need.count; ++sibling)
    if (sibling != replica && node_of_[sibling] != nowhere) {
      taken.push_back(domain[index(node_of_[sibling])]);
      if (need.repeats == 0 && taken.back() == domain[node])
        return false;
    }
  if (need.repeats == 0)
    return true;
  taken.push_back(domain[node]);
  std::sort(taken.begin(), taken.end());
  const auto distinct = std::unique(taken.begin(), taken.end()) - taken.begin();
  return taken.size() - static_cast<size_t>(distinct) <= need.repeats;
}

void State::put(size_t replica, size_t node) {
  racks_.take(replica, node, on_node_[node]);
  settle(replica, node);
}

void State::put(size_t replica, size_t node, DeviceBits devices) {
  racks_.take(replica, node, on_node_[node], devices);
  settle(replica, node);
}

void State::keep_devices() {
  if (devices().empty())
    return;
  for (size_t node = 0; node < problem_->nodes; ++node)
    racks_.come_home(node, on_node_[node]);
}

void State::settle(size_t replica, size_t node) {
  const Need &need = problem_->needs[problem_->replicas[replica].need];
  for (size_t resource = 0; resource < room_.size(); ++resource)
    if (need.demand[resource] > 0)
      room_[resource][node] -= need.demand[resource];
  ports_[node].insert(ports_[node].end(), need.ports.begin(), need.ports.end());
  on_node_[node].push_back(static_cast<uint32_t>(replica));
  node_of_[replica] = NodeId(node);
}

void State::lift(size_t replica) {
  const size_t node = index(node_of_[replica]);
  racks_.free(replica, node);
  const Need &need = problem_->needs[problem_->replicas[replica].need];
  for (size_t resource = 0; resource < room_.size(); ++resource)
    if (need.demand[resource] > 0)
      room_[resource][node] += need.demand[resource];
  for (uint16_t port : need.ports)
    ports_[node].erase(std::find(ports_[node].begin(), ports_[node].end(), port));
  std::vector<uint32_t> &here = on_node_[node];
  here.erase(std::find(here.begin(), here.end(), static_cast<uint32_t>(replica)));
  node_of_[replica] = nowhere;
}

bool all_at_best(const State &state) {
  const Problem &problem = state.problem();
  for (size_t r = 0; r < problem.replicas.size(); ++r) {
    const size_t need = problem.replicas[r].need;
    if (cost(problem, problem.needs[need], index(state.node_of(r))) >
        state.offers(need).front().cost)
      return false;
  }
  // Else fewer nodes may cost less, or others.
  return problem.awake.empty() && problem.even_price == 0;
}

unsigned State::siblings_on(size_t need, size_t node) const {
  const Need &who = problem_->needs[need];
  unsigned count = 0;
  for (uint32_t sibling = who.first; sibling < who.first + who.count; ++sibling)
    count += node_of_[sibling] == NodeId(node);
  return count;
}

} // namespace nemo::placement
