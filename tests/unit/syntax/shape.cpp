#include "shape.h"

namespace nemo::syntax {
namespace {

const char *word(ExprKind kind) {
  static constexpr const char *words[] = {
      "number", "quantity", "string", "boolean", "ref", "list", "neg",  "not",    "*",
      "/",      "+",        "-",      "..",      "<=",  ">=",   "<",    ">",      "==",
      "!=",     "in",       "not-in", "and",     "or",  "par",  "call", "invalid"};
  return words[static_cast<size_t>(kind)];
}

std::string shape(const File &file, const Stmt &statement) {
  static constexpr const char *verbs[] = {"",         "require",  "prefer", "deny",
                                          "minimize", "maximize", "when"};
  static constexpr const char *clauses[] = {"over", "for", "weight", "where", "else"};
  std::string text = "(";
  switch (statement.kind) {
  case StmtKind::attribute:
    text += "= " + statement.name.text.str() + " " + shape(file, statement.value);
    break;
  case StmtKind::rule:
    text += std::string(verbs[static_cast<size_t>(statement.verb)]) + " " +
            shape(file, statement.value);
    for (const Clause &clause : file.clauses_of(statement))
      text += std::string(" ") + clauses[static_cast<size_t>(clause.kind)] + " " +
              shape(file, clause.value);
    break;
  case StmtKind::block:
    text += "block " + statement.name.text.str();
    for (const Name &label : file.labels_of(statement))
      text += (label.quoted ? " '" : " ") + label.text.str();
    if (statement.has_body)
      text += " {";
    for (const StmtId id : file.body_of(statement))
      text += " " + shape(file, file[id]);
    if (statement.has_body)
      text += " }";
    break;
  }
  return text + ")";
}

} // namespace

std::string shape(const File &file, ExprId id) {
  const Expr &e = file[id];
  if (e.kind <= ExprKind::boolean)
    return file.source(e.extent).str();
  std::string text = std::string("(") + word(e.kind);
  for (const Name &part : file.parts_of(e))
    text += (part.quoted ? " '" : " ") + part.text.str();
  for (const ExprId operand : file.operands_of(e))
    text += " " + shape(file, operand);
  return text + ")";
}

std::string shape(const File &file) {
  std::string text;
  for (const StmtId id : file.statements())
    text += shape(file, file[id]) + "\n";
  return text;
}

} // namespace nemo::syntax
