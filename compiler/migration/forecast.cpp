#include "compiler/migration/forecast.h"

#include <algorithm>

#include "compiler/explain/texts.h"
#include "compiler/migration/live.h"
#include "compiler/resolve/volumes.h"

namespace nemo::compiler {

namespace {

/// What takes its time, one after the other.
class Taking {
public:
  void add(uint64_t bytes, uint64_t bits_per_second, const std::string &text) {
    const auto millibits = static_cast<unsigned __int128>(bytes) * 8000;
    milliseconds_ += (millibits + bits_per_second - 1) / bits_per_second;
    text_ += (text_.empty() ? "" : ", ") + text;
  }
  void add(uint64_t milliseconds, const std::string &text) {
    milliseconds_ += milliseconds;
    text_ += (text_.empty() ? "" : ", ") + text;
  }
  void lack(std::string what) { missing_ = missing_.empty() ? std::move(what) : missing_; }
  void tell(proto::Action &action) const {
    action.set_forecast(missing_.empty() ? text_ : missing_);
    if (missing_.empty() && !text_.empty() && milliseconds_ <= INT64_MAX)
      action.set_predicted_ms(static_cast<uint64_t>(milliseconds_));
  }

private:
  std::string text_, missing_;
  unsigned __int128 milliseconds_ = 0;
};

void restore(const proto::Workload &workload, Taking &waits) {
  for (const proto::Mount &mount : workload.mounts()) {
    if (mount.volume().empty() || (mount.restore_bps() == 0 && !is_local_volume(mount)))
      continue;
    if (mount.restore_bps() == 0 || mount.size_bytes() == 0)
      waits.lack(
          explain::restore_unknown(mount.volume(), mount.restore_bps() == 0 ? "restore" : "size"));
    else
      waits.add(mount.size_bytes(), mount.restore_bps(),
                explain::restores(mount.volume(), mount.size_bytes(), mount.restore_bps()));
  }
}

/// Whether it is suspended nobody says, so that it is what it may take.
void wake(const proto::Node &node, Taking &waits) {
  if (node.has_wake_ms())
    waits.add(node.wake_ms(), explain::wakes(node.name(), node.wake_ms()));
  else
    waits.lack(explain::wake_unknown(node.name()));
}

/// Where neither side says a word about pulling, nothing is missed.
void pull(const proto::Workload &workload, const proto::Node &node, Taking &waits) {
  const bool said = workload.image_bytes() != 0 || node.has_pull_bps() || !node.images().empty();
  if (workload.image().empty() || !said ||
      std::find(node.images().begin(), node.images().end(), workload.image()) !=
          node.images().end())
    return;
  if (workload.image_bytes() == 0)
    waits.lack(explain::image_size_unknown(workload.name()));
  else if (node.pull_bps() == 0)
    waits.lack(explain::pull_unknown(node.name()));
  else
    waits.add(workload.image_bytes(), node.pull_bps(),
              explain::pulls(workload.image(), workload.image_bytes(), node.pull_bps()));
}

void memory(const proto::Workload &workload, const Copy &copy, const proto::Node &node,
            Taking &waits) {
  const uint64_t bytes = workload.resources().memory_bytes();
  if (const auto rate = bandwidth_between(copy.world, copy.from, node))
    waits.add(bytes, *rate, explain::copies_memory(bytes, *rate));
  else
    waits.lack(explain::bandwidth_unknown(copy.from.name(), node.name()));
}

} // namespace

void forecast(const proto::Workload &workload, const proto::Node &node, bool asleep,
              const std::optional<Copy> &copy, proto::Action &action) {
  Taking waits;
  if (asleep)
    wake(node, waits);
  pull(workload, node, waits);
  if (action.verb() == "move")
    restore(workload, waits);
  if (copy)
    memory(workload, *copy, node, waits);
  waits.tell(action);
}

} // namespace nemo::compiler
