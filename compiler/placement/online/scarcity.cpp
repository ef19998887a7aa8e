#include "compiler/placement/online/scarcity.h"

#include <algorithm>
#include <cmath>
#include <set>
#include <tuple>

namespace nemo::optimiser {

namespace {

/// Standard deviations of what is wanted that count as one: other needs wear the supply down too.
constexpr double caution = 3;
/// Prices below this part of a place's worth are none, and moves below it are not followed.
constexpr double negligible = 0.01;

/// Which node sets lie within which; UINT32_MAX stands for all nodes.
class Sets {
public:
  explicit Sets(const Model &model) : count_(model.node_sets.size()) {
    for (const auto &a : model.node_sets)
      for (const auto &b : model.node_sets) {
        bool within = true;
        for (size_t node = 0; node < a.size() && within; ++node)
          within = !a[node] || b[node];
        within_.push_back(within);
      }
  }
  bool within(uint32_t a, uint32_t b) const {
    return b == UINT32_MAX || (a != UINT32_MAX && within_[a * count_ + b]);
  }

private:
  const size_t count_;
  std::vector<bool> within_;
};

double asked(const Shape &shape) {
  return static_cast<double>(shape.devices.count * shape.devices.share);
}

bool at_least(const Shape &a, const Shape &b) {
  for (size_t d = 0; d < a.demand.size(); ++d)
    if (a.demand[d] < b.demand[d])
      return false;
  return a.devices.count >= b.devices.count && a.devices.share >= b.devices.share;
}

} // namespace

Scarcity::Scarcity(const Model &model, const Rooms &rooms, const std::vector<double> &share) {
  const size_t dims = model.resources.size();
  const Sets sets(model);
  std::set<uint32_t> confined;
  std::set<std::tuple<std::vector<int64_t>, uint32_t, int64_t, uint32_t>> blocks;
  for (const Shape &shape : model.shapes) {
    const uint32_t count = shape.devices.count;
    const int64_t device_share = shape.devices.share;
    if (count > 0 && shape.allowed != UINT32_MAX && confined.insert(shape.allowed).second) {
      Need need{.allowed = shape.allowed, .demand = std::vector<double>(dims)};
      for (size_t k = 0; k < model.shapes.size(); ++k) {
        const Shape &other = model.shapes[k];
        if (other.devices.count == 0 || !sets.within(other.allowed, shape.allowed))
          continue;
        need.want(share[k], asked(other), asked(other));
        for (size_t d = 0; d < dims; ++d)
          need.demand[d] += share[k] * static_cast<double>(other.demand[d]);
      }
      for (double &demand : need.demand)
        demand = need.mean > 0 ? demand / need.mean : 0;
      needs_.push_back(std::move(need));
    }
    if (count > 1 && blocks.emplace(shape.demand, count, device_share, shape.allowed).second) {
      Need need{.allowed = shape.allowed,
                .devices = shape.devices,
                .demand = std::vector<double>(shape.demand.begin(), shape.demand.end())};
      for (size_t k = 0; k < model.shapes.size(); ++k)
        if (const Shape &other = model.shapes[k];
            at_least(other, shape) && sets.within(other.allowed, shape.allowed)) {
          const uint32_t places = other.devices.count / count;
          need.want(share[k], places, asked(other));
        }
      needs_.push_back(std::move(need));
    }
  }
  for (Need &need : needs_)
    need.worth = need.mean > 0 ? need.worth / need.mean : 0;
  for (Need &need : needs_) {
    need.kinds.resize(rooms.kinds());
    for (uint32_t room : rooms.live())
      need.kinds[rooms[room].kind] =
          need.allowed == UINT32_MAX || model.node_sets[need.allowed][*rooms.nodes(room).begin()];
  }
  for (uint32_t room : rooms.live())
    count(rooms[room], static_cast<int>(rooms.nodes(room).size()));
}

void Scarcity::count(const Room &room, int nodes) {
  for (Need &need : needs_)
    need.supply += nodes * places(need, room);
}

double Scarcity::places(const Need &need, const Room &room) const {
  if (!need.kinds[room.kind])
    return 0;
  double out = 0;
  const bool amounts = need.devices.count == 0;
  if (amounts) {
    for (int64_t left : room.devices)
      out += static_cast<double>(left);
  } else {
    const auto first =
        std::lower_bound(room.devices.begin(), room.devices.end(), need.devices.share);
    const int64_t copies = (room.devices.end() - first) / need.devices.count;
    out = static_cast<double>(copies);
  }
  for (size_t d = 0; d < room.free.size(); ++d)
    if (need.demand[d] > 0)
      out = std::min(out, static_cast<double>(room.free[d]) / need.demand[d]);
  return amounts ? out : std::floor(out);
}

bool Scarcity::reprice(double arrivals) {
  std::vector<double> prices;
  bool moved = false;
  for (const Need &need : needs_) {
    double chance = 0;
    if (const double spread = caution * std::sqrt(need.variance * arrivals); spread > 0)
      chance = 0.5 * std::erfc((need.supply - need.mean * arrivals) / spread / std::sqrt(2));
    prices.push_back(chance < negligible ? 0 : chance * need.worth);
    moved |= std::abs(prices.back() - need.price) > negligible * need.worth;
  }
  if (!moved)
    return false;
  priced_.clear();
  for (uint32_t i = 0; i < needs_.size(); ++i) {
    needs_[i].price = prices[i];
    if (prices[i] > 0)
      priced_.push_back(i);
  }
  return true;
}

double Scarcity::operator()(const Room &room) const {
  double out = 0;
  for (uint32_t i : priced_)
    out += needs_[i].price * places(needs_[i], room);
  return out;
}

} // namespace nemo::optimiser
