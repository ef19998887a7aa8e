// With everything else held in place the objective is linear in each price, so the price at which
// another node draws level is a division; planning everything again with it then shows whether the
// others let it come true.
#include <algorithm>
#include <cmath>

#include <fmt/format.h>

#include "compiler/placement/conflict.h"
#include "compiler/placement/relax.h"
#include "compiler/policy/explain.h"
#include "compiler/resolve/report.h"
#include "compiler/why/scene.h"

namespace nemo::why {

using placement::Assignment;

namespace {

/// The next number with four digits beyond `level`, on the side away from 1.
std::optional<Rational> beyond(const Rational &level, bool up) {
  const double value = level.to_double();
  const int exponent = static_cast<int>(std::floor(std::log10(value))) - 3;
  const double unit = std::pow(10.0, exponent);
  const double steps = up ? std::floor(value / unit) + 1 : std::ceil(value / unit) - 1;
  if (!std::isfinite(steps) || steps <= 0)
    return std::nullopt;
  return Rational::parse(fmt::format("{:.0f}e{}", steps, exponent));
}

compiler::Objective scaled(compiler::Objective objective, size_t figure, const Rational &factor) {
  for (auto &list : objective.weights)
    for (compiler::Weights &weights : list) {
      Rational &weight = figure == 0 ? weights.energy : figure == 1 ? weights.carbon : weights.cost;
      weight = weight.times(factor).value_or(weight);
    }
  return objective;
}

std::optional<Assignment> place(const placement::Problem &problem) {
  auto found = placement::place(problem, {});
  if (found)
    return std::move(*found);
  llvm::consumeError(found.takeError());
  return std::nullopt;
}

} // namespace

Movers::Without::Without(const Scene &scene, const stages::Restriction &restriction)
    : restriction(restriction),
      problem(placement::relaxed(
          scene.problem,
          [&](const stages::Restriction &other) { return !placement::same(other, restriction); })),
      state(scene.placed(problem)) {}

Movers::Without &Movers::without(const stages::Restriction &restriction) {
  for (const auto &known : without_)
    if (placement::same(known->restriction, restriction))
      return *known;
  without_.push_back(std::make_unique<Without>(scene_, restriction));
  return *without_.back();
}

bool Movers::affordable() {
  constexpr uint64_t least = 100'000; // however small the problem is
  const uint64_t pairs = scene_.problem.replicas.size() * scene_.problem.nodes + least;
  if (left_ < pairs)
    return replanned_ = false;
  left_ -= pairs;
  return true;
}

std::optional<Movers::Again> Movers::again(size_t figure, const Rational &factor) {
  const auto key = std::pair(figure, factor.to_string());
  if (const auto known = priced_.find(key); known != priced_.end())
    return known->second;
  if (!affordable())
    return std::nullopt;
  return priced_
      .emplace(key, place(placement::build(scene_.stages.inputs(), scene_.stages.resolved(),
                                           scene_.stages.policy(),
                                           scaled(scene_.objective, figure, factor), scene_.jobs)))
      .first->second;
}

// Replicas of a workload are alike: what counts is how many of them are on the node.
std::optional<bool> Movers::confirm(const std::optional<Again> &again, size_t replica,
                                    size_t node) const {
  if (!again)
    return std::nullopt;
  if (!*again)
    return false;
  const placement::Need &need = scene_.problem.needs[scene_.problem.replicas[replica].need];
  auto number = [&](const Assignment &assignment) {
    const auto first = assignment.node_of_replica.begin() + need.first;
    return std::count(first, first + need.count, placement::NodeId(node));
  };
  return number(**again) > number(scene_.assignment);
}

std::vector<Price> Movers::prices(const placement::State &state, size_t replica,
                                  std::optional<size_t> home) {
  const size_t here = scene_.node_of(replica);
  const Ledger::Parts mine = ledger_.parts(here, home);
  const auto total = ledger_.total(here, home);
  std::vector<Price> result;
  if (!total)
    return result;
  struct Level {
    Rational factor;
    size_t node;
  };
  const std::vector<Choice> others = choices(state, ledger_, replica, here, home);
  for (size_t figure = 0; figure < figure_count; ++figure) {
    if (!ledger_.counts(figure, here))
      continue;
    std::optional<Level> up, down;
    for (const Choice &other : others) {
      const auto theirs = ledger_.parts(other.node, home)[figure];
      const auto more = other.total.minus(*total);
      const auto slope = theirs ? theirs->minus(*mine[figure]) : std::nullopt;
      const auto change = more && slope ? more->over(*slope) : std::nullopt;
      const auto level = change ? Rational(1).minus(*change) : std::nullopt;
      if (!level || more->sign() < 0)
        continue;
      if (slope->sign() < 0 && (!up || *level < up->factor))
        up = Level{*level, other.node};
      if (slope->sign() > 0 && level->sign() > 0 && (!down || *level > down->factor))
        down = Level{*level, other.node};
    }
    for (const auto &[level, is_up] : {std::pair(up, true), std::pair(down, false)}) {
      const auto factor = level ? beyond(level->factor, is_up) : std::nullopt;
      if (!factor)
        continue;
      Price price;
      price.figure = figure_names[figure];
      price.factor = factor->to_double();
      price.now = ledger_.price(figure, here);
      if (price.now)
        if (auto then = price.now->value.times(*factor))
          price.then = Quantity{*then, price.now->dimension, price.now->unit};
      price.node = scene_.nodes[level->node].node->name();
      price.confirmed = confirm(again(figure, *factor), replica, level->node);
      result.push_back(std::move(price));
    }
  }
  return result;
}

std::vector<Opening> Movers::openings(size_t replica, const std::vector<Excluded> &removals) {
  const size_t here = scene_.node_of(replica);
  std::vector<Opening> result;
  const auto before = placement::cost(scene_.problem, scene_.assignment);
  for (const Excluded &removal : removals) {
    Without &relaxed = without(removal.restriction);
    placement::State &state = relaxed.state;
    state.lift(replica);
    const std::optional<size_t> home = scene_.home(state, replica);
    const auto total = ledger_.total(here, home);
    const std::vector<Choice> others = choices(state, ledger_, replica, here, home);
    state.put(replica, here);
    if (!total || others.empty() || others.front().total >= *total)
      continue;
    const Choice &best = others.front();
    Opening opening{{},
                    scene_.nodes[best.node].node->name(),
                    ledger_.money(total->minus(best.total).value_or(Rational())),
                    {},
                    {}};
    const compiler::Described described = compiler::describe(scene_.intent, removal.restriction);
    opening.rule.text = described.text;
    opening.rule.file = compiler::file_of(scene_.intent, described.span);
    opening.rule.range = compiler::range_of(described.span);
    if (!relaxed.again && affordable())
      relaxed.again = place(relaxed.problem);
    opening.confirmed = confirm(relaxed.again, replica, best.node);
    if (relaxed.again && *relaxed.again) {
      const auto after = placement::cost(relaxed.problem, **relaxed.again);
      // The search counts in 1e-9 of the unit per hour; the objective is per second.
      if (before && after)
        if (auto saves = Rational::make(static_cast<Rational::Int>(*before) - *after,
                                        Rational::Int{3600} * 1'000'000'000))
          opening.plan_saves = ledger_.money(*saves);
    }
    result.push_back(std::move(opening));
  }
  std::stable_sort(result.begin(), result.end(), [](const Opening &a, const Opening &b) {
    return a.saves.value > b.saves.value;
  });
  return result;
}

} // namespace nemo::why
