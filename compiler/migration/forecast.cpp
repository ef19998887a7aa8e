#include "compiler/migration/forecast.h"

#include "compiler/explain/texts.h"
#include "compiler/resolve/volumes.h"

namespace nemo::compiler {

void forecast(const proto::Workload &workload, proto::Action &action) {
  std::string text, missing;
  unsigned __int128 milliseconds = 0;
  for (const proto::Mount &mount : workload.mounts()) {
    if (mount.volume().empty() || (mount.restore_bps() == 0 && !is_local_volume(mount)))
      continue;
    if (mount.restore_bps() == 0 || mount.size_bytes() == 0) {
      missing = missing.empty() ? explain::restore_unknown(
                                      mount.volume(), mount.restore_bps() == 0 ? "restore" : "size")
                                : missing;
      continue;
    }
    const auto millibits = static_cast<unsigned __int128>(mount.size_bytes()) * 8000;
    milliseconds += (millibits + mount.restore_bps() - 1) / mount.restore_bps();
    text += (text.empty() ? "" : ", ") +
            explain::restores(mount.volume(), mount.size_bytes(), mount.restore_bps());
  }
  action.set_forecast(missing.empty() ? text : missing);
  if (missing.empty() && !text.empty() && milliseconds <= INT64_MAX)
    action.set_predicted_ms(static_cast<uint64_t>(milliseconds));
}

} // namespace nemo::compiler
