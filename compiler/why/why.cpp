#include "compiler/why/why.h"

#include <algorithm>
#include <map>
#include <set>

#include <fmt/format.h>

#include "compiler/explain/texts.h"
#include "compiler/placement/report.h"
#include "compiler/placement/sends.h"
#include "compiler/policy/explain.h"
#include "compiler/resolve/report.h"
#include "compiler/resolve/selection.h"
#include "compiler/resolve/supply.h"
#include "compiler/why/scene.h"

namespace nemo::why {

using placement::State;

namespace {

constexpr std::array<const char *, placement::resource_count> resource_names = {
    "cpu", "memory", "disk", "gpu", "pids"};

/// "gw1 is drained: its disk fails, gw2 is cordoned"
std::string cordons(const Scene &scene, const compiler::NodeBits &nodes) {
  std::vector<std::string> list;
  nodes.for_each([&](size_t node) {
    const proto::Node &closed = *scene.nodes[node].node;
    list.push_back(closed.name() + " is " + explain::closed(closed.cordon()));
  });
  return compiler::enumerate(list);
}

std::vector<Removal> removals(const Scene &scene, const std::vector<Excluded> &excluded) {
  std::vector<Removal> result;
  for (const Excluded &one : excluded) {
    if (!one.nodes.any())
      continue;
    compiler::NodeBits alone = one.nodes;
    for (const Excluded &other : excluded)
      if (&other != &one)
        alone.subtract(other.nodes);
    const compiler::Described described = compiler::describe(scene.intent, one.restriction);
    std::string text = described.text;
    if (one.restriction.kind() == stages::Restriction::CORDON)
      text += ": " + cordons(scene, one.nodes);
    result.push_back({std::move(text), compiler::file_of(scene.intent, described.span),
                      compiler::range_of(described.span), one.nodes.count(), alone.count()});
  }
  std::stable_sort(result.begin(), result.end(),
                   [](const Removal &a, const Removal &b) { return a.nodes > b.nodes; });
  return result;
}

/// Everything that a node has too little of for the lifted replica, as name and sentence.
std::vector<std::pair<std::string, std::string>> lacking(const Scene &scene, const State &state,
                                                         size_t replica, size_t node) {
  const placement::Problem &problem = scene.problem;
  const placement::Need &need = problem.needs[problem.replicas[replica].need];
  const std::string &name = scene.nodes[node].node->name();
  std::vector<std::pair<std::string, std::string>> result;
  for (size_t resource = 0; resource < problem.room.size(); ++resource) {
    const int64_t asked = need.demand[resource];
    int64_t left = state.room(resource, node);
    if (resource == 0 && !problem.peak_room.empty())
      left = std::min(left, problem.peak_room[node]);
    if (asked <= 0 || asked <= left)
      continue;
    const size_t kind = placement::kind_of(problem, resource);
    const std::string needed =
        placement::amount(problem, resource, asked) + placement::when(problem, resource);
    const std::string what = kind == placement::named_device
                                 ? problem.device_names[resource - placement::first_named(problem)]
                                 : resource_names[kind];
    result.emplace_back(
        what,
        kind == 0 && problem.room[resource][node] < problem.whole[0][node] &&
                compiler::fed_millicores(*scene.nodes[node].node) <
                    scene.nodes[node].node->cpu_millicores()
            ? fmt::format("{} has power left for {} of {} needed", name,
                          placement::amount(problem, resource, std::max<int64_t>(left, 0)), needed)
        : problem.room[resource][node] < 0
            ? fmt::format("{}: its {} is unknown", name, what)
            : fmt::format("{} has {} left of {} needed", name,
                          placement::amount(problem, resource, std::max<int64_t>(left, 0)),
                          needed));
  }
  if (!state.is_spread(replica, node))
    result.emplace_back("spread", fmt::format("{} is where another replica is", name));
  if (result.empty() && !state.devices_fit(replica, node))
    result.emplace_back("gpu", fmt::format("{} has no such GPU left", name));
  if (result.empty()) // what is left of the one test
    result.emplace_back("port", fmt::format("{}: the port is taken there", name));
  return result;
}

class Teller {
public:
  Teller(const Scene &scene, size_t workload)
      : scene_(scene), egress_(scene.intent, scene.stages.resolved().world(), scene.nodes,
                               !compiler::is_selective(scene.stages.inputs())),
        ledger_(scene.intent, scene.nodes, scene.objective, scene.jobs, workload),
        movers_(scene, ledger_), state_(scene.placed(scene.problem)) {}

  bool replanned() const { return movers_.replanned(); }

  Story story(size_t replica) {
    const size_t here = scene_.node_of(replica);
    const placement::NodeId ran = scene_.problem.replicas[replica].home;
    const std::vector<Excluded> by_rules = excluded(scene_.problem, replica);
    const std::optional<size_t> home = scene_.home(state_, replica);
    ledger_.beside(others(replica));
    Story story;
    story.here = ledger_.offer(here, home);
    if (ran != placement::nowhere)
      story.runs_on = scene_.nodes[placement::index(ran)].node->name();
    story.removals = removals(scene_, by_rules);
    state_.lift(replica);
    const std::vector<Choice> others = choices(state_, ledger_, replica, here, home);
    if (!others.empty())
      story.runner_up = ledger_.offer(others.front().node, home);
    lacks(story, replica, here, home, by_rules);
    story.prices = movers_.prices(state_, replica, home);
    state_.put(replica, here);
    story.openings = movers_.openings(replica, by_rules);
    return story;
  }

private:
  Ledger::Others others(size_t replica) {
    const placement::Problem &problem = scene_.problem;
    const placement::Need &need = problem.needs[problem.replicas[replica].need];
    Ledger::Others others;
    for (size_t other = 0; other < problem.replicas.size(); ++other)
      if (other != replica)
        others.hosts.insert(scene_.node_of(other));
    if (problem.even_price != 0) {
      const std::vector<int64_t> loads =
          placement::processor_on(problem, scene_.assignment, replica);
      for (size_t node = 0; node < problem.nodes; ++node) {
        const int64_t above = std::max<int64_t>(loads[node] - problem.even[node], 0);
        const int64_t with = loads[node] + placement::processor(need) - problem.even[node];
        others.uneven.push_back((std::max<int64_t>(with, 0) - above) * problem.even_price);
      }
    }
    if (!egress_.none() && egress_.concerns(problem.replicas[replica].need))
      others.sent = egress_.added(problem.replicas[replica].need,
                                  placement::stands(problem, scene_.assignment));
    return others;
  }

  void lacks(Story &story, size_t replica, size_t here, std::optional<size_t> home,
             const std::vector<Excluded> &by_rules) {
    compiler::NodeBits left(scene_.problem.nodes, true);
    for (const Excluded &one : by_rules)
      left.subtract(one.nodes);
    const auto total = ledger_.total(here, home);
    left.for_each([&](size_t node) {
      if (node == here)
        return;
      if (state_.fits(replica, node)) {
        ++story.able;
        return;
      }
      const auto missing = lacking(scene_, state_, replica, node);
      for (const auto &[what, text] : missing) {
        auto known = std::find_if(story.lacks.begin(), story.lacks.end(),
                                  [&](const Lack &lack) { return lack.what == what; });
        if (known == story.lacks.end())
          story.lacks.push_back({what, 1, text});
        else
          ++known->nodes;
      }
      const auto there = ledger_.total(node, home);
      const auto saves = total && there ? total->minus(*there) : std::nullopt;
      if (saves && saves->sign() > 0 && (!story.blocked || story.blocked->saves.value < *saves))
        story.blocked =
            Blocked{scene_.nodes[node].node->name(), missing.front().second, ledger_.money(*saves)};
    });
  }

  const Scene &scene_;
  compiler::Egress egress_;
  Ledger ledger_;
  Movers movers_;
  State state_;
};

} // namespace

Explanation explain(const stages::Stages &stages, size_t workload,
                    std::optional<uint32_t> replica) {
  const Scene scene(stages);
  Explanation result;
  result.stack = scene.intent.stack();
  result.workload = scene.intent.workloads(static_cast<int>(workload)).name();
  result.objective = scene.objective.text;
  result.nodes = scene.nodes.size();
  Teller teller(scene, workload);
  const placement::Need &need = scene.problem.needs[workload];
  std::map<std::pair<size_t, placement::NodeId>, size_t> known;
  for (uint32_t r = need.first; r < need.first + need.count; ++r) {
    const uint32_t number = stages.resolved().replicas(static_cast<int>(r)).number();
    if (replica && *replica != number)
      continue;
    auto [at, fresh] = known.try_emplace({scene.node_of(r), scene.problem.replicas[r].home},
                                         result.stories.size());
    if (fresh)
      result.stories.push_back(teller.story(r));
    result.stories[at->second].replicas.push_back(number);
  }
  for (const proto::Waiting &waiting : stages.placement().waiting())
    if (waiting.workload() == result.workload && (!replica || *replica == waiting.replica()))
      result.waiting.push_back({waiting.replica(), waiting.reason()});
  for (const stages::Existing &there : stages.resolved().finished())
    if (there.workload() == result.workload && (!replica || *replica == there.replica()))
      result.finished.push_back({there.replica(), there.node(), nemo::explain::finished_reason()});
  result.replanned = teller.replanned();
  return result;
}

} // namespace nemo::why
