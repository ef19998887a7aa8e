// Values and formulas: the part of the language that the generated parser reads. One statement's
// tokens go in; its tree is copied to the File at once and dropped.
#pragma once

#include <memory>

#include "llvm/ADT/ArrayRef.h"

#include "intent/syntax/ast.h"
#include "intent/syntax/faults.h"
#include "intent/syntax/tokens.h"

namespace nemo::syntax {

class FormulaParser {
public:
  FormulaParser(File &file, Faults &faults);
  ~FormulaParser();

  /// statement[from..] is one expression. \returns no_expr after a fault, which is diagnosed.
  ExprId value(llvm::ArrayRef<Token> statement, size_t from);
  /// statement[from..] is an expression and clauses.
  ExprId formula(llvm::ArrayRef<Token> statement, size_t from, Run &clauses);

private:
  struct Machine;
  ExprId simple(llvm::ArrayRef<Token> tokens);
  std::unique_ptr<Machine> machine_;
  File &file_;
  Faults &faults_;
};

/// The name that a token spells: quotes and escapes are taken off.
Name name_of(File &file, const Token &token);

} // namespace nemo::syntax
