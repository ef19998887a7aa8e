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

void StatementReader::close_block() {
  const Token &brace = tokens_[at_++];
  if (blocks_.empty()) {
    faults_.add(diag::N0112, brace.extent(), "'}' closes nothing",
                "take it away, or look for a '{' that is missing before it");
    return;
  }
  OpenBlock &open = blocks_.back();
  Stmt &block = file_.stmts[static_cast<uint32_t>(open.id)];
  block.body = finish(open.statements);
  block.close_brace = brace.extent();
  block.extent.end = brace.end;
  const llvm::StringRef text = *file_.text;
  const size_t line = text.rfind('\n', brace.begin) + 1;
  const bool first_on_line = text.find_first_not_of(" \t", line) == brace.begin;
  if (first_on_line && brace.begin - line < open.indent)
    suspects_.push_back(open.id);
  blocks_.pop_back();

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
    const bool told_by_indent = i < suspects_.size();
    const StmtId id = told_by_indent ? suspects_[i] : blocks_[i].id;
    const Stmt &block = file_[id];
    faults_.add(
        diag::N0111, block.open_brace,
        fmt::format("the body of '{}' is never closed", file_.source(block.name.extent).str()),
        "close it with }");
    if (told_by_indent)
      faults_.note("this '}' stands further left than the block that it closes", block.close_brace);
  }
  while (!blocks_.empty()) {
    OpenBlock &open = blocks_.back();
    Stmt &block = file_.stmts[static_cast<uint32_t>(open.id)];
    block.body = finish(open.statements);
    block.extent.end = tokens_.back().end;
    block.close_brace = tokens_.back().extent();
    blocks_.pop_back();
  }
}

} // namespace nemo::syntax
