// What a workload asks of nodes, as far as its parts have to make sense together.
#include "intent/check/build.h"

#include <array>
#include <utility>

#include <fmt/format.h>

#include "intent/units/units.h"

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

void check_mean(Context &context, const TypedBlock &block, const proto::Resources &made) {
  const TypedAttribute *mean = block.find("cpu-mean"), *cpu = block.find("cpu");
  if (!mean || !mean->sound() || (cpu && !cpu->sound()) ||
      made.cpu_mean_millicores() <= made.cpu_millicores())
    return;
  context.error(diag::N0206, mean->at, mean->extent,
                fmt::format("{} on average are more than the {} that it may use",
                            units::show_cpu(made.cpu_mean_millicores()),
                            units::show_cpu(made.cpu_millicores())),
                fmt::format("at most {}", units::show_cpu(made.cpu_millicores())));
}

void read_hours(Context &context, const TypedBlock &block, proto::Resources &made) {
  std::array<const TypedBlock *, 24> taken{};
  for (const TypedBlock &child : block.children) {
    const TypedAttribute *between = child.find("between");
    if (child.schema->name != llvm::StringRef("hours") || !between || !between->sound())
      continue;
    const auto refuse = [&](std::string message, std::string fix) -> Diagnostic & {
      Diagnostic &fault =
          context.error(diag::N0333, between->at, between->extent, std::move(message));
      fault.fix = std::move(fix);
      return fault;
    };
    const bool range = between->value.has_range();
    const uint32_t from = range ? whole_number(between->value.range().low()) : 0;
    const uint32_t to = range ? whole_number(between->value.range().high()) : 0;
    if (from >= to) {
      refuse("hours that are none", "write them as from..to: between = 8..18 ends at 18:00");
      continue;
    }
    if (!child.find("cpu") && !child.find("memory")) {
      refuse("hours at which nothing differs", "say cpu or memory, or leave the block out");
      continue;
    }
    const TypedBlock *other = nullptr;
    for (uint32_t hour = from; hour < to; ++hour)
      other = other ? other : std::exchange(taken[hour], &child);
    if (other) {
      Diagnostic &fault = refuse("hours that another block has too", "give each hour to one block");
      context.note(fault, "the other block is here", other->at, other->head);
      continue;
    }
    proto::Hours &hours = *made.add_hours();
    hours.set_from(from);
    hours.set_to(to);
    if (child.find("cpu"))
      hours.set_cpu_millicores(whole(child, "cpu", "mcore"));
    if (child.find("memory"))
      hours.set_memory_bytes(whole(child, "memory", "B"));
    *hours.mutable_span() = context.span(child.at, child.head);
  }
}

} // namespace nemo::check
