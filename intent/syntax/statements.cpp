// Line ends and braces frame statements. Inside ( and [ a line end only wraps, unless the next line
// begins with `name =`, `name {` or a verb: then a bracket was left open, and the statement ends
// here. Nesting is counted before anything recurses: blocks, brackets, and the operators of one
// bracket level (each of them is a level of the tree).
#include "intent/syntax/statements.h"

#include <fmt/format.h>

#include "llvm/ADT/SmallVector.h"

namespace nemo::syntax {

void StatementReader::read() {
  size_t opened = 0;
  size_t closed = 0;
  for (const Token &token : tokens_) {
    opened += token.kind == Lexer::LBRACE;
    closed += token.kind == Lexer::RBRACE;
  }
  missing_ = opened > closed ? opened - closed : 0;
  for (;;) {
    switch (kind()) {
    case Lexer::LINE_END:
    case Lexer::SEMICOLON:
      ++at_;
      break;
    case end_of_file:
      report_open_blocks();
      file_.top = finish(top_);
      return;
    case Lexer::RBRACE:
      close_block();
      break;
    case Lexer::LBRACE: {
      faults_.add(diag::N0115, tokens_[at_].extent(), "this body belongs to no block",
                  "write the block's name before it, on the same line: name { … }");
      open_anonymous();
      break;
    }
    default:
      close_outdented(tokens_[at_], false);
      frame();
      read_statement();
    }
  }
}

/// Whether a statement begins at this token (after line ends), so that open brackets cannot go on.
bool StatementReader::begins_statement(size_t at) const {
  while (tokens_[at].kind == Lexer::LINE_END)
    ++at;
  const uint32_t first = tokens_[at].kind;
  if (first == end_of_file || first == Lexer::RBRACE || is_verb(first))
    return true;
  const uint32_t second = first == end_of_file ? end_of_file : tokens_[at + 1].kind;
  if (first == Lexer::STRING)
    return second == Lexer::ASSIGN;
  if (!is_name(first))
    return false;
  if (second == Lexer::ASSIGN)
    return true;
  for (++at; tokens_[at].kind == Lexer::ID || tokens_[at].kind == Lexer::STRING; ++at)
    ;
  return tokens_[at].kind == Lexer::LBRACE;
}

void StatementReader::too_deep(const Token &token) {
  if (sound_)
    faults_.add(diag::N0108, token.extent(),
                fmt::format("nested deeper than {} levels", limits_.nesting),
                "split it: name parts of it in attributes of their own, or use a list with `in`");
  sound_ = false;
}

/// Takes the tokens of one statement and stops at what ends it.
void StatementReader::frame() {
  statement_.clear();
  brackets_.clear();
  sound_ = true;
  llvm::SmallVector<uint32_t, 16> operators{0}; // by bracket level
  size_t depth = blocks_.size();
  for (;; ++at_) {
    const Token &token = tokens_[at_];
    switch (token.kind) {
    case Lexer::LINE_END:
      if (!brackets_.empty() && !begins_statement(at_ + 1))
        continue;
      [[fallthrough]];
    case Lexer::SEMICOLON:
    case Lexer::LBRACE:
    case Lexer::RBRACE:
    case end_of_file:
      if (!brackets_.empty() && sound_) {
        faults_.add(diag::N0109, brackets_[0].extent(),
                    fmt::format("'{}' is never closed", file_.source(brackets_[0].extent()).str()),
                    brackets_[0].kind == Lexer::LPAREN ? "close it with )" : "close it with ]");
        faults_.note("the statement ends here", {statement_.back().begin, statement_.back().end});
        sound_ = false;
      }
      return;
    case Lexer::LPAREN:
    case Lexer::LBRACK:
      brackets_.push_back(token);
      operators.push_back(0);
      ++depth;
      break;
    case Lexer::RPAREN:
    case Lexer::RBRACK:
      bracket(token);
      if (operators.size() > 1) {
        depth -= operators.back() + 1;
        operators.pop_back();
      }
      break;
    case Lexer::STRANGE:
    case Lexer::OPEN_STRING:
      if (sound_)
        faults_.strange(token);
      sound_ = false;
      break;
    case Lexer::STRING:
      faults_.check_escapes(token);
      break;
    default:
      if (token.kind == Lexer::COMMA || is_clause(token.kind)) {
        depth -= operators.back();
        operators.back() = 0;
      } else if (is_binary(token.kind) || token.kind == Lexer::NOT) {
        ++operators.back();
        ++depth;
      }
    }
    statement_.push_back(token);
    if (depth > limits_.nesting)
      too_deep(token);
  }
}

void StatementReader::bracket(const Token &token) {
  const bool matches = !brackets_.empty() &&
                       (brackets_.back().kind == Lexer::LPAREN) == (token.kind == Lexer::RPAREN);
  if (!matches && sound_) {
    const std::string text = file_.source(token.extent()).str();
    if (brackets_.empty()) {
      faults_.add(diag::N0110, token.extent(), fmt::format("'{}' closes nothing", text),
                  "take it away, or open it before");
    } else {
      const std::string open = file_.source(brackets_.back().extent()).str();
      faults_.add(diag::N0110, token.extent(), fmt::format("'{}' does not close '{}'", text, open),
                  open == "(" ? "write )" : "write ]");
      faults_.note("opened here", brackets_.back().extent());
    }
    sound_ = false;
  }
  if (!brackets_.empty())
    brackets_.pop_back();
}

void StatementReader::read_statement() {
  const uint32_t first = statement_[0].kind;
  const uint32_t second = statement_.size() > 1 ? statement_[1].kind : end_of_file;
  const bool body = kind() == Lexer::LBRACE;
  Stmt statement;
  statement.extent = {statement_.front().begin, statement_.back().end};
  if (second == Lexer::ASSIGN && (is_name(first) || first == Lexer::STRING)) {
    read_attribute(statement);
  } else if (is_verb(first) && !(body && statement_.size() == 1)) {
    read_rule(statement);
  } else if (first == Lexer::ID || (is_name(first) && body)) {
    read_head(statement);
  } else {
    if (sound_) {
      faults_.add(
          diag::N0115, statement_[0].extent(),
          fmt::format("{} begins no statement", faults_.shown(statement_[0])),
          second == Lexer::ASSIGN && (first == Lexer::NUMBER || first == Lexer::QUANTITY)
              ? fmt::format("a name that begins with a digit stands in quotes: \"{}\" = …",
                            file_.source(statement_[0].extent()).str())
          : is_binary(first) || first == Lexer::DOT || first == Lexer::RPAREN
              ? "to go on with the formula of the line before, put it in parentheses"
              : "a statement is `name = value`, `name { … }`, or begins with a verb such as "
                "require");
    }
    if (body)
      open_anonymous();
    return; // not in the tree: nobody can tell what it was to mean
  }
  // Neither is a lone name with a fault behind it.
  if (!body && kind() != Lexer::LBRACE && statement.kind == StmtKind::block && !sound_)
    return;
  file_.stmts.push_back(statement);
  const StmtId id{static_cast<uint32_t>(file_.stmts.size() - 1)};
  if (kind() == Lexer::LBRACE) {
    Stmt &block = file_.stmts.back();
    if (block.kind != StmtKind::block) {
      if (sound_) {
        const bool sign = statement_.size() == 2 && second == Lexer::ASSIGN;
        faults_.add(diag::N0117, tokens_[at_].extent(),
                    sign ? "a block is written without '='" : "a body cannot follow a value",
                    sign ? fmt::format("write {} {{ … }}", block.name.text.str())
                         : "end the statement before it, or name a block: name { … }");
      }
      // Kept as a block, so that its statements are read as what they are.
      block.kind = StmtKind::block;
      block.name.extent = block.extent;
    }
    add(id);
    open_block(id);
    return;
  }
  add(id);
}

ExprId StatementReader::checked(ExprId id) {
  if (id != no_expr)
    return id;
  Expr invalid;
  invalid.extent = {statement_.front().begin, statement_.back().end};
  file_.exprs.push_back(invalid);
  return ExprId(file_.exprs.size() - 1);
}

void StatementReader::read_attribute(Stmt &statement) {
  statement.kind = StmtKind::attribute;
  statement.name = name_of(file_, statement_[0]);
  ExprId value = no_expr;
  if (sound_ && statement_.size() > 2)
    value = formulas_.value(statement_, 2);
  else if (sound_ && kind() != Lexer::LBRACE)
    faults_.unexpected(statement_, 2, false);
  statement.value = checked(value);
  if (value == no_expr)
    skip_wrapped();
}

void StatementReader::read_rule(Stmt &statement) {
  statement.kind = StmtKind::rule;
  statement.verb = static_cast<Verb>(statement_[0].kind - Lexer::REQUIRE + 1);
  statement.verb_extent = statement_[0].extent();
  ExprId value = no_expr;
  if (sound_)
    value = formulas_.formula(statement_, 1, statement.clauses);
  statement.value = checked(value);
  if (value == no_expr)
    skip_wrapped();
}

/// After a formula that broke off at an operator, the next line is its rest and not another fault.
void StatementReader::skip_wrapped() {
  const uint32_t last = statement_.back().kind;
  const bool broke_off = is_binary(last) || last == Lexer::NOT || last == Lexer::ASSIGN ||
                         last == Lexer::COMMA || is_clause(last) || is_verb(last);
  if (!broke_off || kind() != Lexer::LINE_END || begins_statement(at_ + 1))
    return;
  const uint32_t first_indent = indent(statement_.front().begin);
  size_t next = at_ + 1;
  if (is_line_end(tokens_[next].kind) || indent(tokens_[next].begin) <= first_indent)
    return;
  while (!is_line_end(tokens_[next].kind) && tokens_[next].kind != end_of_file &&
         tokens_[next].kind != Lexer::LBRACE && tokens_[next].kind != Lexer::RBRACE)
    ++next;
  at_ = next;
}

void StatementReader::read_head(Stmt &statement) {
  statement.kind = StmtKind::block;
  statement.name = name_of(file_, statement_[0]);
  statement.labels.first = static_cast<uint32_t>(file_.parts.size());
  for (size_t i = 1; i != statement_.size(); ++i) {
    if (statement_[i].kind != Lexer::ID && statement_[i].kind != Lexer::STRING) {
      if (sound_)
        head_fault(i);
      sound_ = false;
      break;
    }
    file_.parts.push_back(name_of(file_, statement_[i]));
  }
  statement.labels.count = static_cast<uint32_t>(file_.parts.size()) - statement.labels.first;
  if (kind() == Lexer::LBRACE || !sound_ || brace_on_next_line())
    return;
  if (statement.name.text != "import" && statement.name.text != "use")
    no_body(statement);
}

/// A line that begins with a name and is neither an attribute nor a block.
void StatementReader::head_fault(size_t found) {
  static const std::vector<std::string> verbs = {"require",  "prefer",   "deny",
                                                 "minimize", "maximize", "when"};
  const Token &token = statement_[found];
  const std::string name = file_.source(statement_[0].extent()).str();
  const std::string text = file_.source(token.extent()).str();
  bool dotted = false;
  for (size_t i = found; i + 1 < statement_.size() && !dotted; ++i)
    dotted = statement_[i].kind == Lexer::ASSIGN;
  if (std::optional<std::string> verb = did_you_mean(name, verbs); verb && !dotted) {
    faults_.add(diag::N0115, statement_[0].extent(), fmt::format("'{}' is no verb", name),
                fmt::format("did you mean {}?", *verb));
  } else if (token.kind == Lexer::DOT && dotted) {
    faults_.add(diag::N0114, token.extent(), "the name of an attribute has no dots",
                fmt::format("write {} {{ … }} with the attribute inside", name));
  } else if (found == 1 && (is_operand(token.kind) || token.kind == Lexer::LBRACK ||
                            token.kind == Lexer::MINUS)) {
    faults_.add(diag::N0114, token.extent(), "'=' is missing between a name and its value",
                token.kind == Lexer::LBRACK || token.kind == Lexer::MINUS
                    ? fmt::format("write {} = {}…", name, text)
                    : fmt::format("write {} = {}", name, text));
  } else {
    faults_.add(diag::N0114, token.extent(),
                fmt::format("{} cannot stand here", faults_.shown(token)),
                "a line that begins with a name goes on with `= value` or `{ … }`; a rule begins "
                "with a verb such as require");
    faults_.cause(fmt::format("'{}' begins an attribute or a block", name));
  }
}

void StatementReader::no_body(const Stmt &statement) {
  const std::string name = statement.name.text.str();
  std::string fix = fmt::format("write {} = value, or {} {{ … }}", name, name);
  if (statement.labels.count == 1)
    fix = fmt::format("write {0} = {1}, or {0} {1} {{ … }}", name,
                      file_.source(statement_[1].extent()).str());
  else if (statement.labels.count > 1)
    fix = fmt::format("write {} {{ … }}", file_.source(statement.extent).str());
  faults_.add(diag::N0116, statement.extent, fmt::format("'{}' has neither value nor body", name),
              fix);
  sound_ = false; // not in the tree
}

/// `name` and on the next line `{`: said once, and read as if it stood where it should.
bool StatementReader::brace_on_next_line() {
  size_t next = at_;
  while (tokens_[next].kind == Lexer::LINE_END)
    ++next;
  if (next == at_ || tokens_[next].kind != Lexer::LBRACE)
    return false;
  faults_.add(diag::N0122, tokens_[next].extent(), "'{' stands on the line of its block's name",
              fmt::format("write {} {{",
                          file_.source({statement_.front().begin, statement_.back().end}).str()));
  at_ = next;
  return true;
}

} // namespace nemo::syntax
