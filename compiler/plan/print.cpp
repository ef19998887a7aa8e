// A plan for people, top down: what it is for, what it does and in which order, where everything
// then stands and why, what was promised and what is predicted, what it costs. Symbols carry the
// meaning, colour only repeats it.
#include "compiler/plan/print.h"

#include <algorithm>
#include <map>
#include <set>

#include <fmt/format.h>

#include "compiler/plan/figures.h"
#include "compiler/plan/print_parts.h"
#include "compiler/plan/table.h"

namespace nemo::plan {

namespace {

struct Kind {
  const char *verb;
  const char *symbol;
  const char *done; ///< in the summary: "2 to create"
  Tone tone;
};
constexpr Kind kinds[] = {
    {"create", "+", "to create", Tone::good},    {"replace", "~", "to replace", Tone::changed},
    {"move", ">", "to move", Tone::changed},     {"delete", "-", "to delete", Tone::bad},
    {"rename", "@", "to rename", Tone::changed}, {"protect", "!", "to protect", Tone::good},
    {"keep", "=", "kept", Tone::faint}};

const Kind &kind_of(const std::string &verb) {
  for (const Kind &kind : kinds)
    if (verb == kind.verb)
      return kind;
  return kinds[std::size(kinds) - 1];
}

std::string short_object(llvm::StringRef object) {
  object.consume_front("workload.");
  return object.str();
}

std::string joined(const google::protobuf::RepeatedPtrField<std::string> &list) {
  std::string text;
  for (const std::string &item : list)
    text += (text.empty() ? "" : ", ") + item;
  return text;
}

/// "--target web --exclude db"; empty for a plan of the whole stack.
std::string selection(const proto::Plan &plan) {
  std::string text;
  for (const std::string &pattern : plan.targets())
    text += (text.empty() ? "" : " ") + ("--target " + pattern);
  for (const std::string &pattern : plan.excludes())
    text += (text.empty() ? "" : " ") + ("--exclude " + pattern);
  return text;
}

std::string left_out_text(const proto::Plan &plan) {
  const char *flags = plan.targets().empty()    ? "--exclude"
                      : plan.excludes().empty() ? "--target"
                                                : "--target and --exclude";
  const int count = plan.left_out_size();
  return fmt::format(" {} other change{} left out by {}.",
                     count == 0 ? "No" : std::to_string(count), count == 1 ? "" : "s", flags);
}

std::string summary(const proto::Plan &plan) {
  std::string rest = selection(plan).empty() ? "" : left_out_text(plan);
  if (const int count = plan.waiting_size())
    rest += fmt::format(" {} replica{} for room.", count, count == 1 ? " waits" : "s wait");
  if (!has_changes(plan))
    return "No changes." + rest;
  std::map<std::string, int> counts;
  for (const proto::Action &action : plan.actions())
    ++counts[action.verb()];
  std::string text;
  for (const Kind &kind : kinds)
    if (const int count = counts[kind.verb])
      text += fmt::format("{}{} {}", text.empty() ? "" : ", ", count, kind.done);
  return text + "." + rest;
}

void header(llvm::raw_ostream &out, const proto::Plan &plan, const PrintStyle &style) {
  std::string text = plan.destroy() ? "Plan to remove stack " : "Plan for stack ";
  out << painted(text + plan.stack(), Tone::strong, style.color);
  std::string rest;
  if (plan.has_commit())
    rest += " · commit " + plan.commit().substr(0, 12);
  else
    rest += " · uncommitted";
  rest += fmt::format(" · {} node{}", plan.facts().nodes_size(),
                      plan.facts().nodes_size() == 1 ? "" : "s");
  rest += " · plan " + plan.digest().substr(0, 12);
  if (!plan.reproducible())
    rest += " · not reproducible: the search was cut short";
  out << rest << '\n';
  if (const std::string flags = selection(plan); !flags.empty())
    out << painted("Only part of the stack: " + flags, Tone::changed, style.color) << '\n';
}

void left_out(llvm::raw_ostream &out, const proto::Plan &plan, const PrintStyle &style) {
  if (selection(plan).empty())
    return;
  section(out, "Left out", style);
  Table table;
  for (const proto::Action &action : plan.left_out())
    table.row({{"·", Tone::faint},
               {action.verb() + " " + short_object(action.object())},
               {action.node()},
               {action.reason(), Tone::faint}});
  if (table.empty())
    out << "  no other change\n";
  table.print(out, style);
  out << painted("  Figures and expectations here are those of what is selected.", Tone::faint,
                 style.color)
      << '\n';
}

void waiting(llvm::raw_ostream &out, const proto::Plan &plan, const PrintStyle &style) {
  if (plan.waiting().empty())
    return;
  section(out, "Waiting for room", style);
  // Replicas of a workload follow each other and wait for the same reason.
  Table table;
  for (int i = 0; i < plan.waiting_size();) {
    const proto::Waiting &first = plan.waiting(i);
    int last = i;
    while (last + 1 < plan.waiting_size() &&
           plan.waiting(last + 1).workload() == first.workload() &&
           plan.waiting(last + 1).reason() == first.reason())
      ++last;
    const uint32_t to = plan.waiting(last).replica();
    table.row(
        {{"·", Tone::changed},
         {to == first.replica() ? fmt::format("{}/{}", first.workload(), to)
                                : fmt::format("{}/{}..{}", first.workload(), first.replica(), to)},
         {first.reason(), Tone::faint}});
    i = last + 1;
  }
  table.print(out, style);
}

void clusters(llvm::raw_ostream &out, const proto::Plan &plan, const PrintStyle &style) {
  if (plan.clusters().empty())
    return;
  section(out, "Clusters", style);
  Table table;
  for (const proto::ClusterNodes &cluster : plan.clusters())
    table.row({{cluster.name()},
               {joined(cluster.nodes())},
               {fmt::format("controller{}: {}", cluster.controllers_size() == 1 ? "" : "s",
                            joined(cluster.controllers())),
                Tone::faint}});
  table.print(out, style);
}

void suspended(llvm::raw_ostream &out, const proto::Plan &plan, const PrintStyle &style) {
  if (plan.suspended().empty())
    return;
  section(out, "May be suspended", style);
  Table table;
  for (const std::string &node : plan.suspended())
    table.row({{node}, {"nothing is placed there", Tone::faint}});
  table.print(out, style);
}

void actions(llvm::raw_ostream &out, const proto::Plan &plan, const PrintStyle &style) {
  Table table;
  for (const proto::Action &action : plan.actions()) {
    if (action.verb() == "keep" && style.level != Level::full)
      continue;
    const Kind &kind = kind_of(action.verb());
    std::string place = action.from_node().empty() || action.from_node() == action.node()
                            ? action.node()
                            : action.from_node() + " → " + action.node();
    std::string why = action.reason();
    if (!action.handover().empty())
      why += "; " + action.handover();
    if (action.has_predicted_ms())
      why +=
          fmt::format("; all there in {}: {}", duration(action.predicted_ms()), action.forecast());
    else if (!action.forecast().empty())
      why += "; when all is there is unknown: " + action.forecast();
    if (action.after_size())
      why += "; after " + joined(action.after());
    if (style.level == Level::full && !action.revision().empty())
      why +=
          fmt::format(" [{}{}]",
                      action.from_revision().empty() || action.from_revision() == action.revision()
                          ? ""
                          : action.from_revision() + " → ",
                      action.revision());
    table.row({{kind.symbol, kind.tone},
               {action.verb() + " " + short_object(action.object()), kind.tone},
               {place},
               {why, Tone::faint}});
  }
  if (table.empty())
    return;
  section(out, "Actions", style);
  table.print(out, style);
}

/// ", GPU 0 and 2"
std::string devices(const proto::Placement &placement) {
  std::string text;
  for (int i = 0; i < placement.gpus_size(); ++i)
    text += (i == 0                           ? ", GPU "
             : i + 1 == placement.gpus_size() ? " and "
                                              : ", ") +
            std::to_string(placement.gpus(i));
  return text;
}

void placements(llvm::raw_ostream &out, const proto::Plan &plan, const PrintStyle &style) {
  if (plan.placements().empty())
    return;
  Table table;
  for (const proto::Placement &placement : plan.placements()) {
    std::string why = placement.reason();
    if (style.level == Level::full) {
      why += fmt::format(" ({} candidate{}", placement.candidates(),
                         placement.candidates() == 1 ? "" : "s");
      if (placement.has_runner_up())
        why += ", next " + placement.runner_up();
      why += ")";
    }
    std::vector<Cell> row = {{fmt::format("{}/{}", placement.workload(), placement.replica())},
                             {"on " + placement.node() + devices(placement)}};
    row.push_back({euros_per_hour(placement.has_cost_ueur_per_hour()
                                      ? std::optional<int64_t>(placement.cost_ueur_per_hour())
                                      : std::nullopt),
                   Tone::plain, true});
    row.push_back({why, Tone::faint});
    table.row(std::move(row));
  }
  section(out, "Placements", style);
  table.print(out, style);
}

/// Who lets what run that must not run twice; and what nobody can grant a lease to.
void leases(llvm::raw_ostream &out, const proto::Plan &plan, const PrintStyle &style) {
  Table table;
  std::set<std::pair<std::string, uint32_t>> named;
  for (const proto::Part &part : plan.parts())
    for (const proto::Instance &instance : part.instances())
      if (instance.has_lease() && named.emplace(instance.workload(), instance.replica()).second)
        table.row({{fmt::format("{}/{}", instance.workload(), instance.replica())},
                   {"on " + part.node()},
                   {"granted by two of " + joined(instance.lease().granters()), Tone::faint}});
  for (const proto::Placement &placement : plan.placements())
    for (const proto::Workload &workload : plan.intent().workloads())
      if (workload.name() == placement.workload() && workload.partition() == "stop" &&
          !named.count({placement.workload(), placement.replica()}))
        table.row({{fmt::format("{}/{}", placement.workload(), placement.replica())},
                   {"on " + placement.node()},
                   {"none: it takes three nodes to grant one", Tone::faint}});
  if (table.empty())
    return;
  section(out, "Leases", style);
  table.print(out, style);
}

} // namespace

void section(llvm::raw_ostream &out, llvm::StringRef title, const PrintStyle &style) {
  out << '\n' << painted(title, Tone::strong, style.color) << '\n';
}

bool has_changes(const proto::Plan &plan) {
  return std::any_of(plan.actions().begin(), plan.actions().end(),
                     [](const proto::Action &action) { return action.verb() != "keep"; });
}

void print(llvm::raw_ostream &out, const proto::Plan &plan, const PrintStyle &style) {
  if (style.level == Level::brief) {
    out << "Stack " << plan.stack() << ": " << summary(plan) << '\n';
    brief_totals(out, plan);
    return;
  }
  header(out, plan, style);
  actions(out, plan, style);
  waiting(out, plan, style);
  clusters(out, plan, style);
  left_out(out, plan, style);
  placements(out, plan, style);
  leases(out, plan, style);
  suspended(out, plan, style);
  expectations(out, plan, style);
  totals(out, plan, style);
  objective(out, plan, style);
  shortfalls(out, plan, style);
  findings(out, plan, style);
  if (style.level == Level::full)
    bindings(out, plan, style);
  out << '\n' << painted(summary(plan), Tone::strong, style.color) << '\n';
}

} // namespace nemo::plan
