#include "compiler/verify/scarce.h"

#include <algorithm>

#include <fmt/format.h>

namespace nemo::verify {

namespace {

constexpr int64_t most_room = int64_t{1} << 61;
constexpr int64_t most_price = int64_t{1} << 46; // with most_room, sums over 2^19 nodes fit

int64_t bounded(unsigned __int128 value) {
  return static_cast<int64_t>(std::min<unsigned __int128>(value, most_room));
}

} // namespace

Scarcity::Scarcity(const Case &subject, Faults &faults) {
  const std::map<std::string, Amounts> others = held_by_others(subject);
  for (const auto &[name, node] : subject.world.nodes) {
    const auto have = capacity(node);
    const auto held = others.find(name);
    for (size_t i = 0; i < have.size(); ++i) {
      const unsigned __int128 taken = held == others.end() ? 0 : held->second[i];
      int64_t &room = room_[name][i];
      if (!have[i])
        room = i == 4 ? most_room : -1; // pids that a node does not count are not what runs out
      else if (*have[i] >= static_cast<uint64_t>(most_room))
        room = most_room;
      else
        room = *have[i] > taken ? bounded(*have[i] - taken) : 0;
    }
  }
  std::pair<std::string, uint32_t> before;
  for (const proto::ScarceRoom &scarce : subject.plan.objective().scarce()) {
    const std::pair<std::string, uint32_t> here{scarce.node(), scarce.resource()};
    const auto room = room_.find(scarce.node());
    if (room == room_.end() || scarce.resource() >= 5 || scarce.price() <= 0 ||
        scarce.price() > most_price || here <= before) {
      faults.add(diag::N0716, fmt::format("objective.scarce: no price of room on {}", here.first));
      continue;
    }
    before = here;
    price_[here.first][here.second] = scarce.price();
    worth_ += static_cast<__int128>(scarce.price()) *
              std::max<int64_t>(room->second[scarce.resource()], 0);
  }
}

bool Scarcity::has_room(const proto::Workload &workload, const std::string &node) const {
  const Amounts need = amounts(workload.resources(), workload.mounts());
  const std::array<int64_t, 5> &room = room_.at(node);
  for (size_t i = 0; i < need.size(); ++i)
    if (need[i] > 0 && (room[i] < 0 || need[i] > static_cast<unsigned __int128>(room[i])))
      return false;
  return true;
}

__int128 Scarcity::paid(const proto::Workload &workload, const std::string &node,
                        int64_t cost) const {
  __int128 sum = static_cast<__int128>(cost) * (__int128{1} << price_bits);
  const auto prices = price_.find(node);
  if (prices == price_.end())
    return sum;
  const Amounts need = amounts(workload.resources(), workload.mounts());
  for (size_t i = 0; i < need.size(); ++i)
    sum += static_cast<__int128>(prices->second[i]) * bounded(need[i]);
  return sum;
}

} // namespace nemo::verify
