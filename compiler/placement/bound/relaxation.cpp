#include "compiler/placement/bound/relaxation.h"

#include <numeric>

namespace nemo::optimiser {

namespace {

// A group is settled by assignment while that takes no more steps than this.
constexpr uint64_t most_steps = uint64_t{1} << 26;
/// Multipliers stay below what no price of a replica's whole demand can exceed in reason.
constexpr double dearest = 0x1p50;

} // namespace

Relaxation::Relaxation(const Model &model) : model_(model), resources_(model.resources.size()) {
  resources_ += !model.devices.empty();
  find_rooms();
  find_fits();
  find_units();
  find_ranges();
  find_strides();
}

void Relaxation::find_rooms() {
  const size_t dims = model_.resources.size(), nodes = model_.nodes;
  capacity_.assign(resources_ * nodes, 0);
  for (size_t d = 0; d < dims; ++d)
    for (size_t node = 0; node < nodes; ++node)
      capacity_[load(d, node)] = model_.capacity[node * dims + d];
  for (const Device &device : model_.devices)
    capacity_[load(dims, device.node)] += device.capacity;
  safety_ = room_ = capacity_;
  for (size_t d = 0; d < dims; ++d)
    for (size_t node = 0; node < nodes; ++node)
      safety_[load(d, node)] =
          std::min(model_.safety[node * dims + d], model_.capacity[node * dims + d]);
  // What runs at a node keeps its place there, whether it stays or leaves.
  for (const Replica &replica : model_.replicas)
    for (size_t d = 0; d < dims; ++d)
      if (model_.resources[d].transient && replica.home != nowhere)
        room_[load(d, replica.home)] -= model_.shapes[replica.shape].demand[d];
  for (int64_t &room : room_)
    room = std::max<int64_t>(room, 0);
}

void Relaxation::find_fits() {
  const size_t nodes = model_.nodes;
  std::vector<uint8_t> somewhere(model_.shapes.size());
  fits_.assign(model_.shapes.size() * nodes, 0);
  for (size_t s = 0; s < model_.shapes.size(); ++s) {
    const Shape &shape = model_.shapes[s];
    uint8_t *const row = fits_.data() + s * nodes;
    if (model_.devices.empty() && shape.devices.count > 0)
      continue;
    for (size_t node = 0; node < nodes; ++node)
      row[node] = shape.allowed == UINT32_MAX || model_.node_sets[shape.allowed][node] ? 3 : 0;
    for (size_t k = 0; k < resources_; ++k)
      for (size_t node = 0; node < nodes; ++node)
        row[node] &= demand(shape, k) > capacity(k, node) ? 0
                     : demand(shape, k) > room(k, node)   ? 2
                                                          : 3;
    somewhere[s] = std::any_of(row, row + nodes, [](uint8_t fit) { return fit & 1; });
  }
  for (const Replica &replica : model_.replicas)
    if (replica.absence_price == must_be_placed && !somewhere[replica.shape] &&
        (replica.home == nowhere || !fits_at_home(replica.shape, replica.home)))
      usable_ = false;
}

void Relaxation::find_units() {
  std::vector<std::vector<uint32_t>> members(model_.groups);
  for (uint32_t r = 0; r < model_.replicas.size(); ++r)
    for (uint32_t group : model_.replicas[r].groups)
      members[group].push_back(r);
  std::vector<uint32_t> order(model_.limits.size());
  std::iota(order.begin(), order.end(), 0);
  std::stable_sort(order.begin(), order.end(), [&](uint32_t a, uint32_t b) {
    return members[model_.limits[a].group].size() > members[model_.limits[b].group].size();
  });
  std::vector<bool> taken(model_.replicas.size());
  for (uint32_t index : order) {
    const Limit &limit = model_.limits[index];
    Unit unit{index, {}};
    for (uint32_t r : members[limit.group])
      if (!taken[r])
        unit.replicas.push_back(r);
    const uint64_t size = unit.replicas.size();
    if (size <= limit.most || size > UINT32_MAX / 2 ||
        size * size * model_.families[limit.family].domains > most_steps)
      continue;
    for (uint32_t r : unit.replicas)
      taken[r] = true;
    units_.push_back(std::move(unit));
  }
  // Those alone by shape, so that what they share is found once.
  std::vector<uint32_t> alone;
  for (uint32_t r = 0; r < model_.replicas.size(); ++r)
    if (!taken[r])
      alone.push_back(r);
  std::stable_sort(alone.begin(), alone.end(), [&](uint32_t a, uint32_t b) {
    return model_.replicas[a].shape < model_.replicas[b].shape;
  });
  for (uint32_t r : alone)
    units_.push_back({UINT32_MAX, {r}});
}

void Relaxation::find_ranges() {
  const size_t nodes = model_.nodes;
  lows_.assign(resources_ * nodes, 0);
  highs_.assign(resources_ * nodes, dearest);
  for (const Balance &balance : model_.balances) {
    // To use what is to be balanced can be worth something.
    for (uint32_t d : {balance.of, balance.to})
      std::fill_n(lows_.begin() + load(d, 0), nodes, -dearest);
    lows_.insert(lows_.end(), nodes, 0);
    highs_.insert(highs_.end(), nodes, balance.price);
  }
  lows_.insert(lows_.end(), model_.replicas.size(), -dearest);
  highs_.insert(highs_.end(), model_.replicas.size(), dearest);
}

// What a unit of the resource is worth, very roughly: the price of overload, or the price of a node
// over what it has. Multipliers shall all be found at the same pace beside their final values,
// whatever resources are counted in.
void Relaxation::find_strides() {
  const size_t nodes = model_.nodes;
  std::vector<double> mean(resources_), worth(resources_);
  double node_price = 1;
  for (Cost price : model_.open_price)
    node_price += static_cast<double>(price) / nodes;
  for (size_t k = 0; k < resources_; ++k) {
    for (size_t node = 0; node < nodes; ++node)
      mean[k] += static_cast<double>(capacity(k, node));
    mean[k] = std::max(mean[k] / std::max<double>(nodes, 1), 1.0);
    if (k < model_.resources.size())
      worth[k] = static_cast<double>(model_.resources[k].overload_price);
    worth[k] = std::max(worth[k], node_price / mean[k]);
    strides_.insert(strides_.end(), nodes, worth[k] / mean[k]);
  }
  for (const Balance &balance : model_.balances)
    strides_.insert(strides_.end(), nodes,
                    static_cast<double>(balance.price) / mean[balance.of] /
                        static_cast<double>(std::max<int64_t>(balance.target, 1)));
  homes_.resize(nodes);
  std::vector<double> share;
  for (uint32_t r = 0; r < model_.replicas.size(); ++r) {
    const Replica &replica = model_.replicas[r];
    double sum = 0;
    share.push_back(0);
    for (size_t k = 0; k < resources_; ++k) {
      const auto demanded = static_cast<double>(demand(model_.shapes[replica.shape], k));
      sum += demanded * worth[k];
      share.back() += demanded / mean[k];
    }
    strides_.push_back(std::max(sum, 1e-9));
    if (replica.home != nowhere && fits_at_home(replica.shape, replica.home))
      homes_[replica.home].push_back(r);
  }
  for (auto &homes : homes_)
    std::stable_sort(homes.begin(), homes.end(),
                     [&](uint32_t a, uint32_t b) { return share[a] > share[b]; });
}

// Of the resource whose fractional cover by nodes is dearest, a unit is worth what it costs on the
// last node that the cover takes.
void Relaxation::price_opening(std::vector<double> &out) const {
  double dearest_cover = 0, dearest_unit = 0;
  size_t resource = 0;
  if (model_.open_price.empty())
    return;
  for (size_t k = 0; k < resources_; ++k) {
    double left = 0, cover = 0, unit = 0;
    for (const Replica &replica : model_.replicas)
      if (replica.absence_price == must_be_placed)
        left += static_cast<double>(demand(model_.shapes[replica.shape], k));
    std::vector<std::pair<double, double>> nodes; // price of a unit, units
    for (size_t node = 0; node < model_.nodes; ++node)
      if (const auto units = static_cast<double>(capacity(k, node)); units > 0)
        nodes.emplace_back(static_cast<double>(model_.open_price[node]) / units, units);
    std::sort(nodes.begin(), nodes.end());
    for (size_t i = 0; i < nodes.size() && left > 0; ++i) {
      unit = nodes[i].first;
      cover += unit * std::min(left, nodes[i].second);
      left -= nodes[i].second;
    }
    if (cover > dearest_cover) {
      dearest_cover = cover;
      dearest_unit = unit;
      resource = k;
    }
  }
  for (size_t node = 0; node < model_.nodes; ++node)
    out[load(resource, node)] += dearest_unit;
}

std::vector<double> Relaxation::start() const {
  const size_t nodes = model_.nodes, dims = model_.resources.size();
  std::vector<double> out(multipliers()), taken(dims), held(dims);
  for (const Replica &replica : model_.replicas)
    for (size_t d = 0; d < dims; ++d)
      taken[d] += static_cast<double>(model_.shapes[replica.shape].demand[d]);
  for (size_t d = 0; d < dims; ++d) {
    double safe = 0;
    for (size_t node = 0; node < nodes; ++node) {
      safe += static_cast<double>(safety(d, node));
      held[d] += static_cast<double>(capacity(d, node));
    }
    if (taken[d] > safe)
      std::fill_n(out.begin() + load(d, 0), nodes, model_.resources[d].overload_price);
  }
  for (size_t b = 0; b < model_.balances.size(); ++b) {
    const Balance &balance = model_.balances[b];
    const auto target = static_cast<double>(balance.target);
    if (target * (held[balance.of] - taken[balance.of]) <= held[balance.to] - taken[balance.to])
      continue;
    const auto price = static_cast<double>(balance.price);
    for (size_t node = 0; node < nodes; ++node) {
      out[this->balance(b, node)] = price;
      out[load(balance.of, node)] -= price * target;
      out[load(balance.to, node)] += price;
    }
  }
  price_opening(out);
  for (size_t r = 0; r < model_.replicas.size(); ++r)
    if (const Replica &replica = model_.replicas[r]; replica.home != nowhere)
      for (size_t k = 0; k < resources_; ++k)
        out[stay(r)] += out[load(k, replica.home)] *
                        static_cast<double>(demand(model_.shapes[replica.shape], k));
  for (size_t i = 0; i < out.size(); ++i)
    out[i] = std::clamp(out[i], lows_[i], highs_[i]);
  return out;
}

} // namespace nemo::optimiser
