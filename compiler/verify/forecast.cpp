// How long a moved replica's data takes, from the sizes and rates that the intent gives.
#include "compiler/verify/changes.h"

#include "base/rational.h"
#include "compiler/explain/texts.h"

namespace nemo::verify {

void forecast(const proto::Workload &workload, proto::Action &action) {
  std::vector<std::string> parts;
  std::string unknown;
  std::optional<Rational> sum = Rational(0);
  for (const proto::Mount &mount : workload.mounts()) {
    const bool kept_elsewhere = !mount.kind().empty();
    const uint64_t rate = mount.restore_bps(), size = mount.size_bytes();
    if (mount.volume().empty() || (kept_elsewhere && rate == 0))
      continue;
    const char *lacks = rate == 0 ? "restore" : size == 0 ? "size" : nullptr;
    if (lacks && unknown.empty())
      unknown = explain::restore_unknown(mount.volume(), lacks);
    if (lacks)
      continue;
    const auto bits = Rational(static_cast<int64_t>(size)).times(Rational(8000));
    const auto wait = bits ? bits->over(Rational(static_cast<int64_t>(rate))) : std::nullopt;
    const auto whole = wait ? wait->ceil() : std::nullopt;
    sum = sum && whole ? sum->plus(Rational(*whole)) : std::nullopt;
    parts.push_back(explain::restores(mount.volume(), size, rate));
  }
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
