#include "compiler/placement/sends.h"

#include <array>
#include <map>

#include "compiler/placement/survive.h"

namespace nemo::placement {

namespace {

/// Who responds in a round. Were it always everybody, two that are to meet would change places.
enum class Side { receivers, senders, everybody };
constexpr std::array sides = {Side::receivers, Side::senders, Side::everybody, Side::receivers,
                              Side::senders};

bool responds(const compiler::Egress &egress, size_t workload, Side side) {
  return side == Side::receivers ? egress.receives(workload)
         : side == Side::senders ? egress.sends(workload)
                                 : egress.concerns(workload);
}

/// In 1e-9 of the objective per hour; what is not known counts nothing.
double total(const Problem &problem, const compiler::Objective &objective, compiler::Egress &egress,
             const Assignment &assignment) {
  const auto where = stands(problem, assignment);
  const auto paid = egress.paid(where);
  auto sum =
      static_cast<double>(awake(problem, hosts(assignment))) +
      static_cast<double>(uneven(problem, assignment)) * static_cast<double>(problem.even_price);
  for (size_t r = 0; r < where.size(); ++r) {
    const Need &need = problem.needs[where[r].workload];
    if (const int64_t own = cost(problem, need, where[r].node); own != unknown_cost)
      sum += static_cast<double>(own);
    if (paid[r])
      sum += objective.of(where[r].workload, where[r].node).cost.to_double() *
             paid[r]->to_double() * egress.hours(where[r].workload) * 3600e9;
  }
  return sum;
}

/// A cost class of its own for every workload that responds.
void add_prices(Problem &problem, const compiler::Objective &objective, compiler::Egress &egress,
                const Assignment &assignment, Side side) {
  const auto where = stands(problem, assignment);
  for (size_t w = 0; w < problem.needs.size(); ++w) {
    if (problem.needs[w].count == 0 || !responds(egress, w, side))
      continue;
    std::vector<double> added = egress.added(w, where);
    if (added.empty())
      continue;
    for (size_t node = 0; node < added.size(); ++node)
      added[node] *= objective.of(w, node).cost.to_double() * 3600e9;
    CostClass priced = problem.costs[problem.needs[w].cost_class];
    priced.flat = std::move(added);
    problem.needs[w].cost_class = static_cast<uint32_t>(problem.costs.size());
    problem.costs.push_back(std::move(priced));
  }
}

/// The other ends of flows stay where they are.
void hold_others(Problem &problem, const compiler::Egress &egress, const Assignment &assignment,
                 Side side) {
  std::map<size_t, uint32_t> only; // the set that leaves one node
  for (size_t r = 0; r < problem.replicas.size(); ++r) {
    Replica &replica = problem.replicas[r];
    if (!egress.concerns(replica.need) || responds(egress, replica.need, side) || replica.pinned)
      continue;
    const size_t node = index(assignment.node_of_replica[r]);
    const auto [set, fresh] = only.try_emplace(node, static_cast<uint32_t>(problem.sets.size()));
    if (fresh) {
      NodeBits excluded(problem.nodes, true);
      excluded.reset(node);
      problem.sets.push_back(std::move(excluded));
    }
    replica.pinned = Clause{{}, set->second};
  }
}

} // namespace

std::vector<compiler::Stand> stands(const Problem &problem, const Assignment &assignment) {
  std::vector<compiler::Stand> list;
  for (size_t r = 0; r < problem.replicas.size(); ++r)
    list.push_back(
        {problem.replicas[r].need, static_cast<uint32_t>(index(assignment.node_of_replica[r]))});
  return list;
}

llvm::Expected<Assignment> place_flows(const Problem &problem, const Budget &budget,
                                       const Hysteresis &hysteresis,
                                       const compiler::Objective &objective,
                                       compiler::Egress &egress, Assignment first) {
  Assignment best = std::move(first);
  double least = total(problem, objective, egress, best);
  for (const Side side : sides) {
    Problem priced = problem;
    add_prices(priced, objective, egress, best, side);
    hold_others(priced, egress, best, side);
    auto again = place_surviving(priced, budget, hysteresis, false);
    if (!again) {
      llvm::consumeError(again.takeError()); // who is held may be in the way of the others
      continue;
    }
    best.cut |= again->cut;
    if (const double sum = total(problem, objective, egress, *again); sum < least) {
      least = sum;
      best.node_of_replica = std::move(again->node_of_replica);
      best.devices_of_replica = std::move(again->devices_of_replica);
    }
  }
  return best;
}

} // namespace nemo::placement
