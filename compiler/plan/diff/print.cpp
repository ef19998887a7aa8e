#include "compiler/plan/diff/print.h"

#include <fmt/format.h>

#include "compiler/plan/diff/rows.h"
#include "compiler/plan/print_parts.h"

namespace nemo::plan {

void print(llvm::raw_ostream &out, const Difference &difference, const Question &question,
           const PrintStyle &style) {
  std::string title, rest;
  if (const Sides *sides = std::get_if<Sides>(&question)) {
    title = fmt::format("Merging {} into {}", sides->from, sides->into);
    rest = " · " + rows::commits(sides->commits);
  } else {
    title = rows::supposed(std::get<Supposed>(question));
  }
  out << painted(title, Tone::strong, style.color) << rest
      << fmt::format(" · stack {}\n", difference.stack);
  if (difference.empty()) {
    out << '\n' << rows::no_change(difference, question) << '\n';
    return;
  }
  Table replicas, promises, totals, others;
  for (const proto::Action &action : difference.actions) {
    const rows::Replica row = rows::replica(action);
    replicas.row({{row.sign, row.tone},
                  {std::string(row.what) + " " + row.object, row.tone},
                  {row.place},
                  {row.why, Tone::faint}});
  }
  for (const Promise &promise : difference.promises) {
    const rows::Expected row = rows::expected(promise);
    promises.row({{row.sign, row.tone},
                  {row.object},
                  {row.rule},
                  {row.before, Tone::plain, true},
                  {row.before.empty() || row.after.empty() ? "" : "→"},
                  {row.after},
                  {row.remark, promise.newly_failing() ? Tone::bad : Tone::faint}});
  }
  for (const rows::Total &row : rows::totals(difference))
    totals.row({{row.name},
                {row.before, Tone::plain, true},
                {"→"},
                {row.after},
                {row.difference, row.difference == "none" ? Tone::faint : Tone::strong}});
  for (const rows::Other &row : rows::others(difference))
    others.row({{row.sign, row.tone}, {row.what, row.tone}, {row.text}});
  for (const auto &[title, table] : {std::pair("Replicas", &replicas),
                                     {"Expectations", &promises},
                                     {"What it costs", &totals},
                                     {"Also", &others}}) {
    if (table->empty())
      continue;
    section(out, title, style);
    table->print(out, style);
  }
  out << '\n' << painted(rows::summary(difference) + ".", Tone::strong, style.color) << '\n';
}

} // namespace nemo::plan
