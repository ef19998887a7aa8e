// Promises and figures. A figure stands with its model; one that no model gives is "unknown" and
// names the fact that is missing.
#include "compiler/plan/print_parts.h"

#include <map>
#include <set>

#include <fmt/format.h>

#include "compiler/plan/figures.h"
#include "compiler/plan/table.h"

namespace nemo::plan {

namespace {

std::string joined(const std::set<std::string> &names) {
  std::string text;
  for (const std::string &name : names)
    text += (text.empty() ? "" : ", ") + name;
  return text;
}

const proto::Model *model_of(const proto::Totals &totals, llvm::StringRef figure) {
  for (const proto::Model &model : totals.models())
    if (figure == model.figure())
      return &model;
  return nullptr;
}

std::string model_text(const proto::Plan &plan, llvm::StringRef figure) {
  const proto::Model *model = model_of(plan.after(), figure);
  if (!model)
    return "";
  if (!model->missing().empty())
    return "needs " + model->missing();
  return model->name();
}

std::string with_month(std::optional<int64_t> euros) {
  return euros_per_hour(euros) + (euros ? " (" + euros_per_month(*euros) + ")" : "");
}

} // namespace

void brief_totals(llvm::raw_ostream &out, const proto::Plan &plan) {
  out << "Cost " << with_month(euros(plan.after())) << ", power " << watts(power(plan.after()))
      << ", carbon " << grams_per_hour(carbon(plan.after())) << '\n';
}

void expectations(llvm::raw_ostream &out, const proto::Plan &plan, const PrintStyle &style) {
  if (plan.expectations().empty())
    return;
  Table table;
  for (const proto::Expectation &item : plan.expectations()) {
    const char *symbol = !item.has_met() ? "?" : item.met() ? "✓" : "✗";
    const Tone tone = !item.has_met() ? Tone::changed : item.met() ? Tone::good : Tone::bad;
    std::string why;
    if (item.has_margin())
      why = item.margin() >= 0 ? percent(item.margin()) + " below the limit"
                               : percent(-item.margin()) + " over the limit";
    if (item.has_margin() && (llvm::StringRef(item.target()).contains(">=") ||
                              llvm::StringRef(item.target()).contains("> ")))
      why = item.margin() >= 0 ? percent(item.margin()) + " above the limit"
                               : percent(-item.margin()) + " short of the limit";
    if (!item.detail().empty() &&
        (style.level == Level::full || !item.has_met() || !item.has_predicted()))
      why += (why.empty() ? "" : "; ") + item.detail();
    if (style.level == Level::full && !item.model().empty())
      why += (why.empty() ? "" : "; ") + ("by " + item.model());
    llvm::StringRef object = item.object();
    object.consume_front("workload.");
    table.row({{symbol, tone},
               {object.str()},
               {item.target()},
               {predicted_text(item), Tone::plain, true},
               {why, Tone::faint}});
  }
  section(out, "Expectations", style);
  table.print(out, style);
}

void totals(llvm::raw_ostream &out, const proto::Plan &plan, const PrintStyle &style) {
  section(out, "What it costs", style);
  Table table;
  auto row = [&](const char *name, const char *figure, std::string before, std::string after) {
    table.row({{name},
               {std::move(before), Tone::plain, true},
               {"→"},
               {std::move(after)},
               {model_text(plan, figure), Tone::faint}});
  };
  row("cost", "eur_per_hour", euros_per_hour(euros(plan.before())),
      with_month(euros(plan.after())));
  row("power", "watts", watts(power(plan.before())), watts(power(plan.after())));
  row("carbon", "gco2e_per_hour", grams_per_hour(carbon(plan.before())),
      grams_per_hour(carbon(plan.after())));
  table.print(out, style);
  if (plan.after().models().empty())
    return;
  Table models;
  for (const proto::Model &model : plan.after().models())
    if (style.level == Level::full || model.missing().empty())
      models.row({{model.name(), Tone::faint}, {model.source(), Tone::faint}});
  if (models.empty())
    return;
  section(out, "Models", style);
  models.print(out, style);
}

void objective(llvm::raw_ostream &out, const proto::Plan &plan, const PrintStyle &style) {
  const proto::ObjectiveValue &objective = plan.objective();
  if (objective.text().empty())
    return;
  section(out, "Objective", style);
  Table table;
  table.row({{objective.text()}});
  std::string line;
  if (objective.has_value_ueur_per_hour())
    line = euros_per_hour(objective.value_ueur_per_hour());
  else
    line = "its value is unknown";
  if (objective.has_imbalance_ueur_per_hour())
    line += fmt::format(", of it {} as nodes are uneven",
                        euros_per_hour(objective.imbalance_ueur_per_hour()));
  if (objective.has_bound_ueur_per_hour())
    line += ", at best " + euros_per_hour(objective.bound_ueur_per_hour());
  if (objective.has_gap())
    line += fmt::format(", gap {}", percent(objective.gap()));
  if (style.level == Level::full && !objective.bound_model().empty())
    line += "; bound: " + objective.bound_model();
  table.row({{line, Tone::faint}});
  table.print(out, style);
  if (style.level != Level::full || objective.scarce().empty())
    return;
  section(out, "Scarce room", style);
  Table scarce;
  for (const proto::ScarceRoom &room : objective.scarce()) {
    const RoomPrice price = price_of(room);
    scarce.row(
        {{fmt::format("{} on {}{}", price.resource, room.node(),
                      room.resource() < 5
                          ? ""
                          : fmt::format(", part {} of the day", (room.resource() - 5) / 2 + 2))},
         {fmt::format("{:.6f} EUR/h for a {}", price.eur_per_hour, price.unit), Tone::faint}});
  }
  scarce.print(out, style);
}

void shortfalls(llvm::raw_ostream &out, const proto::Plan &plan, const PrintStyle &style) {
  if (plan.shortfalls().empty())
    return;
  // One line per capability, node and reason; the workloads that share it are named together.
  std::map<std::tuple<std::string, std::string, std::string>, std::set<std::string>> groups;
  for (const proto::Shortfall &item : plan.shortfalls())
    groups[{item.capability(), item.node(), item.reason()}].insert(item.workload());
  section(out, "Not enforced here", style);
  Table table;
  for (const auto &[key, workloads] : groups) {
    const auto &[capability, node, reason] = key;
    table.row({{"!", Tone::changed},
               {capability},
               {"on " + node},
               {joined(workloads) + (reason.empty() ? "" : ": " + reason), Tone::faint}});
  }
  table.print(out, style);
}

void findings(llvm::raw_ostream &out, const proto::Plan &plan, const PrintStyle &style) {
  if (plan.diagnostics().empty())
    return;
  section(out, "Notes", style);
  Table table;
  for (const proto::Diagnostic &item : plan.diagnostics()) {
    std::string text = item.message();
    if (!item.file().empty() && item.span().line())
      text += fmt::format(" ({}:{}:{})", item.file(), item.span().line(), item.span().column());
    table.row({{item.severity() + " " + item.id(), Tone::changed}, {text}});
    if (style.level == Level::full)
      for (const std::string &note : item.notes())
        table.row({{""}, {note, Tone::faint}});
  }
  table.print(out, style);
}

void bindings(llvm::raw_ostream &out, const proto::Plan &plan, const PrintStyle &style) {
  section(out, "Bound to", style);
  Table table;
  auto row = [&](const char *name, const std::string &value) {
    if (!value.empty())
      table.row({{name}, {value, Tone::faint}});
  };
  row("source", plan.source());
  row("path", plan.intent_path());
  row("commit", plan.commit());
  row("intent", plan.intent_digest());
  row("fleet", plan.fleet_digest());
  row("facts", plan.facts_digest());
  row("plan", plan.digest());
  row("at", plan.facts().at());
  row("seed", std::to_string(plan.seed()));
  row("effort", std::to_string(plan.effort()));
  row("made by", plan.generator());
  table.print(out, style);
}

} // namespace nemo::plan
