// How long an image and a moved replica's data take, from the sizes and rates that are given.
#include "compiler/verify/changes.h"

#include "base/rational.h"
#include "compiler/explain/texts.h"

namespace nemo::verify {

void forecast(const proto::Workload &workload, const proto::Node &node, bool asleep,
              std::optional<uint64_t> memory, proto::Action &action) {
  std::vector<std::string> parts;
  std::string unknown;
  std::optional<Rational> sum = Rational(0);
  const auto wait = [&](uint64_t bytes, uint64_t rate, const std::string &part) {
    const auto bits = Rational(static_cast<int64_t>(bytes)).times(Rational(8000));
    const auto time = bits ? bits->over(Rational(static_cast<int64_t>(rate))) : std::nullopt;
    const auto whole = time ? time->ceil() : std::nullopt;
    sum = sum && whole ? sum->plus(Rational(*whole)) : std::nullopt;
    parts.push_back(part);
  };
  if (asleep && node.has_wake_ms()) {
    sum = Rational(static_cast<int64_t>(node.wake_ms()));
    parts.push_back(explain::wakes(node.name(), node.wake_ms()));
  } else if (asleep) {
    unknown = explain::wake_unknown(node.name());
  }
  bool there = workload.image().empty();
  for (const std::string &image : node.images())
    there |= image == workload.image();
  const bool spoken = node.has_pull_bps() || node.images_size() != 0 || workload.image_bytes() != 0;
  if (!there && spoken) {
    std::string lacks;
    if (workload.image_bytes() == 0)
      lacks = explain::image_size_unknown(workload.name());
    else if (node.pull_bps() == 0)
      lacks = explain::pull_unknown(node.name());
    if (unknown.empty())
      unknown = lacks;
    if (lacks.empty())
      wait(workload.image_bytes(), node.pull_bps(),
           explain::pulls(workload.image(), workload.image_bytes(), node.pull_bps()));
  }
  for (const proto::Mount &mount : workload.mounts()) {
    if (action.verb() != "move")
      break;
    const bool kept_elsewhere = !mount.kind().empty();
    const uint64_t rate = mount.restore_bps(), size = mount.size_bytes();
    if (mount.volume().empty() || (kept_elsewhere && rate == 0))
      continue;
    const char *lacks = rate == 0 ? "restore" : size == 0 ? "size" : nullptr;
    if (lacks && unknown.empty())
      unknown = explain::restore_unknown(mount.volume(), lacks);
    if (lacks)
      continue;
    wait(size, rate, explain::restores(mount.volume(), size, rate));
  }
  if (memory && *memory != 0)
    wait(workload.resources().memory_bytes(), *memory,
         explain::copies_memory(workload.resources().memory_bytes(), *memory));
  else if (memory && unknown.empty())
    unknown = explain::bandwidth_unknown(action.from_node(), node.name());
  std::string text;
  for (const std::string &part : parts)
    text += (text.empty() ? "" : ", ") + part;
  action.set_forecast(unknown.empty() ? text : unknown);
  if (!unknown.empty() || parts.empty() || !sum)
    return;
  if (const auto whole = sum->floor())
    action.set_predicted_ms(static_cast<uint64_t>(*whole));
}

} // namespace nemo::verify
