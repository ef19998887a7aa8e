// How a workload changes while it runs: what a plan keeps to is typed, everything else of `rollout`
// and `migrate` stays as it was written, for the capability check to name.
#include <fmt/format.h>

#include "intent/check/build.h"

namespace nemo::check {

namespace {

/// Whether it says anything but what the builder has typed.
/// \param machine  its memory can go along when it moves.
bool says_more(const TypedBlock &block, bool machine) {
  const auto plain = [machine](const TypedAttribute &attribute) {
    return schema::has_word("dwell|max-unavailable|min-available|quorum", attribute.name) ||
           (attribute.name == "strategy" && text_of(attribute.value) == "rolling") ||
           (attribute.name == "state" &&
            schema::has_word(machine ? "live|restart" : "restart", text_of(attribute.value)));
  };
  return !block.rules.empty() || !block.labels.empty() || !llvm::all_of(block.attributes, plain);
}

} // namespace

void Builder::changes(const TypedBlock &block, proto::Workload &out) {
  if (const TypedBlock *migrate = block.child("migrate")) {
    if (const TypedAttribute *dwell = migrate->find("dwell"); dwell && dwell->sound()) {
      out.set_dwell_ms(whole(*migrate, "dwell", "ms"));
      *out.mutable_dwell_span() = context_.span(dwell->at, dwell->extent);
    }
    const TypedAttribute *state = migrate->find("state");
    out.set_restarts(state && state->sound() && text_of(state->value) == "restart");
  }
  if (const TypedBlock *rollout = block.child("rollout"))
    budget(*rollout, out);
  const TypedAttribute *sandbox = block.find("sandbox");
  const bool machine = sandbox && schema::has_word("microvm|unikernel", text_of(sandbox->value));
  for (const TypedBlock &child : block.children)
    if (schema::has_word("migrate|rollout", child.schema->name) && says_more(child, machine))
      *out.add_others() = to_object(context_, child);
}

void Builder::budget(const TypedBlock &block, proto::Workload &out) {
  const TypedAttribute *chosen = nullptr;
  for (const char *name : {"max-unavailable", "min-available", "quorum"}) {
    const TypedAttribute *one = block.find(name);
    if (one && chosen) {
      Diagnostic &fault =
          context_.error(diag::N0315, one->at, one->name_extent,
                         "one of `max-unavailable`, `min-available` and `quorum` is a budget");
      context_.note(fault, "the other", chosen->at, chosen->name_extent);
      return;
    }
    chosen = one ? one : chosen;
  }
  if (!chosen || !chosen->sound())
    return;
  const uint32_t all = out.replicas_min();
  const bool counted = chosen->name != "quorum";
  const uint32_t number = counted ? whole_number(chosen->value) : 0;
  const std::string said = counted ? std::to_string(number) : text_of(chosen->value);
  if (counted && number > all) {
    context_.error(diag::N0206, chosen->at, chosen->extent,
                   fmt::format("`{}` has {} replica{}, and `{}` is {}", out.name(), all,
                               all == 1 ? "" : "s", chosen->name, number),
                   fmt::format("at most {}", all));
    return;
  }
  proto::Budget &made = *out.mutable_budget();
  made.set_text(fmt::format("{} = {}", chosen->name, said));
  made.set_least_up(chosen->name == "max-unavailable" ? all - number
                    : counted                         ? number
                    : said == "all"                   ? all
                                                      : all / 2 + 1);
  *made.mutable_span() = context_.span(chosen->at, chosen->extent);
}

} // namespace nemo::check
