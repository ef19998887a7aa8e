// A job: the window that it runs in. Whether it is still open, only a fleet's time can tell.
#include <fmt/format.h>

#include "base/clock.h"
#include "intent/check/build.h"
#include "intent/units/units.h"

namespace nemo::check {

void Builder::job(const TypedBlock &block, const TypedBlock &restart, proto::Workload &out) {
  if (const TypedAttribute *policy = restart.find("policy");
      policy && out.restart().policy() == proto::Restart::ALWAYS) {
    Diagnostic &fault =
        context_.error(diag::N0315, policy->at, policy->extent,
                       fmt::format("`{}` is a job, which runs once", out.name()), "on-failure");
    context_.note(fault, "the job", block.at, block.head);
  } else if (!policy) {
    out.mutable_restart()->set_policy(proto::Restart::ON_FAILURE);
  }
  const auto time = [&](const char *name) -> std::optional<UnixNanos> {
    const TypedAttribute *given = block.find(name);
    if (!given || !given->sound())
      return std::nullopt;
    const auto found = from_rfc3339(given->value.text());
    if (!found)
      context_.error(diag::N0331, given->at, given->extent,
                     fmt::format("`{}` is a time, and this is `{}`", name, given->value.text()),
                     "write it as in \"2026-11-25T06:00:00Z\"");
    return found;
  };
  const TypedAttribute *until = block.find("deadline");
  const bool relative = until && until->sound() && until->value.has_quantity();
  const auto earliest = time("earliest"), deadline = relative ? std::nullopt : time("deadline");
  if (block.faulty || !(deadline || relative) || (block.find("earliest") && !earliest))
    return;
  proto::Job &made = *out.mutable_job();
  made.set_duration_ms(whole(block, "duration", "ms"));
  if (relative)
    made.set_within_ms(whole(block, "deadline", "ms"));
  else
    made.set_deadline(until->value.text());
  if (earliest)
    made.set_earliest(block.find("earliest")->value.text());
  *made.mutable_span() = context_.span(block.at, block.head);
  if (relative && made.within_ms() < made.duration_ms())
    context_.error(diag::N0332, until->at, until->extent,
                   fmt::format("within {} there is no time for {}",
                               units::show_time(made.within_ms() * 1'000'000),
                               units::show_time(made.duration_ms() * 1'000'000)),
                   "set a later deadline");
  if (earliest && deadline &&
      *deadline - *earliest < std::chrono::milliseconds(static_cast<int64_t>(made.duration_ms())))
    context_.error(diag::N0332, block.at, block.head,
                   fmt::format("between `earliest` and `deadline` there is no time for {}",
                               units::show_time(made.duration_ms() * 1'000'000)),
                   "set a later deadline, or let it start earlier");
}

} // namespace nemo::check
