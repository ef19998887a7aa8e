#include "compiler/placement/search/node_cover.h"

#include <algorithm>
#include <cmath>
#include <map>

namespace nemo::optimiser {

namespace {

constexpr uint32_t rounds = 400; ///< of as many steps as there are classes, a hundred at least

} // namespace

NodeCover::NodeCover(const Tables &tables) : rooms_(tables.rooms) {
  std::map<std::vector<int64_t>, uint32_t> known;
  std::vector<double> total(rooms_);
  double price = 0;
  for (uint32_t node = 0; node < tables.nodes; ++node) {
    const int64_t *row = tables.node_rows.data() + size_t{node} * tables.stride;
    std::vector<int64_t> key(row, row + rooms_);
    key.push_back(tables.open_price[node]);
    const auto [at, fresh] = known.try_emplace(key, static_cast<uint32_t>(classes_.size()));
    if (fresh) {
      classes_.push_back({static_cast<double>(tables.open_price[node]), {}, 0});
      capacity_.insert(capacity_.end(), row, row + rooms_);
    }
    classes_[at->second].nodes.push_back(node);
    price += static_cast<double>(tables.open_price[node]);
    for (uint32_t room = 0; room < rooms_; ++room)
      total[room] += static_cast<double>(row[room]);
  }
  for (uint32_t room = 0; room < rooms_; ++room) {
    fine_.push_back(price / std::max(total[room], 1.0));
    least_fine_.push_back(fine_.back() / 64);
  }
}

double NodeCover::missing(const std::vector<double> &has) const {
  double sum = 0;
  for (uint32_t room = 0; room < rooms_; ++room)
    sum += fine_[room] * std::max(0.0, need_[room] - has[room]);
  return sum;
}

void NodeCover::keep_if_enough() {
  if (price_ >= best_price_)
    return;
  for (uint32_t room = 0; room < rooms_; ++room)
    if (has_[room] < need_[room])
      return;
  best_price_ = price_;
  for (size_t i = 0; i < classes_.size(); ++i)
    best_[i] = classes_[i].open;
}

void NodeCover::adjust_fines() {
  for (uint32_t room = 0; room < rooms_; ++room)
    fine_[room] =
        std::max(least_fine_[room], fine_[room] * (has_[room] < need_[room] ? 1.05 : 0.97));
}

void NodeCover::anneal(Random &random, Budget &budget) {
  const auto count = static_cast<uint32_t>(classes_.size()), steps = std::max(100u, count);
  double mean = 0;
  for (const Class &one : classes_)
    mean += one.price / count;
  std::vector<double> after(rooms_);
  for (uint32_t round = 0; round < rounds && budget.left(); ++round) {
    const double temperature = mean * 0.3 * std::pow(1e-3, static_cast<double>(round) / rounds);
    for (uint32_t step = 0; step < steps; ++step) {
      // One opens, one closes, or both.
      const uint32_t kind = random.below(3), in = random.below(count), out = random.below(count);
      const bool opens = kind != 1, closes = kind != 0;
      if ((opens && classes_[in].open == classes_[in].nodes.size()) ||
          (closes && classes_[out].open == 0) || (opens && closes && in == out))
        continue;
      const double paid = (opens ? classes_[in].price : 0) - (closes ? classes_[out].price : 0);
      for (uint32_t room = 0; room < rooms_; ++room)
        after[room] =
            has_[room] + (opens ? capacity(in, room) : 0) - (closes ? capacity(out, room) : 0);
      const double change = paid + missing(after) - missing(has_);
      if (change > 0 && random.unit() >= std::exp(-change / temperature))
        continue;
      classes_[in].open += opens;
      classes_[out].open -= closes;
      price_ += paid;
      has_.swap(after);
      keep_if_enough();
    }
    budget.spend(steps);
    adjust_fines();
  }
}

std::vector<uint32_t> NodeCover::find(const std::vector<double> &need, const State &state,
                                      Random &random, Budget &budget) {
  need_ = need;
  best_.assign(classes_.size(), 0);
  best_price_ = 0;
  std::vector<double> all(rooms_);
  has_.assign(rooms_, 0);
  price_ = 0;
  for (uint32_t i = 0; i < classes_.size(); ++i) {
    const Class &one = classes_[i];
    price_ += one.price * one.open;
    best_[i] = static_cast<uint32_t>(one.nodes.size());
    best_price_ += one.price * best_[i];
    for (uint32_t room = 0; room < rooms_; ++room) {
      has_[room] += capacity(i, room) * one.open;
      all[room] += capacity(i, room) * best_[i];
    }
  }
  for (uint32_t room = 0; room < rooms_; ++room)
    if (all[room] < need[room])
      return {};
  keep_if_enough();
  anneal(random, budget);
  std::vector<uint32_t> out;
  for (size_t i = 0; i < classes_.size(); ++i) {
    Class &one = classes_[i];
    one.open = best_[i];
    shuffle(one.nodes, random);
    std::stable_sort(one.nodes.begin(), one.nodes.end(), [&](uint32_t a, uint32_t b) {
      return state.hosted(a).size() > state.hosted(b).size();
    });
    out.insert(out.end(), one.nodes.begin(), one.nodes.begin() + one.open);
  }
  std::sort(out.begin(), out.end());
  return out;
}

} // namespace nemo::optimiser
