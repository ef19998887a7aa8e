#include "compiler/placement/search/tables.h"

#include <algorithm>

namespace nemo::optimiser {

namespace {

/// Of a capacity that is none.
constexpr int64_t boundless = INT64_MAX / 4;

uint32_t padded(size_t count) { return static_cast<uint32_t>((count + 3) / 4 * 4); }

// Who has me in their list.
Lists inverted(const Lists &lists, uint32_t count) {
  std::vector<uint32_t> sizes(count);
  for (uint32_t item : lists.items)
    ++sizes[item];
  Lists out;
  for (uint32_t size : sizes)
    out.begin.push_back(out.begin.back() + size);
  out.items.resize(lists.items.size());
  std::vector<uint32_t> at(out.begin.begin(), out.begin.end() - 1);
  for (uint32_t list = 0; list + 1 < lists.begin.size(); ++list)
    for (const uint32_t *item = lists.from(list); item != lists.to(list); ++item)
      out.items[at[*item]++] = list;
  return out;
}

} // namespace

Tables::Tables(const Model &model, Cost excess)
    : model(model), nodes(model.nodes), replicas(static_cast<uint32_t>(model.replicas.size())),
      open_price(model.open_price), busiest_price(model.busiest_group_price),
      words_((model.nodes + 63) / 64),
      pair_price_(model.pair_price.empty() ? nullptr : model.pair_price.data()) {
  lay_out(excess);
  flatten_replicas();
  for (const Shape &one : model.shapes) {
    prices.push_back(one.prices == UINT32_MAX ? nullptr : model.prices[one.prices].data());
    set_of_.push_back(one.allowed);
    if (!model.unit_price.empty())
      unit_demand_.insert(unit_demand_.end(), one.demand.begin(), one.demand.end());
    devices |= one.devices.count > 0;
  }
  allowed.resize(model.node_sets.size() * words_);
  for (size_t set = 0; set < model.node_sets.size(); ++set)
    for (uint32_t node = 0; node < nodes; ++node)
      if (model.node_sets[set][node])
        allowed[set * words_ + node / 64] |= uint64_t{1} << (node % 64);
  first_device.assign(nodes + 1, 0);
  for (const Device &device : model.devices)
    ++first_device[device.node + 1];
  for (uint32_t node = 0; node < nodes; ++node)
    first_device[node + 1] += first_device[node];
}

// What is short most often comes first, and is looked at first: what is transient goes on being
// held where replicas come from.
void Tables::sort_by_tightness(std::vector<size_t> &rooms,
                               const std::vector<int64_t> &total) const {
  const size_t dims = model.resources.size();
  std::vector<double> looseness(dims);
  for (size_t i = 0; i < model.capacity.size(); ++i)
    looseness[i % dims] += static_cast<double>(std::min(model.capacity[i], total[i % dims]));
  for (const Replica &replica : model.replicas)
    for (size_t d = 0; d < dims && replica.home != nowhere; ++d)
      if (model.resources[d].transient)
        looseness[d] -= static_cast<double>(model.shapes[replica.shape].demand[d]);
  for (size_t d = 0; d < dims; ++d)
    looseness[d] /= std::max(static_cast<double>(total[d]), 1.0);
  std::stable_sort(rooms.begin(), rooms.end(),
                   [&](size_t a, size_t b) { return looseness[a] < looseness[b]; });
}

// By room. What nobody pays for when it is overloaded costs, all of it, what the others do on the
// mean. A sum over all nodes fits a Cost.
std::vector<Cost> Tables::excess_prices(Cost excess, const std::vector<size_t> &room,
                                        const std::vector<int64_t> &total) const {
  double all = 0, priced = 0;
  for (size_t d = 0; d < total.size(); ++d)
    if (const Cost price = model.resources[d].overload_price; price > 0) {
      all += static_cast<double>(price) * static_cast<double>(total[d]);
      ++priced;
    }
  std::vector<Cost> out;
  for (size_t d : room) {
    const double own = static_cast<double>(model.resources[d].overload_price),
                 amount = std::max(static_cast<double>(total[d]), 1.0),
                 price = own > 0   ? own
                         : all > 0 ? all / priced / amount
                                   : 1,
                 most = 0x1p58 / static_cast<double>(room.size()) / amount;
    out.push_back(static_cast<Cost>(
        std::clamp(static_cast<double>(excess) * price, 1.0, std::max(most, 1.0))));
  }
  return out;
}

void Tables::lay_out(Cost excess) {
  const size_t dims = model.resources.size();
  std::vector<int64_t> total(dims);
  for (const Replica &replica : model.replicas)
    for (size_t d = 0; d < dims; ++d)
      total[d] += model.shapes[replica.shape].demand[d];
  std::vector<int64_t> largest(dims);
  for (size_t i = 0; i < model.capacity.size(); ++i)
    largest[i % dims] = std::max(largest[i % dims], model.capacity[i]);
  auto any_node = [&](auto holds) {
    for (uint32_t node = 0; node < nodes; ++node)
      if (holds(node * dims))
        return true;
    return false;
  };
  std::vector<size_t> room, overload, balance;
  for (size_t d = 0; d < dims; ++d) {
    if (any_node([&](size_t at) { return model.capacity[at + d] < total[d]; }))
      room.push_back(d);
    if (model.resources[d].overload_price > 0 && any_node([&](size_t at) {
          return model.safety[at + d] < std::min(model.capacity[at + d], total[d]);
        }))
      overload.push_back(d);
  }
  sort_by_tightness(room, total);
  for (size_t b = 0; b < model.balances.size(); ++b)
    if (model.balances[b].price > 0 && model.balances[b].target > 0)
      balance.push_back(b);
  const std::vector<Cost> exceeding =
      excess > 0 ? excess_prices(excess, room, total) : std::vector<Cost>{};
  rooms = padded(std::max<size_t>(room.size(), 1)); // one at least, by which a node is closed
  const size_t first_excess = rooms + overload.size() + balance.size();
  overloads = static_cast<uint32_t>(overload.size());
  levels = padded(first_excess - rooms + exceeding.size());
  stride = rooms + levels;

  node_rows.assign(size_t{nodes} * stride, 0);
  for (uint32_t node = 0; node < nodes; ++node) {
    const size_t at = node * dims;
    int64_t *row = node_rows.data() + size_t{node} * stride;
    for (size_t i = 0; i < room.size(); ++i)
      row[i] = model.capacity[at + room[i]];
    int64_t *level = row + rooms;
    // Safety beyond all demand is as good as all demand, and keeps the product small.
    for (size_t d : overload)
      *level++ = -model.resources[d].overload_price * std::min(model.safety[at + d], total[d]);
    for (size_t b : balance) {
      const Balance &one = model.balances[b];
      const int64_t wanted = one.target * model.capacity[at + one.of];
      *level++ =
          one.price * (wanted - std::min(model.capacity[at + one.to], wanted + total[one.to]));
    }
    for (size_t i = 0; i < exceeding.size(); ++i) {
      *level++ = -exceeding[i] * std::min(row[i], total[room[i]]);
      row[i] = boundless;
    }
  }
  shape_rows.assign(model.shapes.size() * stride, 0);
  for (size_t s = 0; s < model.shapes.size(); ++s) {
    const std::vector<int64_t> &demand = model.shapes[s].demand;
    int64_t *row = shape_rows.data() + s * stride;
    for (size_t i = 0; i < room.size(); ++i)
      row[i] = demand[room[i]];
    // A shape that nobody has, or no node can host, may be of any size.
    auto used = [&](size_t d) { return std::min({demand[d], total[d], largest[d]}); };
    int64_t *level = row + rooms;
    for (size_t d : overload)
      *level++ = model.resources[d].overload_price * used(d);
    for (size_t b : balance) {
      const Balance &one = model.balances[b];
      *level++ = one.price * (used(one.to) - one.target * used(one.of));
    }
    for (size_t i = 0; i < exceeding.size(); ++i)
      *level++ = exceeding[i] * used(room[i]);
  }
  if (std::none_of(model.resources.begin(), model.resources.end(),
                   [](const Resource &resource) { return resource.transient; }))
    return;
  home_rows = shape_rows;
  for (size_t i = 0; i < room.size(); ++i) {
    if (!model.resources[room[i]].transient)
      continue;
    // Held at home by all who come from there, wherever they are.
    const size_t at = exceeding.empty() ? i : first_excess + i;
    for (size_t s = 0; s < model.shapes.size(); ++s)
      home_rows[s * stride + at] = 0;
    for (const Replica &replica : model.replicas)
      if (replica.home != nowhere) {
        const int64_t held = shape_rows[replica.shape * stride + at];
        node_rows[size_t{replica.home} * stride + at] += exceeding.empty() ? -held : held;
      }
  }
}

void Tables::flatten_replicas() {
  for (const Replica &replica : model.replicas) {
    shape.push_back(replica.shape);
    home.push_back(replica.home);
    move_price.push_back(replica.move_price);
    pair_weight.push_back(replica.pair_weight);
    if (replica.absence_price != must_be_placed)
      optional.push_back(static_cast<uint32_t>(shape.size() - 1));
    absence_price.push_back(std::max<Cost>(replica.absence_price, 0));
    groups_of.items.insert(groups_of.items.end(), replica.groups.begin(), replica.groups.end());
    groups_of.begin.push_back(static_cast<uint32_t>(groups_of.items.size()));
  }
  members = inverted(groups_of, model.groups);
  Lists homes;
  for (uint32_t replica = 0; replica < replicas; ++replica) {
    if (home[replica] != nowhere)
      homes.items.push_back(home[replica]);
    homes.begin.push_back(static_cast<uint32_t>(homes.items.size()));
  }
  natives = inverted(homes, nodes);
}

} // namespace nemo::optimiser
