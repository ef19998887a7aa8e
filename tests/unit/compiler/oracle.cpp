#include "oracle.h"

#include <algorithm>
#include <functional>
#include <random>
#include <set>

namespace nemo::test {

using namespace placement;

stages::Restriction restriction(stages::Restriction::Kind kind, uint32_t block, uint32_t rule) {
  stages::Restriction result;
  result.set_kind(kind);
  result.set_block(block);
  result.set_rule(rule);
  return result;
}

Key key(const stages::Restriction &r) { return {r.kind(), r.block(), r.rule()}; }

bool Oracle::legal() const {
  for (size_t r = 0; r < at.size(); ++r) {
    if (at[r] < 0)
      continue;
    const size_t node = static_cast<size_t>(at[r]);
    const Need &need = problem.needs[problem.replicas[r].need];
    for (const Clause &clause : need.clauses)
      if (holds(clause.restriction) && problem.sets[clause.excluded].test(node))
        return false;
    if (const auto &pin = problem.replicas[r].pinned;
        pin && holds(pin->restriction) && problem.sets[pin->excluded].test(node))
      return false;
    for (const Clause &clause : problem.replicas[r].barred)
      if (holds(clause.restriction) && problem.sets[clause.excluded].test(node))
        return false;
    if (need.spread != Spread::none && need.count > 1 && holds(need.spreading)) {
      const auto &domain = problem.domain[static_cast<size_t>(need.spread)];
      if (domain[node] == unknown_domain)
        return false;
      uint32_t placed = 0;
      std::set<uint32_t> domains;
      for (uint32_t o = need.first; o < need.first + need.count; ++o)
        if (at[o] >= 0) {
          ++placed;
          domains.insert(domain[static_cast<size_t>(at[o])]);
        }
      if (placed - domains.size() > need.repeats)
        return false;
    }
    if (need.exclusive && holds(need.alone))
      for (size_t o = 0; o < at.size(); ++o)
        if (at[o] == at[r] && problem.replicas[o].need != problem.replicas[r].need)
          return false;
    if (!need.ports.empty() && holds(need.port))
      for (uint16_t port : need.ports) {
        for (uint16_t taken : problem.taken_ports[node])
          if (taken == port)
            return false;
        for (size_t o = 0; o < at.size(); ++o) {
          const Need &other = problem.needs[problem.replicas[o].need];
          if (o != r && at[o] == at[r] && holds(other.port) &&
              std::count(other.ports.begin(), other.ports.end(), port))
            return false;
        }
      }
  }
  for (size_t node = 0; node < problem.nodes; ++node)
    for (size_t resource = 0; resource < problem.room.size(); ++resource) {
      int64_t used = 0;
      bool any = false;
      for (size_t r = 0; r < at.size(); ++r)
        if (at[r] == static_cast<int>(node)) {
          const Need &need = problem.needs[problem.replicas[r].need];
          if (holds(need.resources)) {
            used += need.demand[resource];
            any |= need.demand[resource] > 0;
          }
        }
      if (any && used > problem.room[resource][node])
        return false;
    }
  return true;
}

bool Oracle::keeps_bonds() const {
  auto spots = [&](uint32_t n) {
    std::vector<size_t> list;
    for (size_t r = 0; r < at.size(); ++r)
      if (at[r] >= 0 &&
          (problem.replicas[r].need == n || problem.needs[problem.replicas[r].need].part_of == n))
        list.push_back(static_cast<size_t>(at[r]));
    return list;
  };
  auto left = [&](uint32_t n) {
    std::vector<size_t> list;
    for (const Bystander &bystander : problem.bystanders)
      if (bystander.need == n)
        list.push_back(index(bystander.node));
    return list;
  };
  auto decided = [&](uint32_t n) {
    return std::any_of(problem.needs.begin(), problem.needs.end(), [&](const Need &need) {
      return need.count > 0 && (&need == &problem.needs[n] || need.part_of == n);
    });
  };
  for (const Bond &bond : problem.bonds) {
    if (!holds(bond.restriction) || (who && !(who->count(bond.need) && who->count(bond.to))))
      continue;
    const std::vector<size_t> placed = spots(bond.to);
    std::vector<size_t> there = left(bond.to);
    there.insert(there.end(), placed.begin(), placed.end());
    auto near = [&](size_t from, const std::vector<size_t> &others) {
      return std::any_of(others.begin(), others.end(), [&](size_t to) {
        const auto &domain = problem.domain[static_cast<size_t>(bond.within)];
        return bond.reach == UINT32_MAX ? domain[from] == domain[to]
                                        : problem.reaches[bond.reach].to[from].test(to);
      });
    };
    for (size_t from : spots(bond.need))
      if (near(from, there) == bond.apart)
        return false;
    // Of two that both stay where they are nothing is asked.
    for (size_t from : left(bond.need)) {
      if (bond.apart ? near(from, placed) : decided(bond.to) && !near(from, there))
        return false;
    }
  }
  return true;
}

bool Oracle::feasible() {
  at.assign(problem.replicas.size(), -1);
  std::function<bool(size_t)> descend = [&](size_t r) {
    if (r == at.size())
      return keeps_bonds();
    if (who && !who->count(problem.replicas[r].need))
      return descend(r + 1);
    for (size_t node = 0; node < problem.nodes; ++node) {
      at[r] = static_cast<int>(node);
      if (legal() && descend(r + 1))
        return true;
    }
    at[r] = -1;
    return false;
  };
  return descend(0);
}

std::optional<int64_t> Oracle::optimum() {
  at.assign(problem.replicas.size(), -1);
  std::optional<int64_t> least;
  std::function<void(size_t, int64_t)> descend = [&](size_t r, int64_t sum) {
    if (r == at.size()) {
      if (keeps_bonds()) {
        sum += awake(problem, std::set<size_t>(at.begin(), at.end()));
        least = std::min(least.value_or(sum), sum);
      }
      return;
    }
    for (size_t node = 0; node < problem.nodes; ++node) {
      at[r] = static_cast<int>(node);
      if (legal())
        descend(r + 1, sum + cost(problem, problem.needs[problem.replicas[r].need], node));
    }
    at[r] = -1;
  };
  descend(0, 0);
  return least;
}

Problem random_problem(uint32_t seed) {
  std::mt19937 random(seed), apart(~seed);
  auto pick = [&](int low, int high) {
    return low + static_cast<int>(random() % static_cast<uint32_t>(high - low + 1));
  };
  Problem problem;
  problem.nodes = static_cast<size_t>(pick(1, 4));
  problem.taken_ports.resize(problem.nodes);
  for (size_t node = 0; node < problem.nodes; ++node) {
    const bool alike = pick(0, 1);
    problem.room[0].push_back(alike ? 4 : pick(0, 6));
    problem.room[1].push_back(alike ? 4 : pick(2, 6));
    problem.room[2].push_back(pick(0, 4) == 0 ? -1 : 4);
    problem.room[3].push_back(-1);
    problem.room[4].push_back(most_room);
    for (size_t resource : {0, 1})
      problem.whole[resource].push_back(problem.room[resource].back());
    problem.domain[0].push_back(0);
    problem.domain[1].push_back(static_cast<uint32_t>(node));
    problem.domain[2].push_back(static_cast<uint32_t>(node / 2));
    problem.domain[3].push_back(pick(0, 5) == 0 ? unknown_domain : 0);
    problem.domain[4].push_back(0);
    problem.tie_rank.push_back(static_cast<uint32_t>(node));
    if (pick(0, 7) == 0)
      problem.taken_ports[node].push_back(80);
  }
  CostClass prices;
  for (size_t node = 0; node < problem.nodes; ++node) {
    prices.per_cpu.push_back(pick(1, 50) * 1e6);
    prices.per_share.push_back(pick(1, 50) * 1e6);
    prices.known.push_back(true);
  }
  problem.costs.push_back(std::move(prices));
  // A policy's rule may concern every workload, and take other nodes from each.
  const bool shared = pick(0, 1);
  const uint32_t needs = static_cast<uint32_t>(pick(1, 3));
  for (uint32_t n = 0; n < needs; ++n) {
    Need need;
    need.demand = {pick(0, 3), pick(0, 3), pick(0, 4) == 0 ? 2 : 0, 0, 512};
    need.resources = restriction(stages::Restriction::RESOURCES, n);
    if (pick(0, 2) == 0) {
      need.spread = static_cast<Spread>(pick(1, 3));
      need.spreading = restriction(stages::Restriction::SPREAD, n);
    }
    if (pick(0, 3) == 0) {
      need.ports.push_back(80);
      need.port = restriction(stages::Restriction::PORT, n);
    }
    if (pick(0, 5) == 0) {
      need.exclusive = true;
      need.alone = restriction(stages::Restriction::EXCLUSIVE, n);
    }
    need.first = static_cast<uint32_t>(problem.replicas.size());
    need.count = static_cast<uint32_t>(pick(1, 2));
    if (need.spread != Spread::none && pick(0, 2) == 0) {
      need.count = 3;
      need.repeats = static_cast<uint32_t>(pick(1, 2));
    }
    for (int rules = pick(0, 3); rules > 0; --rules) {
      NodeBits excluded(problem.nodes);
      for (size_t node = 0; node < problem.nodes; ++node)
        if (pick(0, 2) == 0)
          excluded.set(node);
      const bool policy = pick(0, 1);
      need.clauses.push_back(
          {restriction(policy ? stages::Restriction::POLICY : stages::Restriction::PLACE,
                       policy && shared ? 0 : n, static_cast<uint32_t>(rules)),
           static_cast<uint32_t>(problem.sets.size())});
      problem.sets.push_back(std::move(excluded));
    }
    for (uint32_t r = 0; r < need.count; ++r) {
      Replica replica;
      replica.need = n;
      if (pick(0, 2) == 0) {
        replica.home = NodeId(static_cast<uint32_t>(pick(0, static_cast<int>(problem.nodes) - 1)));
        if (pick(0, 2) == 0) {
          NodeBits elsewhere(problem.nodes, true);
          elsewhere.reset(index(replica.home));
          replica.pinned = Clause{restriction(stages::Restriction::VOLUME, n),
                                  static_cast<uint32_t>(problem.sets.size())};
          problem.sets.push_back(std::move(elsewhere));
        }
      }
      if (apart() % 64 == 0) {
        NodeBits excluded(problem.nodes);
        excluded.set(apart() % problem.nodes);
        replica.barred.push_back({restriction(stages::Restriction::CORDON, n),
                                  static_cast<uint32_t>(problem.sets.size())});
        problem.sets.push_back(std::move(excluded));
      }
      problem.replicas.push_back(std::move(replica));
    }
    problem.needs.push_back(std::move(need));
  }
  return problem;
}

std::set<Key> keys(const Problem &problem) {
  std::set<Key> all;
  for (const Need &need : problem.needs) {
    for (const Clause &clause : need.clauses)
      all.insert(key(clause.restriction));
    all.insert({key(need.spreading), key(need.port), key(need.alone), key(need.resources)});
  }
  for (const Replica &replica : problem.replicas) {
    if (replica.pinned)
      all.insert(key(replica.pinned->restriction));
    for (const Clause &clause : replica.barred)
      all.insert(key(clause.restriction));
  }
  for (const Bond &bond : problem.bonds)
    all.insert(key(bond.restriction));
  return all;
}

void add_bonds(Problem &problem, uint32_t seed) {
  std::mt19937 random(seed);
  auto pick = [&](size_t most) { return static_cast<uint32_t>(random() % (most + 1)); };
  const auto needs = static_cast<uint32_t>(problem.needs.size());
  for (uint32_t i = 0, count = 1 + pick(1); i < count; ++i) {
    Bond bond;
    bond.need = pick(needs - 1);
    bond.to = (bond.need + 1 + pick(needs - 2)) % needs;
    bond.within = static_cast<Spread>(1 + pick(2));
    bond.apart = pick(1) == 0;
    bond.restriction = restriction(stages::Restriction::AFFINITY, bond.need, i);
    if (pick(2) == 0) {
      bond.reach = static_cast<uint32_t>(problem.reaches.size());
      Reach reach;
      reach.to.assign(problem.nodes, NodeBits(problem.nodes));
      for (size_t from = 0; from < problem.nodes; ++from)
        for (size_t to = 0; to < problem.nodes; ++to)
          if (from == to || pick(1) == 0)
            reach.to[from].set(to);
      problem.reaches.push_back(std::move(reach));
    } else {
      NodeBits unknown(problem.nodes);
      for (size_t node = 0; node < problem.nodes; ++node)
        if (problem.domain[static_cast<size_t>(bond.within)][node] == unknown_domain)
          unknown.set(node);
      for (uint32_t need : {bond.need, bond.to})
        if (need == bond.need || bond.apart)
          problem.needs[need].clauses.push_back(
              {bond.restriction, static_cast<uint32_t>(problem.sets.size())});
      problem.sets.push_back(std::move(unknown));
    }
    for (uint32_t need : {bond.need, bond.to})
      if (pick(4) == 0)
        problem.bystanders.push_back({need, NodeId(pick(problem.nodes - 1))});
    problem.bonds.push_back(std::move(bond));
  }
}

Problem alike(size_t count, int64_t room) {
  Problem problem;
  problem.nodes = count;
  problem.taken_ports.resize(count);
  CostClass prices;
  for (size_t node = 0; node < count; ++node) {
    for (size_t resource = 0; resource < resource_count; ++resource)
      problem.room[resource].push_back(resource == 0 ? room : most_room);
    for (size_t resource : {0, 1})
      problem.whole[resource].push_back(problem.room[resource].back());
    for (size_t domain = 0; domain < 5; ++domain)
      problem.domain[domain].push_back(domain == 1 ? static_cast<uint32_t>(node) : 0);
    problem.tie_rank.push_back(static_cast<uint32_t>(node));
    prices.per_cpu.push_back(1e6);
    prices.per_share.push_back(1e6);
    prices.known.push_back(true);
  }
  problem.costs.push_back(std::move(prices));
  return problem;
}

void add(Problem &problem, int64_t millicores, uint32_t replicas) {
  Need need;
  const uint32_t n = static_cast<uint32_t>(problem.needs.size());
  need.demand[0] = millicores;
  need.resources = restriction(stages::Restriction::RESOURCES, n);
  need.first = static_cast<uint32_t>(problem.replicas.size());
  need.count = replicas;
  for (uint32_t r = 0; r < replicas; ++r)
    problem.replicas.push_back({n, nowhere, std::nullopt});
  problem.needs.push_back(std::move(need));
}

} // namespace nemo::test
