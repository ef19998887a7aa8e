// What nodes have for this plan: their own, less what other stacks and what stays take of it.
#pragma once

#include <array>
#include <map>
#include <optional>

#include "compiler/verify/case.h"

namespace nemo::verify {

/// Processor (millicores), memory and disk (bytes), GPU (thousandths), pids.
using Amount = unsigned __int128;
using Amounts = std::array<Amount, 5>;
constexpr std::array<const char *, 5> amount_names = {"cpu (millicores)", "memory (bytes)",
                                                      "disk (bytes)", "gpu (thousandths)", "pids"};

inline void operator+=(Amounts &sum, const Amounts &part) {
  for (size_t i = 0; i < sum.size(); ++i)
    sum[i] += part[i];
}
Amounts amounts(const proto::Resources &resources);
/// With the disk that volumes on the node may fill.
template <typename Mounts>
Amounts amounts(const proto::Resources &resources, const Mounts &mounts) {
  Amounts all = amounts(resources);
  for (const proto::Mount &mount : mounts)
    if (!mount.volume().empty() && mount.kind().empty())
      all[2] += mount.size_bytes();
  return all;
}
/// What of its processor a node has the power for, in millicores.
uint64_t fed(const proto::Node &node);
/// Of what a node does not say, nullopt.
std::array<std::optional<uint64_t>, 5> capacity(const proto::Node &node);
/// What others were given, and on which node.
std::vector<std::pair<std::string, const proto::Spec *>> specs_of_others(const Case &subject);
/// By node, what others hold there.
std::map<std::string, Amounts> held_by_others(const Case &subject);

/// By node and number, who of the others has a fixed port.
std::map<std::pair<std::string, uint32_t>, std::string> ports_of_others(const Case &subject);

constexpr size_t first_hour = 5 + 2 * 64; ///< in a row, behind all GPUs
constexpr size_t first_named = first_hour + 48;

/// A time at which what jobs take may be the most, in milliseconds after the fleet's.
struct Moment {
  int64_t time = 0;
  size_t hour = 0; ///< of the day, UTC
};

/// What rows have beside the five amounts and the GPUs.
struct Columns {
  bool hourly = false;            ///< processor and memory of each hour, not the day's most
  std::vector<std::string> named; ///< devices by name
  std::vector<Moment> moments;    ///< with jobs that run then, unlike the hours; only if hourly
  size_t first_moment() const { return first_named + named.size(); }
  size_t size() const { return first_moment() + 2 * moments.size(); }
};
/// Every name of a device that somebody asks for.
std::vector<std::string> named_devices(const proto::Intent &intent);
/// How many of a name are listed.
uint64_t devices_named(const google::protobuf::RepeatedPtrField<proto::NamedDevice> &list,
                       const std::string &name);

/// What one or several take of a node by everything that runs out by itself: the five amounts, then
/// of each GPU its thousandths and its memory, then what the columns say.
class Row {
public:
  Row() = default;
  /// \param run  of a job that takes its room only then
  Row(const proto::Spec &spec, bool gpus, const Columns &columns,
      const std::optional<Span> &run = std::nullopt);
  Amount at(size_t i) const { return i < amounts_.size() ? amounts_[i] : 0; }
  void operator+=(const Row &other);

private:
  std::vector<Amount> amounts_;
};
/// As long as a row of the node can be.
std::vector<std::optional<uint64_t>> capacities(const proto::Node &node, const Columns &columns);
std::string row_name(size_t i, const Columns &columns);

} // namespace nemo::verify
