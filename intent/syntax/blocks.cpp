// Blocks, opened and closed with an explicit stack: nothing here recurses. When braces do not
// match, indentation tells which one was forgotten.
#include <fmt/format.h>

#include "intent/syntax/statements.h"

namespace nemo::syntax {

void StatementReader::add(StmtId id) {
  (blocks_.empty() ? top_ : blocks_.back().statements).push_back(id);
}

Run StatementReader::finish(const std::vector<StmtId> &statements) {
  const Run run{static_cast<uint32_t>(file_.bodies.size()),
                static_cast<uint32_t>(statements.size())};
  file_.bodies.insert(file_.bodies.end(), statements.begin(), statements.end());
  return run;
}

/// Bytes of white space before the first word of the line on which `offset` lies.
uint32_t StatementReader::indent(uint32_t offset) const {
  const llvm::StringRef text = *file_.text;
  const size_t line = text.rfind('\n', offset) + 1; // npos + 1 is 0
  const size_t word = text.find_first_not_of(" \t", line);
  return static_cast<uint32_t>((word == llvm::StringRef::npos ? text.size() : word) - line);
}

void StatementReader::open_block(StmtId id) {
  const Token &brace = tokens_[at_];
  if (blocks_.size() >= limits_.nesting) {
    too_deep(brace);
    told_too_deep_ = true;
    for (size_t open = 0; kind() != end_of_file; ++at_) {
      open += kind() == Lexer::LBRACE;
      if (kind() == Lexer::RBRACE && --open == 0) {
        ++at_;
        return;
      }
    }
    return;
  }
  Stmt &block = file_.stmts[static_cast<uint32_t>(id)];
  block.has_body = true;
  block.open_brace = brace.extent();
  blocks_.push_back({id, indent(block.extent.begin), {}});
  ++at_;
}

/// A body without a name is read for its own faults, but stands nowhere in the tree.
void StatementReader::open_anonymous() {
  Stmt anonymous;
  anonymous.kind = StmtKind::block;
  anonymous.extent = anonymous.name.extent = tokens_[at_].extent();
  file_.stmts.push_back(anonymous);
  open_block(StmtId{static_cast<uint32_t>(file_.stmts.size() - 1)});
}

/// "workload web", as it was written.
std::string StatementReader::head_of(const Stmt &block) const {
  const llvm::StringRef head = file_.source({block.extent.begin, block.open_brace.begin}).rtrim();
  return head.size() <= 100 ? head.str() : file_.source(block.name.extent).str();
}

bool StatementReader::first_on_line(uint32_t offset) const {
  const llvm::StringRef text = *file_.text;
  return text.find_first_not_of(" \t", text.take_front(offset).rfind('\n') + 1) == offset;
}

/// The body ends at this brace, or in front of `end` when its brace is missing.
void StatementReader::close_innermost(Extent end) {
  OpenBlock &open = blocks_.back();
  Stmt &block = file_.stmts[static_cast<uint32_t>(open.id)];
  block.body = finish(open.statements);
  block.close_brace = end;
  block.extent.end = end.end;
  blocks_.pop_back();
}

/// In a text with more `{` than `}`, a line that stands further left than the bodies it would be in
/// shows where braces are missing. A text whose braces match is never judged by indentation.
void StatementReader::close_outdented(const Token &token, bool closing) {
  if (missing_ == 0 || blocks_.empty() || told_too_deep_ || !first_on_line(token.begin))
    return;
  const uint32_t column = indent(token.begin);
  while (missing_ != 0 && !blocks_.empty()) {
    const OpenBlock &open = blocks_.back();
    const Stmt &block = file_[open.id];
    if (column > open.indent || (closing && (column == open.indent || blocks_.size() == 1)) ||
        open.statements.empty() || indent(file_[open.statements[0]].extent.begin) <= open.indent)
      return;
    faults_.add(diag::N0111, block.open_brace,
                fmt::format("the body of '{}' is never closed", head_of(block)), "close it with }");
    faults_.note(closing ? "this '}' stands further left than what it would close"
                         : "this stands further left than what it would be in",
                 token.extent());
    --missing_;
    close_innermost({token.begin, token.begin});
  }
}

void StatementReader::close_block() {
  const Token &brace = tokens_[at_++];
  if (blocks_.empty()) {
    faults_.add(diag::N0112, brace.extent(), "'}' closes nothing",
                "take it away, or look for a '{' that is missing before it");
    return;
  }
  close_outdented(brace, true);
  close_innermost(brace.extent());

  const uint32_t next = kind();
  if (!is_line_end(next) && next != Lexer::RBRACE && next != end_of_file) {
    faults_.add(
        diag::N0121, tokens_[at_].extent(),
        fmt::format("{} begins a second statement on the same line", faults_.shown(tokens_[at_])),
        "put a line end or `;` after '}'");
    // What follows is read as a statement of its own; a brace would only be reported twice.
    if (next == Lexer::LBRACE) {
      sound_ = false;
      open_anonymous();
    }
  }
}

void StatementReader::report_open_blocks() {
  constexpr size_t most = 8;
  // After a text that nests too deeply was skipped, nobody knows which braces it would have had.
  const size_t missing = told_too_deep_ ? 0 : blocks_.size();
  for (size_t i = 0; i != missing && i != most; ++i) {
    const Stmt &block = file_[blocks_[i].id];
    faults_.add(diag::N0111, block.open_brace,
                fmt::format("the body of '{}' is never closed", head_of(block)), "close it with }");
  }
  while (!blocks_.empty())
    close_innermost(tokens_.back().extent());
}

} // namespace nemo::syntax
