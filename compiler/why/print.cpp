#include "compiler/why/print.h"

#include <algorithm>

#include <fmt/format.h>

#include "compiler/plan/table.h"
#include "protocol/formula/unit.h"

namespace nemo::why {

using plan::Table;
using plan::Tone;

namespace {

std::string text(const Quantity &quantity) {
  const auto number = formula::number_in(quantity, quantity.unit);
  return number ? number->to_human() + " " + quantity.unit : formula::to_string(quantity);
}
std::string text(const std::optional<Quantity> &quantity) {
  return quantity ? text(*quantity) : "unknown";
}

std::string signed_text(const Quantity &quantity) {
  return (quantity.value.sign() > 0 ? "+" : "") + text(quantity);
}

std::optional<Quantity> minus(const std::optional<Quantity> &a, const std::optional<Quantity> &b) {
  const auto value = a && b ? a->value.minus(b->value) : std::nullopt;
  return value ? std::optional(Quantity{*value, a->dimension, a->unit}) : std::nullopt;
}

std::string counted(size_t number, const std::string &what) {
  return fmt::format("{} {}{}", number, what, number == 1 ? "" : "s");
}

std::string place(const Removal &rule) {
  return rule.file.empty() ? "" : fmt::format("{}:{}", rule.file, rule.range.line);
}

std::string value_of(const Term &term) {
  const std::string value = text(term.value), amount = term.amount ? text(*term.amount) : value;
  return amount == value ? value : value + " (" + amount + ")";
}

/// A line below a title; what does not fit goes on below it.
void line(llvm::raw_ostream &out, const std::string &words, const plan::PrintStyle &style) {
  out << "    " << plan::wrapped(words, style.width > 20 ? style.width - 4 : 16, 6) << '\n';
}

void head(llvm::raw_ostream &out, const Explanation &all, const Story &story,
          const plan::PrintStyle &style) {
  std::string names;
  constexpr size_t most = 8;
  for (size_t i = 0; i < story.replicas.size() && i < most; ++i)
    names += fmt::format("{}{}/{}", i == 0 ? "" : ", ", all.workload, story.replicas[i]);
  if (story.replicas.size() > most)
    names += fmt::format(" and {} more", story.replicas.size() - most);
  out << '\n'
      << plan::painted(names + " on " + story.here.node, Tone::strong, style.color)
      << (story.runs_on.empty()              ? ""
          : story.runs_on == story.here.node ? " · runs there"
                                             : " · runs on " + story.runs_on)
      << fmt::format(" · {}{}", text(story.here.total), story.replicas.size() > 1 ? " each" : "");
  if (!story.here.total)
    out << " (" << story.here.missing << ")";
  out << '\n';
}

void terms(llvm::raw_ostream &out, const Story &story, const plan::PrintStyle &style) {
  Table table(4);
  const Offer *other = story.runner_up ? &*story.runner_up : nullptr;
  auto row = [&](const std::string &name, const std::string &here, const std::string &there,
                 const std::optional<Quantity> &more, Tone tone) {
    std::vector<plan::Cell> cells = {{name, tone}, {here, tone}};
    if (other) {
      cells.push_back({there, tone});
      cells.push_back({more ? signed_text(*more) : "", tone});
    }
    table.row(std::move(cells));
  };
  if (other)
    row("", story.here.node, other->node + ", the next", {}, Tone::faint);
  auto find = [&](const Offer &offer, const std::string &name) -> const Term * {
    for (const Term &term : offer.terms)
      if (term.name == name)
        return &term;
    return nullptr;
  };
  std::vector<std::string> names;
  for (const Offer *offer : {&story.here, other})
    for (size_t i = 0; offer && i < offer->terms.size(); ++i)
      if (std::find(names.begin(), names.end(), offer->terms[i].name) == names.end())
        names.push_back(offer->terms[i].name);
  for (const std::string &name : names) {
    const Term *here = find(story.here, name), *there = other ? find(*other, name) : nullptr;
    row(name, here ? value_of(*here) : "none", there ? value_of(*there) : "none",
        here && there ? minus(there->value, here->value) : std::nullopt, Tone::plain);
  }
  if (other)
    row("in all", text(story.here.total), text(other->total), minus(other->total, story.here.total),
        Tone::strong);
  table.print(out, style);
  if (other && story.here.total && other->total && other->total->value == story.here.total->value)
    line(out, other->node + " costs the same: the objective does not tell them apart", style);
}

void elsewhere(llvm::raw_ostream &out, const Explanation &all, const Story &story,
               const plan::PrintStyle &style) {
  Table table(4);
  for (const Removal &rule : story.removals)
    table.row({{place(rule), Tone::faint},
               {rule.text},
               {fmt::format("removes {}", counted(rule.nodes, "node")) +
                (rule.alone == rule.nodes || rule.alone == 0
                     ? ""
                     : fmt::format(", {} of them alone", rule.alone))}});
  table.print(out, style);
  for (const Lack &lack : story.lacks)
    line(out,
         fmt::format("{} lack{} {} beside what else is placed: {}", counted(lack.nodes, "node"),
                     lack.nodes == 1 ? "s" : "",
                     lack.what == "spread" ? "a place apart"
                     : lack.what == "port" ? "the port"
                                           : lack.what,
                     lack.example),
         style);
  if (story.blocked) {
    const bool told = std::any_of(story.lacks.begin(), story.lacks.end(), [&](const Lack &lack) {
      return lack.example == story.blocked->reason;
    });
    line(out,
         fmt::format("{} would save {}{}{}", story.blocked->node, text(story.blocked->saves),
                     told ? "" : ": ", told ? "" : story.blocked->reason),
         style);
  }
  line(out,
       fmt::format("{} of {} other nodes could take it as things are", story.able, all.nodes - 1),
       style);
}

const char *verdict(const std::optional<bool> &confirmed) {
  return !confirmed   ? "; not planned again"
         : *confirmed ? ""
                      : "; the plan as a whole keeps it here";
}

void movers(llvm::raw_ostream &out, const Story &story, const plan::PrintStyle &style) {
  for (const Price &price : story.prices) {
    const char *way = price.factor > 1 ? "more" : "less";
    line(out,
         fmt::format("{} ({:.4g} times): to {}{}",
                     price.then
                         ? fmt::format("{} at {} or {} instead of {}", price.figure,
                                       text(*price.then), way, text(price.now))
                         : fmt::format("{} counted {:.4g} or {}", price.figure, price.factor, way),
                     price.factor, price.node, verdict(price.confirmed)),
         style);
  }
  for (const Opening &opening : story.openings)
    line(out,
         fmt::format("without {}{}: to {}, saves {}{}{}", opening.rule.text,
                     place(opening.rule).empty() ? "" : " (" + place(opening.rule) + ")",
                     opening.node, text(opening.saves),
                     opening.plan_saves && opening.confirmed.value_or(false)
                         ? ", the whole plan " + text(*opening.plan_saves)
                         : "",
                     verdict(opening.confirmed)),
         style);
  if (story.prices.empty() && story.openings.empty())
    line(out, "no price and no single rule", style);
}

} // namespace

void print(llvm::raw_ostream &out, const Explanation &all, const plan::PrintStyle &style) {
  out << '\n' << plan::painted(all.objective, Tone::faint, style.color) << '\n';
  for (const Story &story : all.stories) {
    head(out, all, story, style);
    auto title = [&](const char *words) {
      out << "  " << plan::painted(words, Tone::strong, style.color) << '\n';
    };
    title("Why here");
    terms(out, story, style);
    title("Why not elsewhere");
    elsewhere(out, all, story, style);
    title("What would move it");
    movers(out, story, style);
  }
  for (const Waits &waits : all.waiting) {
    out << '\n'
        << plan::painted(fmt::format("{}/{} waits", all.workload, waits.replica), Tone::strong,
                         style.color)
        << '\n';
    line(out, waits.reason, style);
  }
  for (const Finished &finished : all.finished) {
    out << '\n'
        << plan::painted(fmt::format("{}/{} on {}", all.workload, finished.replica, finished.node),
                         Tone::strong, style.color)
        << '\n';
    line(out, finished.reason, style);
  }
}

} // namespace nemo::why
