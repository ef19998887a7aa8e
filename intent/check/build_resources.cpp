// What a workload asks of nodes, as far as its parts have to make sense together.
#include "intent/check/build.h"

#include <fmt/format.h>

namespace nemo::check {

void check_devices(Context &context, const TypedBlock &block, const proto::Resources &made) {
  const uint64_t milli = made.gpu_milli();
  const TypedAttribute *gpu = block.find("gpu");
  const auto refuse = [&](const TypedAttribute &at, std::string message, std::string fix) {
    context.error(diag::N0330, at.at, at.extent, std::move(message)).fix = std::move(fix);
  };
  if (milli > 1000 && milli % 1000 != 0)
    return refuse(*gpu, "a part of a device beside whole ones",
                  fmt::format("ask for {} or {} whole devices; what needs only a part of one is a "
                              "workload of its own",
                              milli / 1000, milli / 1000 + 1));
  if (!made.gpu_profile().empty() && milli % 1000 != 0)
    return refuse(*gpu, "a part of a MIG instance, which is only given whole",
                  "write gpu = 1, and take a smaller profile where that is too much");
  if (gpu && !gpu->sound())
    return;
  for (const char *name : {"gpu-model", "gpu-memory", "gpu-profile"})
    if (const TypedAttribute *given = block.find(name); given && given->sound() && milli == 0)
      return refuse(*given, fmt::format("{} without gpu", name),
                    "say how much: gpu = 1 is a whole device, gpu = 0.5 is half of one");
  for (const char *name : {"gpu-model", "gpu-profile"})
    if (const TypedAttribute *given = block.find(name); given && given->sound())
      for (const std::string &word : texts(block, name).empty()
                                         ? std::vector<std::string>{text(block, name)}
                                         : texts(block, name))
        if (word.empty())
          return refuse(*given, "a device without a name",
                        fmt::format("name it as the fleet does, or leave {} out", name));
}

} // namespace nemo::check
