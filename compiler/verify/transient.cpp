// Old and new beside each other. Which new instances may stand on a node together, and which old
// ones have gone by then, follows from what each new one waits for. The fullest that it can get is
// a largest closure: a new instance adds what it needs and takes along the old ones that it waits
// for, which free what they held. By Picard (Management Science 22, 1976) that is a minimum cut.
#include "compiler/verify/changes.h"
#include "compiler/verify/overcommit.h"
#include "compiler/verify/rooms.h"
#include "compiler/verify/sharing.h"

#include <algorithm>
#include <array>
#include <deque>
#include <utility>

#include <fmt/format.h>

namespace nemo::verify {

namespace {

/// What comes to a node and what leaves it.
struct Traffic {
  Row stays;
  std::vector<Row> leaving, arriving;
  std::vector<Burst> staying_use, leaving_use, arriving_use; ///< of the processor
  std::vector<std::set<size_t>> awaits;                      ///< by arriving one: leaving ones
};

/// How much fuller than at the start it can get, by what each arriving one needs and each leaving
/// one makes room for.
Amount most_added(const Traffic &traffic, std::vector<Amount> need, std::vector<Amount> room) {
  // Flow from arriving ones to the leaving ones that they await: what is left over is added.
  std::map<std::pair<size_t, size_t>, Amount> flow; ///< by arriving, leaving one
  std::vector<std::vector<size_t>> users(room.size());
  for (size_t a = 0; a < need.size(); ++a)
    for (size_t l : traffic.awaits[a])
      users[l].push_back(a);
  while (true) {
    // Breadth first over what can still be passed on, also back along what flows.
    constexpr size_t none = SIZE_MAX;
    std::vector<size_t> from_arriving(room.size(), none), from_leaving(need.size(), none);
    std::vector<char> seen(need.size());
    std::deque<size_t> queue;
    for (size_t a = 0; a < need.size(); ++a)
      if (need[a] > 0) {
        seen[a] = 1;
        queue.push_back(a);
      }
    size_t end = none;
    while (!queue.empty() && end == none) {
      const size_t a = queue.front();
      queue.pop_front();
      for (size_t l : traffic.awaits[a]) {
        if (from_arriving[l] != none)
          continue;
        from_arriving[l] = a;
        if (room[l] > 0) {
          end = l;
          break;
        }
        for (size_t other : users[l])
          if (!seen[other] && flow[{other, l}] > 0) {
            seen[other] = 1;
            from_leaving[other] = l;
            queue.push_back(other);
          }
      }
    }
    if (end == none)
      break;
    Amount amount = room[end];
    for (size_t l = end;;) {
      const size_t a = from_arriving[l];
      if (from_leaving[a] == none) {
        amount = std::min(amount, need[a]);
        break;
      }
      amount = std::min(amount, flow[{a, from_leaving[a]}]);
      l = from_leaving[a];
    }
    room[end] -= amount;
    for (size_t l = end;;) {
      const size_t a = from_arriving[l];
      flow[{a, l}] += amount;
      if (from_leaving[a] == none) {
        need[a] -= amount;
        break;
      }
      flow[{a, from_leaving[a]}] -= amount;
      l = from_leaving[a];
    }
  }
  Amount added = 0;
  for (Amount left : need)
    added += left;
  return added;
}

Amount most_added(const Traffic &traffic, size_t resource) {
  std::vector<Amount> need, room;
  for (const Row &sizes : traffic.arriving)
    need.push_back(sizes.at(resource));
  for (const Row &sizes : traffic.leaving)
    room.push_back(sizes.at(resource));
  return most_added(traffic, std::move(need), std::move(room));
}

/// Whether at every step at which somebody arrives the chance that those who stand there want more
/// than it has is accepted. For one s the exponent is a sum over them, so that its most is another
/// largest closure; where what stands there at first is more than that s allows, each arriving one
/// is asked about.
bool bears(const proto::Node &node, const Traffic &traffic, uint64_t risk) {
  const double has = static_cast<double>(fed(node)) / 1000, enough = log_accepted(risk);
  constexpr double fine = 1e12;
  const auto amounts = [](const std::vector<Burst> &uses, double s) {
    std::vector<Amount> list;
    for (const Burst &use : uses)
      list.push_back(static_cast<Amount>(log_moment(use, s) / s * fine));
    return list;
  };
  const auto most = [&](double s, bool each) {
    const std::vector<Amount> need = amounts(traffic.arriving_use, s);
    const std::vector<Amount> room = amounts(traffic.leaving_use, s);
    Amount first = 0, most = 0;
    for (const auto *there : {&traffic.staying_use, &traffic.leaving_use})
      for (const Amount amount : amounts(*there, s))
        first += amount;
    if (!each)
      return first + most_added(traffic, need, room);
    for (size_t a = 0; a < need.size(); ++a) {
      std::vector<Amount> others = need, left = room;
      Amount with = first + std::exchange(others[a], 0);
      for (size_t l : traffic.awaits[a])
        with -= std::exchange(left[l], 0);
      most = std::max(most, with + most_added(traffic, std::move(others), std::move(left)));
    }
    return most;
  };
  for (const bool each : {false, true})
    if (least([&](double s) { return s * (static_cast<double>(most(s, each)) / fine - has); },
              enough) <= enough)
      return true;
  return false;
}

bool is_processor(size_t resource) {
  return resource == 0 ||
         (resource >= first_hour && resource < first_named && (resource - first_hour) % 2 == 0);
}

void check_node(const proto::Node &node, const Traffic &traffic, const Columns &columns,
                std::optional<uint64_t> risk, Faults &faults) {
  const auto has = capacities(node, columns);
  for (size_t i = 0; i < has.size(); ++i) {
    if (!has[i])
      continue;
    Amount before = traffic.stays.at(i), all = 0;
    for (const Row &sizes : traffic.leaving)
      before += sizes.at(i);
    for (const Row &sizes : traffic.arriving)
      all += sizes.at(i);
    if (before + all <= *has[i])
      continue;
    if (const Amount added = most_added(traffic, i);
        added > 0 && before + added > *has[i] &&
        !(risk && is_processor(i) && bears(node, traffic, *risk)))
      faults.add(diag::N0718,
                 fmt::format("this order lets {} hold more than its {} of {} before what makes "
                             "room has gone",
                             node.name(), *has[i], row_name(i, columns)));
  }
}

} // namespace

void check_transient_room(const Case &subject, const Difference &difference, Faults &faults) {
  using Unit = std::pair<std::string, uint32_t>;
  std::map<std::string, Traffic> nodes;
  std::map<std::tuple<std::string, uint32_t, std::string, std::string>, size_t> place_of_old;
  std::set<Unit> starting;
  for (const Step &step : difference.steps)
    if (step.desired && !step.runs) {
      const Replica &replica = subject.replicas[*step.desired];
      starting.emplace(replica.workload->name(), replica.number);
    }
  Columns columns{false, named_devices(subject.intent)};
  for (const proto::Part &part : subject.plan.parts())
    for (const proto::Instance &instance : part.instances())
      columns.hourly |= !instance.spec().resources().hours().empty();
  for (const Leaving &old : difference.leaving)
    columns.hourly |= old.there->spec && !old.there->spec->resources().hours().empty();
  std::map<Unit, Span> runs; // of jobs that share room in time
  if (shares_in_time(subject)) {
    const Runs told(subject);
    std::vector<Span> all;
    for (const Replica &replica : subject.replicas)
      if (const auto run = told.takes_room(replica)) {
        runs.emplace(Unit{replica.workload->name(), replica.number}, *run);
        all.push_back(*run);
      }
    bool by_hour = columns.hourly;
    for (const auto &[node, spec] : specs_of_others(subject))
      by_hour |= !spec->resources().hours().empty();
    columns.moments = fullest(subject.plan.facts().at(), all, by_hour);
    columns.hourly = true;
  }
  const auto run_of = [&](const proto::Instance &instance) {
    const auto run = runs.find({instance.workload(), instance.replica()});
    return run == runs.end() ? std::nullopt : std::optional(run->second);
  };
  std::map<Unit, const proto::Spec *> successors;
  for (const proto::Part &part : subject.plan.parts())
    for (const proto::Instance &instance : part.instances())
      if (!instance.retiring())
        successors[{instance.workload(), instance.replica()}] = &instance.spec();
  for (const Leaving &old : difference.leaving) {
    if (!old.reachable || old.there->over)
      continue;
    const There &there = *old.there;
    const auto next = successors.find({there.workload, there.replica});
    const proto::Spec *spec = there.spec                 ? there.spec
                              : next == successors.end() ? nullptr
                                                         : next->second;
    std::vector<Row> &leaving = nodes[there.node].leaving;
    place_of_old[{there.workload, there.replica, there.revision, there.node}] = leaving.size();
    // The devices of what follows it are those of another node, perhaps.
    leaving.push_back(spec ? Row(*spec, /*gpus=*/there.spec != nullptr, columns) : Row());
    nodes[there.node].leaving_use.push_back(spec ? burst_of(spec->resources()) : Burst());
  }
  for (const auto &[node, spec] : specs_of_others(subject)) {
    nodes[node].stays += Row(*spec, true, columns);
    nodes[node].staying_use.push_back(at_peak(spec->resources()));
  }
  for (const proto::Part &part : subject.plan.parts())
    for (const proto::Instance &instance : part.instances()) {
      if (instance.retiring() || !subject.takes(instance.workload(), instance.replica()) ||
          subject.is_over(instance.workload(), instance.replica()))
        continue;
      Traffic &traffic = nodes[part.node()];
      if (!starting.count({instance.workload(), instance.replica()})) {
        traffic.stays += Row(instance.spec(), true, columns, run_of(instance));
        traffic.staying_use.push_back(burst_of(instance.spec().resources()));
        continue;
      }
      std::set<size_t> &awaits = traffic.awaits.emplace_back();
      traffic.arriving.emplace_back(instance.spec(), true, columns, run_of(instance));
      traffic.arriving_use.push_back(burst_of(instance.spec().resources()));
      for (const proto::Gate &gate : instance.start_after())
        if (gate.kind() == proto::Gate::STOPPED && gate.node() == part.node())
          if (const auto old = place_of_old.find(
                  {gate.workload(), gate.replica(), gate.revision(), gate.node()});
              old != place_of_old.end())
            awaits.insert(old->second);
    }
  const std::optional<uint64_t> risk = accepted_risk(subject.intent);
  for (const auto &[name, traffic] : nodes)
    if (const auto node = subject.world.nodes.find(name); node != subject.world.nodes.end())
      check_node(node->second, traffic, columns, risk, faults);
}

} // namespace nemo::verify
