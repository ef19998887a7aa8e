// Prints values and formulas in the one style. Words go out one by one; a comment that stood
// between two words goes out between the same two, and takes its line break with it.
#pragma once

#include <string>

#include "intent/syntax/ast.h"

namespace nemo::syntax {

inline constexpr size_t most_columns = 100;

/// Width in columns: one for each code point, which is right for nearly all text.
size_t columns(llvm::StringRef text);

class FormulaPrinter {
public:
  /// \param next_comment  index in file.comments; moved past those that were printed.
  /// \param flat  on one line, however long; for text that has no line break.
  FormulaPrinter(const File &file, size_t &next_comment, size_t indent, bool flat = false)
      : file_(file), next_comment_(next_comment), indent_(indent), line_(indent, ' '), flat_(flat) {
  }

  /// The head, then the value: "name = " and what follows it.
  void word(llvm::StringRef text, uint32_t begin);
  void space() { space_ = true; }
  void expr(ExprId id);

  /// All that was printed, without the indentation of the first line.
  std::string take();
  size_t column() const { return columns(line_); }

private:
  void break_line();
  void comments_before(uint32_t offset);
  void list(const Expr &e);
  void arguments(const Expr &e);
  void binary(const Expr &e, llvm::StringRef sign);
  void name(const Expr &e);

  const File &file_;
  size_t &next_comment_;
  size_t indent_;
  std::string done_; ///< lines that are complete
  std::string line_;
  bool space_ = false;
  const bool flat_; ///< lists are not broken, however long
};

/// The expression on one line.
std::string flat(const File &file, ExprId id);

} // namespace nemo::syntax
