#include "compiler/verify/scarce.h"

#include <algorithm>

#include <fmt/format.h>

#include "compiler/verify/overcommit.h"
#include "compiler/verify/sharing.h"

namespace nemo::verify {

namespace {

constexpr int64_t most_room = int64_t{1} << 61;
constexpr int64_t most_price = int64_t{1} << 46; // with most_room, sums over 2^19 nodes fit

int64_t bounded(unsigned __int128 value) {
  return static_cast<int64_t>(std::min<unsigned __int128>(value, most_room));
}

void add(uint64_t &sum, uint64_t part) {
  if (__builtin_add_overflow(sum, part, &sum))
    sum = UINT64_MAX;
}

/// The part of the day that an amount is of; see ScarceRoom.
size_t part_at(size_t resource) { return resource < 5 ? 0 : (resource - 5) / 2 + 1; }

} // namespace

Scarcity::Scarcity(const Case &subject, const Objective &objective, Faults &faults)
    : shared_(shares_in_time(subject)) {
  const std::map<std::string, Amounts> others = held_by_others(subject);
  parts_ = changes_of_day(subject.intent);
  std::map<std::string, std::vector<HourlyAmount>> by_part; ///< that others take
  if (parts_.size() > 1)
    for (const auto &[node, spec] : specs_of_others(subject)) {
      std::vector<HourlyAmount> &taken = by_part[node];
      taken.resize(parts_.size());
      for (size_t part = 0; part < parts_.size(); ++part) {
        const HourlyAmount most = peak_in(day_of(spec->resources()), parts_, part);
        add(taken[part].cpu, most.cpu);
        add(taken[part].memory, most.memory);
      }
    }
  for (const auto &[name, node] : subject.world.nodes) {
    const auto have = capacity(node);
    const auto held = others.find(name);
    const auto hourly = by_part.find(name);
    room_[name].resize(have.size() + 2 * (parts_.size() - 1));
    price_[name].resize(room_[name].size());
    for (size_t k = 0; k < room_[name].size(); ++k) {
      const size_t i = k < have.size() ? k : (k - have.size()) % 2;
      unsigned __int128 taken = held == others.end() ? 0 : held->second[i];
      if (i < 2 && parts_.size() > 1) {
        const HourlyAmount then =
            hourly == by_part.end() ? HourlyAmount{} : hourly->second[part_at(k)];
        taken = i == 0 ? then.cpu : then.memory;
      }
      int64_t &room = room_[name][k];
      if (!have[i])
        room = i == 4 ? most_room : -1; // pids that a node does not count are not what runs out
      else if (*have[i] >= static_cast<uint64_t>(most_room))
        room = most_room;
      else
        room = *have[i] > taken ? bounded(*have[i] - taken) : 0;
    }
  }
  std::map<std::pair<std::string, std::string>, Amount> taken;
  for (const auto &[node, spec] : specs_of_others(subject))
    for (const proto::NamedDevice &device : spec->resources().devices())
      taken[{node, device.name()}] += device.count();
  for (const auto &[name, node] : subject.world.nodes)
    for (const proto::NamedDevice &device : node.devices())
      if (const Amount gone = taken[{name, device.name()}]; gone < device.count())
        devices_left_[{name, device.name()}] = device.count() - gone;
  // What a node may promise of its processor is no number then.
  const bool overcommitted = accepted_risk(subject.intent).has_value();
  std::pair<std::string, uint32_t> before;
  for (const proto::ScarceRoom &scarce : subject.plan.objective().scarce()) {
    const std::pair<std::string, uint32_t> here{scarce.node(), scarce.resource()};
    const auto room = room_.find(scarce.node());
    if (room == room_.end() || scarce.resource() >= room->second.size() || scarce.price() <= 0 ||
        scarce.price() > most_price || here <= before ||
        (scarce.resource() == 0 && overcommitted)) {
      faults.add(diag::N0716, fmt::format("objective.scarce: no price of room on {}", here.first));
      continue;
    }
    before = here;
    price_[here.first][here.second] = scarce.price();
  }
  for (const auto &[name, prices] : price_) {
    const Place place = subject.world.at(name);
    __int128 worth = 0;
    for (size_t k = 0; k < prices.size(); ++k)
      worth += static_cast<__int128>(prices[k]) * std::max<int64_t>(room_[name][k], 0);
    if (place.node->has_power_suspended_mw())
      worth -= static_cast<__int128>(objective.awake(place).value_or(0)) << price_bits;
    worth_ += std::max<__int128>(worth, 0);
  }
}

std::vector<Amount> Scarcity::needs(const proto::Workload &workload) const {
  std::vector<Amount> all = all_day(workload);
  for (size_t k = 0; k < all.size() && shared_ && workload.has_job(); ++k)
    if (k < 2 || k >= Amounts().size())
      all[k] = 0;
  return all;
}

std::vector<Amount> Scarcity::all_day(const proto::Workload &workload) const {
  const Amounts five = amounts(workload.resources(), workload.mounts());
  std::vector<Amount> all(five.begin(), five.end());
  if (parts_.size() < 2)
    return all;
  const Day day = day_of(workload.resources());
  all.resize(five.size() + 2 * (parts_.size() - 1));
  for (size_t k = 0; k < all.size(); ++k)
    if (const size_t i = k < five.size() ? k : (k - five.size()) % 2; i < 2) {
      const HourlyAmount then = peak_in(day, parts_, part_at(k));
      all[k] = i == 0 ? then.cpu : then.memory;
    }
  return all;
}

bool Scarcity::has_room(const proto::Workload &workload, const std::string &node) const {
  for (const proto::NamedDevice &device : workload.resources().devices()) {
    const auto left = devices_left_.find({node, device.name()});
    if (left == devices_left_.end() || left->second < device.count())
      return false;
  }
  const std::vector<Amount> need = needs(workload);
  const std::vector<int64_t> &room = room_.at(node);
  if (shared_ && workload.has_job()) { // at some hour of the day
    const Day day = day_of(workload.resources());
    bool ever = false;
    for (size_t part = 0; part < parts_.size(); ++part) {
      const size_t k = part == 0 ? 0 : room.size() - 2 * (parts_.size() - part);
      const HourlyAmount most = peak_in(day, parts_, part);
      ever |= static_cast<Amount>(std::max<int64_t>(room[k], 0)) >= most.cpu &&
              static_cast<Amount>(std::max<int64_t>(room[k + 1], 0)) >= most.memory;
    }
    if (!ever)
      return false;
  }
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
  const std::vector<Amount> need = needs(workload);
  for (size_t i = 0; i < need.size(); ++i)
    sum += static_cast<__int128>(prices->second[i]) * bounded(need[i]);
  return sum;
}

} // namespace nemo::verify
