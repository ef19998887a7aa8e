#include "compiler/verify/rooms.h"

#include <algorithm>
#include <set>

#include <fmt/format.h>

#include "base/rational.h"
#include "compiler/verify/devices.h"
#include "compiler/verify/hours.h"

namespace nemo::verify {

Amounts amounts(const proto::Resources &resources) {
  const HourlyAmount most = peak(day_of(resources));
  return {most.cpu, most.memory, resources.disk_bytes(), resources.gpu_milli(), resources.pids()};
}

uint64_t fed(const proto::Node &node) {
  constexpr uint64_t always = 1000000000;
  const uint64_t awake = node.has_duty_ppb() ? std::min(node.duty_ppb(), always) : always;
  if (!node.has_supply_mw())
    return node.cpu_millicores();
  if (!node.has_power_idle_mw() || !node.has_power_max_mw() || awake == 0)
    return 0;
  // The draw grows with the processor's use: the last use at which it is no more than is given.
  const auto given =
      Rational(static_cast<int64_t>(always))
          .times(
              Rational::make(static_cast<Rational::Int>(node.supply_mw()), 1).value_or(Rational()));
  const auto enough = [&](uint64_t millicores) {
    const auto idle = static_cast<Rational::Int>(node.power_idle_mw());
    const auto span = static_cast<Rational::Int>(node.power_max_mw()) - idle;
    const auto share = Rational::make(static_cast<Rational::Int>(millicores),
                                      static_cast<Rational::Int>(node.cpu_millicores()));
    const auto busy = share ? share->times(Rational::make(span, 1).value_or(Rational())) : share;
    const auto draw = busy ? busy->plus(Rational::make(idle, 1).value_or(Rational())) : busy;
    const auto mean = draw ? draw->times(Rational(static_cast<int64_t>(awake))) : draw;
    return given && mean && *mean <= *given;
  };
  uint64_t least = 0, most = node.cpu_millicores();
  if (most == 0 || !enough(0))
    return 0;
  while (least < most) {
    const uint64_t middle = most - (most - least) / 2;
    if (enough(middle))
      least = middle;
    else
      most = middle - 1;
  }
  return least;
}

std::array<std::optional<uint64_t>, 5> capacity(const proto::Node &node) {
  uint64_t gpu = 0;
  for (const Device &device : devices_on(node))
    gpu += device.milli;
  auto known = [](bool has, uint64_t value) {
    return has ? std::optional<uint64_t>(value) : std::nullopt;
  };
  return {fed(node), node.memory_bytes(), known(node.has_disk_bytes(), node.disk_bytes()),
          known(node.has_gpu_milli() || !node.gpus().empty(), gpu),
          known(node.has_pids(), node.pids())};
}

std::vector<std::pair<std::string, const proto::Spec *>> specs_of_others(const Case &subject) {
  std::vector<std::pair<std::string, const proto::Spec *>> all;
  for (const proto::PartState &state : subject.plan.facts().parts())
    if (state.part().stack() != subject.plan.stack())
      for (const proto::Instance &instance : state.part().instances())
        all.emplace_back(state.part().node(), &instance.spec());
  for (const There &one : subject.frozen)
    if (one.spec)
      all.emplace_back(one.node, one.spec);
  return all;
}

std::map<std::string, Amounts> held_by_others(const Case &subject) {
  std::map<std::string, Amounts> held;
  for (const auto &[node, spec] : specs_of_others(subject))
    held[node] += amounts(spec->resources(), spec->mounts());
  return held;
}

std::map<std::pair<std::string, uint32_t>, std::string> ports_of_others(const Case &subject) {
  std::map<std::pair<std::string, uint32_t>, std::string> taken;
  for (const proto::PartState &state : subject.plan.facts().parts())
    if (state.part().stack() != subject.plan.stack())
      for (const proto::Instance &instance : state.part().instances())
        if (instance.spec().network() != "own")
          for (const proto::Port &port : instance.spec().ports())
            if (port.number() != 0)
              taken[{state.part().node(), port.number()}] = "stack " + state.part().stack();
  for (const There &one : subject.frozen)
    if (one.spec && one.spec->network() != "own")
      for (const proto::Port &port : one.spec->ports())
        if (port.number() != 0)
          taken[{one.node, port.number()}] = one.name();
  return taken;
}

std::vector<std::string> named_devices(const proto::Intent &intent) {
  std::set<std::string> names;
  for (const proto::Workload &workload : intent.workloads())
    for (const proto::NamedDevice &device : workload.resources().devices())
      names.insert(device.name());
  return {names.begin(), names.end()};
}

uint64_t devices_named(const google::protobuf::RepeatedPtrField<proto::NamedDevice> &list,
                       const std::string &name) {
  const auto found = std::find_if(
      list.begin(), list.end(), [&](const proto::NamedDevice &one) { return one.name() == name; });
  return found == list.end() ? 0 : found->count();
}

Row::Row(const proto::Spec &spec, bool gpus, const Columns &columns,
         const std::optional<Span> &run) {
  const Amounts five = amounts(spec.resources(), spec.mounts());
  amounts_.assign(five.begin(), five.end());
  if (columns.hourly || !columns.named.empty())
    amounts_.resize(columns.size());
  for (size_t i = 0; i < columns.named.size(); ++i)
    amounts_[first_named + i] = devices_named(spec.resources().devices(), columns.named[i]);
  if (columns.hourly) {
    amounts_[0] = amounts_[1] = 0;
    const Day day = day_of(spec.resources());
    for (size_t hour = 0; hour < 24 && !run; ++hour) {
      amounts_[first_hour + 2 * hour] = day[hour].cpu;
      amounts_[first_hour + 2 * hour + 1] = day[hour].memory;
    }
    for (size_t m = 0; m < columns.moments.size(); ++m) {
      const Moment &moment = columns.moments[m];
      if (run && (moment.time < run->start || moment.time >= run->start + run->length))
        continue;
      amounts_[columns.first_moment() + 2 * m] = day[moment.hour].cpu;
      amounts_[columns.first_moment() + 2 * m + 1] = day[moment.hour].memory;
    }
  }
  for (uint32_t gpu : spec.gpus()) {
    if (!gpus || gpu >= 64)
      continue;
    amounts_.resize(std::max<size_t>(amounts_.size(), 5 + 2 * (gpu + 1)));
    amounts_[5 + 2 * gpu] += part_of_device(spec.resources());
    amounts_[5 + 2 * gpu + 1] += spec.resources().gpu_memory_bytes();
  }
}

void Row::operator+=(const Row &other) {
  amounts_.resize(std::max(amounts_.size(), other.amounts_.size()));
  for (size_t i = 0; i < other.amounts_.size(); ++i)
    amounts_[i] += other.amounts_[i];
}

std::vector<std::optional<uint64_t>> capacities(const proto::Node &node, const Columns &columns) {
  const auto five = capacity(node);
  std::vector<std::optional<uint64_t>> all(five.begin(), five.end());
  for (const Device &device : devices_on(node)) {
    all.push_back(device.milli);
    all.push_back(device.said.has_memory_bytes() ? std::optional(device.said.memory_bytes())
                                                 : std::nullopt);
  }
  if (columns.hourly) {
    all.resize(first_hour);
    for (size_t i = 0; i < 48; ++i)
      all.push_back(five[i % 2]);
  }
  if (!columns.named.empty())
    all.resize(first_named);
  for (const std::string &name : columns.named)
    all.emplace_back(devices_named(node.devices(), name));
  if (!columns.moments.empty())
    all.resize(columns.first_moment());
  for (size_t i = 0; i < 2 * columns.moments.size(); ++i)
    all.push_back(five[i % 2]);
  return all;
}

std::string row_name(size_t i, const Columns &columns) {
  if (i >= columns.first_moment())
    return fmt::format("{} {} minutes from now", amount_names[(i - columns.first_moment()) % 2],
                       columns.moments[(i - columns.first_moment()) / 2].time / 60000);
  if (i >= first_named)
    return columns.named[i - first_named];
  if (i >= first_hour)
    return fmt::format("{} at {}:00", amount_names[(i - first_hour) % 2], (i - first_hour) / 2);
  if (i < amount_names.size())
    return amount_names[i];
  return fmt::format("GPU {} ({})", (i - 5) / 2, i % 2 == 1 ? "thousandths" : "memory");
}

} // namespace nemo::verify
