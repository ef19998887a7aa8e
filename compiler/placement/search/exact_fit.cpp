#include "compiler/placement/search/exact_fit.h"

#include <algorithm>
#include <numeric>

namespace nemo::optimiser {

namespace {

using Row = std::vector<int64_t>;

/// Sets of replicas that waste at most what may be wasted in all. Rooms and levels are alike here:
/// a level below nothing is room as well.
class Sets {
public:
  Sets(const Tables &tables, Budget &budget)
      : tables_(tables), budget_(budget), rows_(tables.stride) {}

  bool list() {
    if (!alike() || !measure() || most_ < 2 || most_ > 4)
      return false;
    order_.resize(tables_.replicas);
    std::iota(order_.begin(), order_.end(), 0);
    std::stable_sort(order_.begin(), order_.end(),
                     [&](uint32_t a, uint32_t b) { return size(a)[key_] < size(b)[key_]; });
    for (uint32_t replica : order_)
      keys_.push_back(size(replica)[key_]);
    chosen_.clear();
    return extend(static_cast<uint32_t>(order_.size()), limit_);
  }

  uint32_t count() const { return static_cast<uint32_t>(begin_.size() - 1); }
  const uint32_t *from(uint32_t set) const { return items_.data() + begin_[set]; }
  const uint32_t *to(uint32_t set) const { return items_.data() + begin_[set + 1]; }
  const int64_t *waste(uint32_t set) const { return waste_.data() + size_t{set} * rows_; }
  const Row &slack() const { return slack_; }

private:
  const int64_t *size(uint32_t replica) const { return tables_.row(replica); }

  bool alike() const {
    if (tables_.nodes == 0 || tables_.replicas == 0 || !tables_.home_rows.empty())
      return false;
    const auto first = tables_.node_rows.begin();
    for (uint32_t node = 1; node < tables_.nodes; ++node)
      if (tables_.open_price[node] != tables_.open_price[0] ||
          !std::equal(first, first + rows_, first + std::ptrdiff_t{node} * rows_))
        return false;
    return true;
  }

  // The fewest nodes, and what they leave over. \returns whether a set may waste so little that
  // the replicas' own sizes tell sets apart.
  bool measure() {
    Row sum(rows_);
    for (uint32_t replica = 0; replica < tables_.replicas; ++replica)
      for (uint32_t i = 0; i < rows_; ++i)
        sum[i] += size(replica)[i];
    int64_t fewest = 1;
    for (uint32_t i = 0; i < rows_; ++i) {
      limit_.push_back(i < tables_.rooms ? tables_.node_rows[i] : -tables_.node_rows[i]);
      if (limit_[i] < 0)
        return false;
      if (limit_[i] > 0)
        fewest = std::max(fewest, (sum[i] + limit_[i] - 1) / limit_[i]);
    }
    double least = 1;
    for (uint32_t i = 0; i < rows_; ++i) {
      slack_.push_back(fewest * limit_[i] - sum[i]);
      if (slack_[i] < 0)
        return false;
      const double share = static_cast<double>(slack_[i]) / (static_cast<double>(limit_[i]) + 1e-9);
      if (limit_[i] > 0 && share < least) {
        least = share;
        key_ = i;
      }
    }
    most_ = static_cast<uint32_t>((tables_.replicas + fewest - 1) / fewest);
    return least < 0.05;
  }

  // Adds members in falling order of the key; the last one only from where it can fill up.
  bool extend(uint32_t end, const Row &left) {
    if (chosen_.size() >= 2 && wasted(left))
      if (!record(left))
        return false;
    if (chosen_.size() == most_)
      return true;
    const auto keys = keys_.begin();
    const bool fills_up = chosen_.size() + 1 == most_;
    uint32_t first = 0, last = end;
    if (fills_up || keys_.front() >= 0) // else a later one may give back
      last = static_cast<uint32_t>(std::upper_bound(keys, keys + end, left[key_]) - keys);
    if (fills_up)
      first = static_cast<uint32_t>(std::lower_bound(keys, keys + last, left[key_] - slack_[key_]) -
                                    keys);
    Row after(rows_);
    for (uint32_t i = last; i-- > first;) {
      if (++steps_ > most_steps || !budget_.spend(1))
        return false;
      int64_t below = 0;
      const int64_t *taken = size(order_[i]);
      for (uint32_t d = 0; d < rows_; ++d) {
        after[d] = left[d] - taken[d];
        below |= d < tables_.rooms ? after[d] : 0; // levels may be made up for
      }
      if (below < 0)
        continue;
      chosen_.push_back(order_[i]);
      const bool on = extend(i, after);
      chosen_.pop_back();
      if (!on)
        return false;
    }
    return true;
  }

  bool wasted(const Row &left) const {
    for (uint32_t d = 0; d < rows_; ++d)
      if (left[d] < 0 || left[d] > slack_[d])
        return false;
    return true;
  }

  bool record(const Row &left) {
    items_.insert(items_.end(), chosen_.begin(), chosen_.end());
    begin_.push_back(static_cast<uint32_t>(items_.size()));
    waste_.insert(waste_.end(), left.begin(), left.end());
    return count() <= most_sets;
  }

  static constexpr uint64_t most_steps = 20'000'000;
  static constexpr uint32_t most_sets = 200'000;

  const Tables &tables_;
  Budget &budget_;
  const uint32_t rows_;
  Row limit_, slack_;
  uint32_t key_ = 0; ///< the row with the least slack
  uint32_t most_ = 0;
  uint64_t steps_ = 0;
  std::vector<uint32_t> order_; ///< replicas by the key, rising
  Row keys_;
  std::vector<uint32_t> chosen_, begin_{0}, items_;
  Row waste_;
};

class Cover {
public:
  Cover(const Tables &tables, const Sets &sets, Random &random, Budget &budget)
      : replicas_(tables.replicas), rows_(tables.stride), sets_(sets), random_(random),
        budget_(budget), sets_of_(replicas_), choices_(replicas_), covered_(replicas_),
        blocked_(sets.count()), slack_(sets.slack()) {
    for (uint32_t set = 0; set < sets.count(); ++set)
      for (const uint32_t *i = sets.from(set); i != sets.to(set); ++i)
        sets_of_[*i].push_back(set);
    for (uint32_t replica = 0; replica < replicas_; ++replica)
      choices_[replica] = static_cast<uint32_t>(sets_of_[replica].size());
    left_ = replicas_;
  }

  std::vector<std::vector<uint32_t>> run() {
    // Such searches are heavy-tailed: many short ones find more than one that is long.
    while (budget_.left() && best_left_ > 0) {
      steps_ = steps_a_start;
      search();
      if (steps_ > 0)
        break; // everything was tried
    }
    std::vector<std::vector<uint32_t>> out;
    for (uint32_t set : best_)
      out.emplace_back(sets_.from(set), sets_.to(set));
    return out;
  }

private:
  bool search() {
    if (left_ < best_left_) {
      best_left_ = left_;
      best_ = chosen_;
    }
    if (left_ == 0)
      return true;
    if (steps_ == 0 || !budget_.spend(replicas_ / 8 + 1))
      return false;
    --steps_;
    uint32_t hardest = nowhere, ties = 0;
    for (uint32_t replica = 0; replica < replicas_; ++replica) {
      if (covered_[replica])
        continue;
      if (hardest == nowhere || choices_[replica] < choices_[hardest]) {
        hardest = replica;
        ties = 1;
      } else if (choices_[replica] == choices_[hardest] && random_.below(++ties) == 0) {
        hardest = replica;
      }
    }
    std::vector<uint32_t> candidates;
    for (uint32_t set : sets_of_[hardest])
      if (blocked_[set] == 0 && affordable(set))
        candidates.push_back(set);
    shuffle(candidates, random_);
    for (uint32_t set : candidates) {
      choose(set);
      if (search())
        return true;
      undo(set);
      if (steps_ == 0)
        return false;
    }
    return false;
  }

  bool affordable(uint32_t set) const {
    for (uint32_t d = 0; d < rows_; ++d)
      if (sets_.waste(set)[d] > slack_[d])
        return false;
    return true;
  }

  void choose(uint32_t set) {
    chosen_.push_back(set);
    for (uint32_t d = 0; d < rows_; ++d)
      slack_[d] -= sets_.waste(set)[d];
    for (const uint32_t *i = sets_.from(set); i != sets_.to(set); ++i) {
      covered_[*i] = true;
      --left_;
      for (uint32_t other : sets_of_[*i])
        if (blocked_[other]++ == 0)
          for (const uint32_t *j = sets_.from(other); j != sets_.to(other); ++j)
            --choices_[*j];
    }
  }

  void undo(uint32_t set) {
    chosen_.pop_back();
    for (uint32_t d = 0; d < rows_; ++d)
      slack_[d] += sets_.waste(set)[d];
    for (const uint32_t *i = sets_.from(set); i != sets_.to(set); ++i) {
      covered_[*i] = false;
      ++left_;
      for (uint32_t other : sets_of_[*i])
        if (--blocked_[other] == 0)
          for (const uint32_t *j = sets_.from(other); j != sets_.to(other); ++j)
            ++choices_[*j];
    }
  }

  static constexpr uint64_t steps_a_start = 1000;

  const uint32_t replicas_, rows_;
  const Sets &sets_;
  Random &random_;
  Budget &budget_;
  std::vector<std::vector<uint32_t>> sets_of_;
  std::vector<uint32_t> choices_; ///< sets that are still possible, by replica
  std::vector<bool> covered_;
  std::vector<uint32_t> blocked_; ///< by set, how many of its members are covered
  Row slack_;
  uint32_t left_ = 0, best_left_ = UINT32_MAX;
  std::vector<uint32_t> chosen_, best_;
  uint64_t steps_ = 0;
};

constexpr uint64_t most_ticks = 10'000'000;

} // namespace

std::vector<std::vector<uint32_t>> exact_fit(const Tables &tables, Random &random, Budget &budget) {
  Sets sets(tables, budget);
  if (!sets.list() || sets.count() == 0)
    return {};
  Budget part = budget.part(most_ticks);
  auto out = Cover(tables, sets, random, part).run();
  budget.join(part);
  return out;
}

} // namespace nemo::optimiser
