#include "compiler/cluster/choose.h"

#include <algorithm>
#include <numeric>
#include <optional>
#include <set>

namespace nemo::cluster {

namespace {

constexpr size_t most_seeds = 256; ///< controllers that cliques are grown from
constexpr uint64_t most_clique_steps = 2'000'000;
constexpr uint64_t most_trials = 200'000; ///< sets that are looked at to better one

using Set = std::vector<uint32_t>;

class Chooser {
public:
  Chooser(const std::vector<Candidate> &candidates, const Wanted &wanted)
      : candidates_(candidates), wanted_(wanted), order_(candidates.size()) {
    std::iota(order_.begin(), order_.end(), 0);
    std::stable_sort(order_.begin(), order_.end(), [&](uint32_t a, uint32_t b) {
      return candidates[a].cost < candidates[b].cost;
    });
  }

  Choice run() {
    Choice result;
    if (cannot(result))
      return result;
    std::optional<std::pair<Set, Set>> best;
    bool clique = false;
    for (const Set &controllers : cliques(result)) {
      clique = true;
      std::optional<Set> nodes = filled(controllers);
      if (!nodes)
        continue;
      Set chiefs = controllers;
      better(*nodes, chiefs);
      if (!best || cost(*nodes) < cost(best->first))
        best = {std::move(*nodes), std::move(chiefs)};
    }
    if (best) {
      result.nodes = std::move(best->first);
      result.controllers = std::move(best->second);
      std::sort(result.nodes.begin(), result.nodes.end());
      std::sort(result.controllers.begin(), result.controllers.end());
    } else if (clique) {
      result.lacks = "no set of that many nodes was found that has the capacity and room for "
                     "what runs on it";
    }
    return result;
  }

private:
  bool cannot(Choice &result) const {
    result.proved = true;
    if (candidates_.size() < wanted_.least) {
      result.lacks = std::to_string(candidates_.size()) + " nodes can be chosen from";
      return true;
    }
    for (size_t k = 0; k < amount_count; ++k) {
      std::vector<int64_t> has;
      for (const Candidate &candidate : candidates_)
        has.push_back(std::max<int64_t>(candidate.has[k], 0));
      std::sort(has.rbegin(), has.rend());
      __int128 sum = 0;
      for (size_t i = 0; i < has.size() && i < wanted_.most; ++i)
        sum += has[i];
      if (sum < wanted_.capacity[k]) {
        static constexpr const char *names[] = {"cpu", "memory", "disk", "gpu"};
        result.lacks = std::string("the nodes that have most ") + names[k] + " have too little";
        return true;
      }
    }
    result.proved = false;
    return false;
  }

  bool joins(const Set &clique, uint32_t node) const {
    for (uint32_t other : clique)
      if (other == node || !wanted_.close(other, node) ||
          (wanted_.spread && candidates_[other].domain == candidates_[node].domain))
        return false;
    return true;
  }

  std::vector<Set> cliques(Choice &result) const {
    std::vector<Set> list;
    std::set<Set> seen;
    for (size_t s = 0; s < order_.size() && s < most_seeds; ++s) {
      Set clique = {order_[s]};
      for (size_t i = 0; i < order_.size() && clique.size() < wanted_.controllers; ++i)
        if (joins(clique, order_[i]))
          clique.push_back(order_[i]);
      if (clique.size() < wanted_.controllers)
        continue;
      std::sort(clique.begin(), clique.end());
      if (seen.insert(clique).second)
        list.push_back(std::move(clique));
    }
    if (!list.empty())
      return list;
    uint64_t left = most_clique_steps;
    Set clique;
    if (extend(clique, 0, left)) {
      list.push_back(std::move(clique));
    } else {
      result.proved = left > 0;
      result.lacks = left > 0 ? "no nodes are close enough to each other for its controllers"
                              : "no nodes were found that are close enough to each other for its "
                                "controllers";
    }
    return list;
  }

  // Every clique, in order of cost.
  bool extend(Set &clique, size_t from, uint64_t &left) const {
    if (clique.size() == wanted_.controllers)
      return true;
    for (size_t i = from; i < order_.size(); ++i) {
      if (left == 0 || order_.size() - i < wanted_.controllers - clique.size())
        return false;
      --left;
      if (!joins(clique, order_[i]))
        continue;
      clique.push_back(order_[i]);
      if (extend(clique, i + 1, left))
        return true;
      clique.pop_back();
    }
    return false;
  }

  Amounts missing(const Set &nodes) const {
    Amounts open = wanted_.capacity;
    for (uint32_t node : nodes)
      for (size_t k = 0; k < amount_count; ++k)
        open[k] -=
            std::min(std::max<int64_t>(candidates_[node].has[k], 0), std::max<int64_t>(open[k], 0));
    return open;
  }

  bool enough(const Set &nodes) const {
    const Amounts open = missing(nodes);
    return nodes.size() >= wanted_.least && nodes.size() <= wanted_.most &&
           std::all_of(open.begin(), open.end(), [](int64_t k) { return k <= 0; }) &&
           wanted_.holds(nodes);
  }

  double gain(uint32_t node, const Amounts &open) const {
    double sum = 0;
    for (size_t k = 0; k < amount_count; ++k)
      if (open[k] > 0)
        sum += static_cast<double>(std::min(open[k], candidates_[node].has[k])) /
               static_cast<double>(wanted_.capacity[k]);
    return sum;
  }

  // Cheap ones first, and where those are not enough in so few, large ones.
  std::optional<Set> filled(const Set &controllers) const {
    for (const bool cheap : {true, false}) {
      Set nodes = controllers;
      while (!enough(nodes) && nodes.size() < wanted_.most) {
        const Amounts open = missing(nodes);
        std::optional<std::pair<double, uint32_t>> best;
        for (uint32_t node : order_) {
          if (std::find(nodes.begin(), nodes.end(), node) != nodes.end())
            continue;
          const double brings = gain(node, open);
          const double worth =
              cheap ? brings / (static_cast<double>(candidates_[node].cost) + 1) : brings;
          if (!best || worth > best->first) // of equals the cheapest
            best = {worth, node};
        }
        if (!best)
          break;
        nodes.push_back(best->second);
      }
      if (enough(nodes))
        return nodes;
    }
    return std::nullopt;
  }

  __int128 cost(const Set &nodes) const {
    __int128 sum = 0;
    for (uint32_t node : nodes)
      sum += candidates_[node].cost;
    return sum;
  }

  void better(Set &nodes, Set &controllers) {
    for (bool again = true; again && trials_ < most_trials;) {
      again = false;
      for (size_t i = nodes.size(); i-- > 0 && !again;) {
        const bool chief =
            std::find(controllers.begin(), controllers.end(), nodes[i]) != controllers.end();
        if (!chief)
          again = without(nodes, i);
        for (size_t o = 0; o < order_.size() && !again && trials_ < most_trials; ++o) {
          if (candidates_[order_[o]].cost >= candidates_[nodes[i]].cost)
            break;
          again = exchange(nodes, controllers, i, order_[o], chief);
        }
      }
    }
  }

  bool without(Set &nodes, size_t i) {
    ++trials_;
    Set fewer = nodes;
    fewer.erase(fewer.begin() + static_cast<std::ptrdiff_t>(i));
    if (!enough(fewer))
      return false;
    nodes = std::move(fewer);
    return true;
  }

  bool exchange(Set &nodes, Set &controllers, size_t i, uint32_t other, bool chief) {
    if (std::find(nodes.begin(), nodes.end(), other) != nodes.end())
      return false;
    ++trials_;
    Set chiefs = controllers;
    if (chief) {
      chiefs.erase(std::find(chiefs.begin(), chiefs.end(), nodes[i]));
      if (!joins(chiefs, other))
        return false;
      chiefs.push_back(other);
    }
    Set changed = nodes;
    changed[i] = other;
    if (!enough(changed))
      return false;
    nodes = std::move(changed);
    controllers = std::move(chiefs);
    return true;
  }

  const std::vector<Candidate> &candidates_;
  const Wanted &wanted_;
  Set order_; ///< by cost
  uint64_t trials_ = 0;
};

} // namespace

Choice choose(const std::vector<Candidate> &candidates, const Wanted &wanted) {
  return Chooser(candidates, wanted).run();
}

} // namespace nemo::cluster
