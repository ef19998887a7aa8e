#include "compiler/plan/diff/rows.h"

#include <fmt/format.h>

#include "compiler/plan/figures.h"
#include "llvm/ADT/StringRef.h"

namespace nemo::plan::rows {

namespace {

struct Kind {
  const char *verb, *sign, *what;
  Tone tone;
};
constexpr Kind kinds[] = {
    {"create", "+", "added", Tone::good},      {"delete", "-", "removed", Tone::bad},
    {"move", ">", "moved", Tone::changed},     {"replace", "~", "restarted", Tone::changed},
    {"rename", "@", "renamed", Tone::changed}, {"protect", "!", "protected", Tone::good},
    {"", "?", "changed", Tone::changed}}; // a verb of a newer nemo

const Kind &kind_of(llvm::StringRef verb) {
  for (const Kind &kind : kinds)
    if (verb == kind.verb)
      return kind;
  return kinds[std::size(kinds) - 1];
}

std::string plain(llvm::StringRef object) {
  object.consume_front("workload.");
  return object.str();
}

std::string value(const std::optional<proto::Expectation> &side) {
  if (!side)
    return "";
  return predicted_text(*side);
}

std::string verdict(const proto::Expectation &side) {
  return !side.has_met() ? "unknown" : side.met() ? "met" : "not met";
}

template <typename Text>
Total total(const char *name, const Change &change, Text text, bool monthly = false) {
  auto with_month = [&](std::optional<int64_t> figure) {
    return text(figure) + (monthly && figure ? " (" + euros_per_month(*figure) + ")" : "");
  };
  std::string difference = "unknown";
  if (const auto by = change.difference())
    difference =
        *by == 0
            ? "none"
            : (*by > 0 ? "+" : "") + text(by) +
                  (monthly ? fmt::format(" ({}{})", *by > 0 ? "+" : "", euros_per_month(*by)) : "");
  return {name, with_month(change.before), with_month(change.after), difference};
}

std::string objective(const proto::ObjectiveValue &side) {
  if (side.text().empty())
    return "none";
  return side.text() + ": " +
         euros_per_hour(side.has_value_ueur_per_hour()
                            ? std::optional<int64_t>(side.value_ueur_per_hour())
                            : std::nullopt);
}

} // namespace

Replica replica(const proto::Action &action) {
  const Kind &kind = kind_of(action.verb());
  std::string place = action.node();
  if (!action.from_node().empty() && action.from_node() != action.node())
    place = action.from_node() + " → " + action.node();
  std::string why = action.reason();
  if (!action.handover().empty())
    why += "; " + action.handover();
  return {kind.sign,        kind.what,     kind.tone, plain(action.object()),
          std::move(place), std::move(why)};
}

Expected expected(const Promise &promise) {
  const proto::Expectation &now = promise.after ? *promise.after : *promise.before;
  Expected row;
  row.object = plain(now.object());
  row.rule = now.target();
  row.before = value(promise.before);
  row.after = value(promise.after);
  row.tone = !now.has_met() ? Tone::changed : now.met() ? Tone::good : Tone::bad;
  row.sign = !now.has_met() ? "?" : now.met() ? "✓" : "✗";
  if (!promise.after) {
    row.sign = "-";
    row.tone = Tone::changed;
    row.remark = "no longer asked for";
  } else if (!promise.before) {
    row.remark = promise.newly_failing() ? "new, and failing" : "new";
  } else {
    if (promise.newly_failing())
      row.remark = "newly failing";
    else if (verdict(*promise.before) != verdict(now))
      row.remark = verdict(*promise.before) + " before, " + verdict(now) + " now";
    if (promise.before->target() != now.target())
      row.remark += (row.remark.empty() ? "" : "; ") + ("was: " + promise.before->target());
  }
  return row;
}

std::array<Total, 3> totals(const Difference &difference) {
  return {total("cost", difference.ueur_per_hour, euros_per_hour, true),
          total("power", difference.milliwatts, watts),
          total("carbon", difference.mg_co2e_per_hour, grams_per_hour)};
}

std::vector<Other> others(const Difference &difference) {
  std::vector<Other> list;
  if (difference.stack != difference.stack_before && !difference.stack_before.empty())
    list.push_back(
        {"!", Tone::bad, "stack",
         fmt::format("{} → {}; what {} runs goes on until it is destroyed", difference.stack_before,
                     difference.stack, difference.stack_before)});
  if (difference.objective_changed())
    list.push_back(
        {"~", Tone::changed, "objective",
         objective(difference.objective_before) + " → " + objective(difference.objective_after)});
  auto shortfalls = [&](const char *sign, Tone tone, const char *what, const auto &items) {
    for (const proto::Shortfall &item : items)
      list.push_back(
          {sign, tone, what,
           fmt::format("{} on {} for {}{}{}", item.capability(), item.node(), item.workload(),
                       item.reason().empty() ? "" : ": ", item.reason())});
  };
  shortfalls("!", Tone::bad, "not enforced", difference.lost);
  shortfalls("✓", Tone::good, "enforced now", difference.regained);
  for (const proto::Diagnostic &item : difference.found)
    list.push_back(
        {"!", Tone::changed, "new " + item.severity() + " " + item.id(), item.message()});
  for (const proto::Diagnostic &item : difference.gone)
    list.push_back(
        {"✓", Tone::good, "no more " + item.severity() + " " + item.id(), item.message()});
  return list;
}

std::string summary(const Difference &difference) {
  std::string text;
  auto add = [&](size_t number, const std::string &what) {
    if (number != 0)
      text += fmt::format("{}{} {}", text.empty() ? "" : ", ", number, what);
  };
  for (const Kind &kind : kinds) {
    size_t number = 0;
    for (const proto::Action &action : difference.actions)
      number += &kind_of(action.verb()) == &kind;
    add(number, kind.what);
  }
  add(static_cast<size_t>(difference.kept), "kept");
  size_t failing = 0;
  for (const Promise &promise : difference.promises)
    failing += promise.newly_failing();
  add(failing, failing == 1 ? "expectation newly failing" : "expectations newly failing");
  return text.empty() ? "Nothing runs" : text;
}

std::string no_change(const Difference &difference, const Question &question) {
  if (std::holds_alternative<Supposed>(question))
    return "No change in the plan: all stays as it is, and costs the same.";
  return difference.same_text ? "No change in the plan: the intent is the same."
                              : "No change in the plan: only the text of the intent differs.";
}

std::string supposed(const Supposed &supposed) {
  std::string text = "What if ";
  for (size_t i = 0; i < supposed.changes.size(); ++i)
    text += (i == 0 ? "" : i + 1 == supposed.changes.size() ? " and " : ", ") + supposed.changes[i];
  return text;
}

std::string commits(size_t number) {
  return number == 0 ? "nothing new" : fmt::format("{} commit{}", number, number == 1 ? "" : "s");
}

} // namespace nemo::plan::rows
