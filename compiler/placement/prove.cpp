#include "compiler/placement/prove.h"

#include <algorithm>
#include <map>

#include "compiler/placement/bond_check.h"

namespace nemo::placement {

namespace {

using Wide = __int128; ///< 2^-price_bits of what costs are in
constexpr Wide one = Wide{1} << price_bits;

class Proof {
public:
  Proof(const Problem &problem, const Terms &terms, const Within &within)
      : problem_(problem), terms_(terms), within_(within), state_(problem), bonds_(state_),
        steps_(within.steps), on_(problem.nodes) {
    least_.cost = within.cost;
  }

  std::optional<Least> run() {
    if (!state_.devices().empty() || !problem_.peak_room.empty() || !read())
      return std::nullopt;
    if (!hopeless(0) && !descend(0))
      return std::nullopt;
    return least_;
  }

private:
  struct Choice {
    int64_t cost;
    Wide paid; ///< with the room at its price
    size_t node;
  };

  // Needs with the fewest nodes first; of a replica's nodes the cheapest.
  bool read() {
    std::map<uint32_t, std::vector<Choice>> of_need;
    std::vector<uint32_t> needs;
    for (uint32_t n = 0; n < problem_.needs.size(); ++n) {
      if (problem_.needs[n].count == 0)
        continue;
      needs.push_back(n);
      if (!read(n, of_need[n]))
        return false;
    }
    std::stable_sort(needs.begin(), needs.end(),
                     [&](uint32_t a, uint32_t b) { return of_need[a].size() < of_need[b].size(); });
    for (uint32_t n : needs)
      for (uint32_t r = problem_.needs[n].first;
           r < problem_.needs[n].first + problem_.needs[n].count; ++r) {
        order_.push_back(r);
        choices_.push_back(of_need[n]);
        std::erase_if(choices_.back(), [&](const Choice &choice) {
          return !state_.admitted(r, choice.node) ||
                 (terms_.held[r] && NodeId(choice.node) != within_.known.node_of_replica[r]);
        });
        if (choices_.back().empty())
          return false;
        if (terms_.held[r]) {
          Choice &only = choices_.back().front();
          only.paid += Wide{*terms_.held[r] - only.cost} * one;
          only.cost = *terms_.held[r];
        }
      }
    rest_.resize(order_.size() + 1);
    rest_paid_.resize(order_.size() + 1);
    for (size_t i = order_.size(); i-- > 0;) {
      const std::vector<Choice> &of = choices_[i];
      rest_[i] = rest_[i + 1] + of.front().cost;
      rest_paid_[i] = rest_paid_[i + 1] +
                      std::min_element(of.begin(), of.end(), [](const Choice &a, const Choice &b) {
                        return a.paid < b.paid;
                      })->paid;
    }
    for (size_t node = 0; node < problem_.nodes; ++node)
      sum_paid_ -= std::max<Wide>(worth(node) - terms_.awake[node] * one, 0);
    return true;
  }

  bool read(uint32_t n, std::vector<Choice> &choices) const {
    bool known = true;
    bonds_.nodes(n).for_each([&](size_t node) {
      const std::optional<int64_t> own = terms_.own(n, node);
      known &= own.has_value();
      Wide paid = own.value_or(0) * one;
      for (const Scarce &scarce : within_.known.scarce)
        if (scarce.node == node)
          paid += static_cast<Wide>(scarce.price) * problem_.needs[n].demand[scarce.resource];
      choices.push_back({own.value_or(0), paid, node});
    });
    std::stable_sort(choices.begin(), choices.end(),
                     [](const Choice &a, const Choice &b) { return a.cost < b.cost; });
    return known;
  }

  Wide worth(size_t node) const {
    Wide sum = 0;
    for (const Scarce &scarce : within_.known.scarce)
      if (scarce.node == node)
        sum += static_cast<Wide>(scarce.price) *
               std::max<int64_t>(problem_.room[scarce.resource][node], 0);
    return sum;
  }

  // Siblings that nothing tells apart are placed in the order of their nodes.
  bool follows(size_t i) const {
    if (i == 0 || within_.moves)
      return false;
    const Replica &own = problem_.replicas[order_[i]], &before = problem_.replicas[order_[i - 1]];
    return own.need == before.need && !of_its_own(own) && !of_its_own(before) &&
           !terms_.held[order_[i]] && !terms_.held[order_[i - 1]];
  }

  bool hopeless(size_t placed) const {
    return sum_ + rest_[placed] >= least_.cost ||
           (sum_paid_ + rest_paid_[placed] + one - 1) >> price_bits >= least_.cost;
  }

  /// \returns false when the steps ran out.
  bool descend(size_t i) {
    if (i == order_.size())
      return judge();
    const uint32_t r = order_[i];
    const std::vector<Choice> &choices = choices_[i];
    const Wide before = sum_, paid_before = sum_paid_;
    for (size_t c = follows(i) ? at_.back() : 0; c < choices.size(); ++c) {
      const Choice &choice = choices[c];
      if (before + choice.cost + rest_[i + 1] >= least_.cost)
        break;
      if (steps_ == 0)
        return false;
      --steps_;
      const NodeId home = problem_.replicas[r].home;
      const bool moves = home != nowhere && home != NodeId(choice.node);
      if (within_.moves && moved_ + moves > *within_.moves)
        continue;
      sum_ = before + choice.cost + (on_[choice.node] == 0 ? terms_.awake[choice.node] : 0);
      sum_paid_ = paid_before + choice.paid;
      if (hopeless(i + 1) || !state_.fits(r, choice.node) || !bonds_.allow(r, choice.node, steps_))
        continue;
      state_.put(r, choice.node);
      ++on_[choice.node];
      moved_ += moves;
      at_.push_back(c);
      const bool done = descend(i + 1);
      at_.pop_back();
      moved_ -= moves;
      --on_[choice.node];
      state_.lift(r);
      if (!done)
        return false;
    }
    sum_ = before;
    sum_paid_ = paid_before;
    return true;
  }

  bool judge() {
    Wide cost = sum_;
    if (terms_.whole) {
      constexpr uint64_t looked_at = 20; // about what it takes
      if (steps_ < looked_at)
        return false;
      steps_ -= looked_at;
      const std::optional<int64_t> more = terms_.whole(state_.assignment());
      if (!more)
        return false;
      cost += *more;
    }
    if (cost < INT64_MIN)
      return false;
    if (cost < least_.cost && (!terms_.accepts || terms_.accepts(state_.assignment())))
      least_ = {static_cast<int64_t>(cost), state_.assignment()};
    return true;
  }

  const Problem &problem_;
  const Terms &terms_;
  const Within &within_;
  State state_;
  const BondCheck bonds_;
  uint64_t steps_;
  std::vector<uint32_t> order_;
  std::vector<std::vector<Choice>> choices_; ///< in that order
  std::vector<Wide> rest_;                   ///< the least that those from here on cost
  std::vector<Wide> rest_paid_;
  std::vector<size_t> at_;   ///< choices of those that are placed
  std::vector<uint32_t> on_; ///< by node
  Wide sum_ = 0, sum_paid_ = 0;
  uint64_t moved_ = 0;
  Least least_;
};

} // namespace

std::optional<Least> least_of_all(const Problem &problem, const Terms &terms,
                                  const Within &within) {
  if (problem.replicas.empty() || problem.replicas.size() > most_of_few)
    return std::nullopt;
  // Prices of room are only told where they were needed.
  Assignment bare = within.known;
  bare.scarce.clear();
  Within without{bare, within.cost, within.moves, within.steps};
  if (std::optional<Least> least = Proof(problem, terms, without).run())
    return least;
  if (within.known.scarce.empty())
    return std::nullopt;
  std::optional<Least> least = Proof(problem, terms, within).run();
  if (least)
    least->priced = true;
  return least;
}

} // namespace nemo::placement
