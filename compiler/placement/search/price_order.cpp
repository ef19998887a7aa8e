#include "compiler/placement/search/price_order.h"

#include <algorithm>
#include <bit>
#include <numeric>

namespace nemo::optimiser {

namespace {

// In Cost, of a replica of mean demand.
std::vector<double> prices(const Tables &tables) {
  const Model &model = tables.model;
  const size_t dims = model.resources.size();
  std::vector<double> demand(dims), row(tables.rooms), out(tables.nodes);
  std::vector<double> users(model.prices.size()); ///< share of the replicas, by list of prices
  const double part = 1 / std::max(1.0, static_cast<double>(tables.replicas));
  for (uint32_t replica = 0; replica < tables.replicas; ++replica) {
    const Shape &shape = model.shapes[tables.shape[replica]];
    for (size_t d = 0; d < dims; ++d)
      demand[d] += part * static_cast<double>(shape.demand[d]);
    for (uint32_t i = 0; i < tables.rooms; ++i)
      row[i] += part * static_cast<double>(tables.row(replica)[i]);
    if (shape.prices != UINT32_MAX)
      users[shape.prices] += part;
  }
  for (uint32_t node = 0; node < tables.nodes; ++node) {
    for (size_t d = 0; d < dims && !model.unit_price.empty(); ++d)
      out[node] += demand[d] * static_cast<double>(model.unit_price[node * dims + d]) * 0x1p-20;
    for (size_t list = 0; list < users.size(); ++list)
      out[node] += users[list] * static_cast<double>(model.prices[list][node]);
    if (tables.open_price.empty())
      continue;
    double hosted = static_cast<double>(tables.replicas); ///< as many as it has room for
    for (uint32_t i = 0; i < tables.rooms; ++i)
      if (row[i] > 0)
        hosted = std::min(hosted,
                          static_cast<double>(tables.node_rows[size_t{node} * tables.stride + i]) /
                              row[i]);
    out[node] += static_cast<double>(tables.open_price[node]) / std::max(hosted, 1.0);
  }
  return out;
}

} // namespace

PriceOrder::PriceOrder(const State &state)
    : tables_(state.tables()), nodes_(tables_.nodes), place_(tables_.nodes) {
  const std::vector<double> price = prices(tables_);
  std::iota(nodes_.begin(), nodes_.end(), 0);
  std::stable_sort(nodes_.begin(), nodes_.end(),
                   [&](uint32_t a, uint32_t b) { return price[a] < price[b]; });
  if (nodes_.empty())
    return;
  leaves_ = std::bit_ceil(tables_.nodes);
  most_.assign(size_t{2} * leaves_ * tables_.rooms, -most_amount); // nothing fits where no node is
  for (uint32_t i = 0; i < nodes_.size(); ++i) {
    place_[nodes_[i]] = i;
    std::copy_n(state.node_row(nodes_[i]), tables_.rooms,
                most_.begin() + static_cast<std::ptrdiff_t>(size_t{leaves_ + i} * tables_.rooms));
  }
  for (uint32_t at = leaves_; at-- > 1;)
    for (uint32_t i = 0; i < tables_.rooms; ++i)
      most_[size_t{at} * tables_.rooms + i] = std::max(
          most_[size_t{2 * at} * tables_.rooms + i], most_[size_t{2 * at + 1} * tables_.rooms + i]);
}

void PriceOrder::update(const State &state, uint32_t node) {
  uint32_t at = leaves_ + place_[node];
  std::copy_n(state.node_row(node), tables_.rooms,
              most_.begin() + static_cast<std::ptrdiff_t>(size_t{at} * tables_.rooms));
  for (at /= 2; at >= 1; at /= 2) {
    bool same = true;
    for (uint32_t i = 0; i < tables_.rooms; ++i) {
      int64_t &most = most_[size_t{at} * tables_.rooms + i];
      const int64_t now = std::max(most_[size_t{2 * at} * tables_.rooms + i],
                                   most_[size_t{2 * at + 1} * tables_.rooms + i]);
      same &= most == now;
      most = now;
    }
    if (same)
      return;
  }
}

} // namespace nemo::optimiser
