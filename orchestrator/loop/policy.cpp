#include "orchestrator/loop/policy.h"

#include <algorithm>

#include <fmt/format.h>

#include "base/error.h"
#include "intent/units/units.h"

#include "llvm/ADT/SmallVector.h"
#include "llvm/ADT/StringExtras.h"

namespace nemo::loop {

namespace {

constexpr const char *forms = "auto, manual, or auto within { moves = 5; cost = 0.10EUR/h }";
constexpr int64_t neur = 1000; ///< in a ueur

llvm::Error read_limit(llvm::StringRef item, Policy &policy) {
  const auto [left, right] = item.split('=');
  const llvm::StringRef name = left.trim(), value = right.trim();
  if (name == "moves" && !policy.moves) {
    uint64_t count = 0;
    if (value.getAsInteger(10, count))
      return failure("'{}' is no number of replicas: write moves = 5", shortened(value, 40));
    policy.moves = count;
    return llvm::Error::success();
  }
  if (name == "cost" && !policy.ueur_per_hour) {
    const units::Parsed parsed = units::parse(value);
    const units::Whole whole =
        parsed ? units::to_nearest(*parsed.quantity, "nEUR/h") : units::Whole{};
    if (!whole || *whole.value < 0)
      return failure("'{}' is no cost: write cost = 0.10EUR/h", shortened(value, 40));
    policy.ueur_per_hour = *whole.value / neur;
    return llvm::Error::success();
  }
  return failure("'{}' is no limit, or stands there twice; a policy is {}", shortened(item, 40),
                 forms);
}

bool takes_away(const proto::Action &action) {
  const std::string &verb = action.verb();
  return verb == "move" || verb == "replace" || verb == "delete";
}

} // namespace

llvm::Expected<Policy> Policy::parse(llvm::StringRef text) {
  Policy policy;
  llvm::StringRef rest = text.trim();
  if (rest == "auto")
    return policy;
  if (rest == "manual") {
    policy.manual = true;
    return policy;
  }
  const bool within = rest.consume_front("auto") && (rest = rest.ltrim()).consume_front("within") &&
                      (rest = rest.ltrim()).consume_front("{") && rest.consume_back("}");
  llvm::SmallVector<llvm::StringRef, 4> items;
  llvm::SplitString(rest, items, ";,\n");
  llvm::erase_if(items, [](llvm::StringRef item) { return item.trim().empty(); });
  if (!within || items.empty())
    return failure("'{}' is no policy: write {}", shortened(text, 60), forms);
  for (llvm::StringRef item : items)
    if (llvm::Error error = read_limit(item.trim(), policy))
      return error;
  return policy;
}

std::string Policy::text() const {
  if (manual)
    return "manual";
  std::string limits;
  if (moves)
    limits += fmt::format("moves = {}; ", *moves);
  if (ueur_per_hour)
    limits += fmt::format("cost = {}; ", units::show_money_rate(*ueur_per_hour * neur));
  return limits.empty() ? "auto" : "auto within { " + limits + "}";
}

std::vector<std::string> objections(const Policy &policy, const proto::Plan &plan) {
  std::vector<std::string> found;
  if (policy.manual)
    found.push_back("every change is approved by a person");
  const auto moved = static_cast<uint64_t>(
      std::count_if(plan.actions().begin(), plan.actions().end(), takes_away));
  if (policy.moves && moved > *policy.moves)
    found.push_back(fmt::format("it moves, replaces or takes away {} replicas, and {} may be",
                                moved, *policy.moves));
  if (!policy.ueur_per_hour)
    return found;
  if (!plan.before().has_ueur_per_hour() || !plan.after().has_ueur_per_hour()) {
    found.push_back("what it adds to the cost is not known");
    return found;
  }
  const __int128 more =
      static_cast<__int128>(plan.after().ueur_per_hour()) - plan.before().ueur_per_hour();
  if (more > *policy.ueur_per_hour)
    found.push_back(
        fmt::format("it adds {} to the cost, and {} may be added",
                    units::show_money_rate(
                        static_cast<int64_t>(std::min<__int128>(more, INT64_MAX / neur)) * neur),
                    units::show_money_rate(*policy.ueur_per_hour * neur)));
  return found;
}

} // namespace nemo::loop
