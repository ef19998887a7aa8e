// Frames statements: finds where each begins and ends before anything looks inside, so that a fault
// costs one statement and one diagnostic, whatever brackets it left open.
#pragma once

#include <vector>

#include "intent/syntax/ast.h"
#include "intent/syntax/faults.h"
#include "intent/syntax/formula.h"
#include "intent/syntax/parse.h"
#include "intent/syntax/tokens.h"

namespace nemo::syntax {

class StatementReader {
public:
  StatementReader(File &file, const std::vector<Token> &tokens, const Limits &limits,
                  Faults &faults)
      : file_(file), tokens_(tokens), limits_(limits), faults_(faults), formulas_(file, faults) {}

  /// Reads all statements into the file.
  void read();

private:
  /// A block whose `}` has not come yet.
  struct OpenBlock {
    StmtId id;
    uint32_t indent; ///< of the line on which it begins
    std::vector<StmtId> statements;
  };

  uint32_t kind() const { return tokens_[at_].kind; }
  void frame();
  bool begins_statement(size_t at) const;
  void bracket(const Token &token);
  void too_deep(const Token &token);
  void read_statement();
  void read_attribute(Stmt &statement);
  void read_rule(Stmt &statement);
  void read_head(Stmt &statement);
  void head_fault(size_t found);
  void no_body(const Stmt &statement);
  bool brace_on_next_line();
  void skip_wrapped();
  ExprId checked(ExprId id);
  void add(StmtId id);
  void open_block(StmtId id);
  void open_anonymous();
  void close_outdented(const Token &token, bool closing);
  void close_innermost(Extent end);
  bool first_on_line(uint32_t offset) const;
  std::string head_of(const Stmt &block) const;
  void close_block();
  void report_open_blocks();
  Run finish(const std::vector<StmtId> &statements);
  uint32_t indent(uint32_t offset) const;

  File &file_;
  const std::vector<Token> &tokens_;
  const Limits limits_;
  Faults &faults_;
  FormulaParser formulas_;

  size_t at_ = 0;
  std::vector<Token> statement_; ///< the framed statement, without line ends
  std::vector<Token> brackets_;  ///< open in it
  bool told_too_deep_ = false;   ///< a block was skipped
  bool sound_ = true;            ///< false: framing has found its fault already
  std::vector<StmtId> top_;
  std::vector<OpenBlock> blocks_;
  size_t missing_ = 0; ///< how many more `{` than `}` the text has, less those accounted for
};

} // namespace nemo::syntax
