// nemo-language(7): the language, from the schema's table.
#include <algorithm>

#include <fmt/format.h>

#include "cli/manual/manual.h"
#include "intent/schema/schema.h"
#include "protocol/formula/unit.h"
#include "llvm/ADT/StringExtras.h"

namespace nemo::cli::manual {

namespace {

std::string capital(std::string text) {
  if (!text.empty())
    text[0] = llvm::toUpper(text[0]);
  return text;
}

void attribute(Page &page, const schema::Attribute &a, const std::string &tag) {
  std::string text = std::string(a.doc) + " " + capital(schema::describe_type(a));
  if (a.min != nullptr && a.max != nullptr)
    text += fmt::format(", from {} to {}", a.min, a.max);
  else if (a.min != nullptr)
    text += fmt::format(", at least {}", a.min);
  else if (a.max != nullptr)
    text += fmt::format(", at most {}", a.max);
  if (a.step != nullptr)
    text += fmt::format(", in steps of {}", a.step);
  text += '.';
  if (a.required)
    text += " Required.";
  if (a.standard != nullptr)
    text += fmt::format(" Default: {}.", a.standard);
  page.entry(tag, fmt::format("{} Example: `{}`.", text, a.example));
}

std::string labels(schema::Labels kind) {
  switch (kind) {
  case schema::Labels::none:
    return "";
  case schema::Labels::name:
    return " NAME";
  case schema::Labels::optional_name:
    return " [NAME]";
  case schema::Labels::path:
    return " \"PATH\"";
  case schema::Labels::ends:
    return " FROM TO";
  case schema::Labels::use:
    return " TEMPLATE [NAME]";
  }
  return "";
}

std::string bits(uint8_t set, std::initializer_list<const char *> names) {
  std::vector<std::string> found;
  unsigned bit = 1;
  for (const char *name : names) {
    if (set & bit)
      found.push_back("`" + std::string(name) + "`");
    bit <<= 1;
  }
  return llvm::join(found, ", ");
}

/// A block and those inside it; one that several blocks have is described where it first stands.
void block(Page &page, const schema::Block &b, const std::string &inside,
           std::vector<const schema::Block *> &told) {
  if (std::find(told.begin(), told.end(), &b) != told.end())
    return;
  told.push_back(&b);
  const std::string path = inside.empty() ? b.name : inside + " / " + b.name;
  page.subsection(path + labels(b.labels));
  page.paragraph(b.doc);
  page.example({b.example});
  std::vector<std::string> children;
  for (const schema::Block *child : b.children)
    children.push_back("`" + std::string(child->name) + "`");
  if (!children.empty())
    page.paragraph("Blocks inside it: " + llvm::join(children, ", ") + ".");
  if (b.verbs != schema::no_rules)
    page.paragraph("Rules inside it begin with " +
                   bits(b.verbs, {"require", "prefer", "deny", "minimize", "maximize", "when"}) +
                   (b.clauses == 0
                        ? std::string(".")
                        : " and may end with " +
                              bits(b.clauses, {"over", "for", "weight", "where", "else"}) + "."));
  if (b.roots != nullptr)
    page.paragraph("Names in its rules begin with " + llvm::join(schema::words(b.roots), ", ") +
                   ".");
  if (b.actions != nullptr)
    page.paragraph("`else` takes " + llvm::join(schema::words(b.actions), ", ") + ", or a text.");
  for (const schema::Attribute &a : b.attributes)
    attribute(page, a, bold(a.name));
  if (b.free_form != nullptr)
    attribute(page, *b.free_form, italic(b.free_form->name));
  for (const schema::Block *child : b.children)
    block(page, *child, path, told);
}

void shape(Page &page) {
  page.section("shape");
  page.paragraph(
      "A file is UTF-8 text with three forms of statement. A line end or `;` ends one; "
      "inside ( ) and [ ] lines wrap. # begins a comment. All .nemo files of a directory "
      "are read together.");
  page.entry(bold("name = expression"), "An attribute.");
  page.entry(bold("name label* { ... }"), "A block.");
  page.entry(bold("verb expression clause*"),
             "A rule. Verbs: `require`, `prefer`, `deny`, `minimize`, `maximize`, `when`. Clauses: "
             "`over` and `for` a time, `weight` a number, `where` a condition, `else` what then.");
  page.paragraph("A quantity is one token, its unit glued to the number: `20ms`, `1.5core`, "
                 "`512MiB`, `2Mbit/s`, `0.21EUR/kWh`, `99.95%`. Values are exact and carry their "
                 "dimension; MB is not MiB, and adding energy to carbon is an error.");
  page.paragraph(
      "Formulas have `or`, `and`, `not`, comparisons, `in`, + - * / and ranges low..high. "
      "A fact that is not known is unknown, never false or zero: an unknown `deny` denies, "
      "an unknown `require` fails, and both name the missing fact.");
}

/// One paragraph a dimension.
void units(Page &page) {
  page.section("units");
  std::vector<std::string> symbols;
  auto table = formula::units();
  for (size_t i = 0; i < table.size(); ++i) {
    symbols.push_back(table[i].symbol);
    if (i + 1 < table.size() && table[i + 1].dimension == table[i].dimension)
      continue;
    page.paragraph(llvm::join(symbols, ", "));
    symbols.clear();
  }
  page.paragraph("Quotients of them are units too: `kWh/d`, `EUR/core/h`, `gCO2e/kWh`.");
}

} // namespace

Page language_page() {
  Page page("nemo-language", 7, "the language of .nemo files");
  page.section("synopsis");
  page.example({"nemo  = 1", "stack = \"shop\"", "workload web {",
                "  exec     = [\"/usr/sbin/nginx\", \"-c\", \"/app/shop.conf\"]", "  replicas = 2",
                "  resources { cpu = 0.5core; memory = 256MiB }", "  ports  { http = auto }",
                "  health { http = \"/healthz\" }", "}",
                "policy home { deny node.site.country not in [\"FR\"] }"});
  page.section("description");
  page.paragraph("`.nemo` files say what is wanted: what runs, what must hold for it, what it may "
                 "cost. `nemo validate` checks them, `nemo plan` says what would happen.");
  shape(page);
  page.section("at the top of a file");
  for (const schema::Attribute &a : schema::top_attributes())
    attribute(page, a, bold(a.name));
  page.section("blocks");
  std::vector<const schema::Block *> told;
  for (const schema::Block *b : schema::blocks())
    block(page, *b, "", told);
  page.section("names in formulas");
  for (const schema::Fact &fact : schema::facts()) {
    std::string text = fact.doc;
    if (fact.words != nullptr)
      text += " One of " + llvm::join(schema::words(fact.words), ", ") + ".";
    if (fact.predicted)
      text += " Predicted in plans, measured by agents.";
    page.entry(bold(fact.path), fmt::format("{} Example: `{}`.", text, fact.example));
  }
  page.section("types of a template's parameters");
  for (const schema::Attribute &a : schema::parameter_types())
    page.entry(bold(a.name), fmt::format("{} Example: `{}`.", a.doc, a.example));
  units(page);
  page.see_also({"nemo(1)", "nemo-validate(1)", "nemo-fmt(1)", "nemo-diagnostics(7)"});
  return page;
}

} // namespace nemo::cli::manual
