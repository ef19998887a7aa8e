// What is wrong with a text, found on the way. Collects diagnostics of one file, and puts into
// words what a token that cannot stand where it stands was probably meant to be.
#pragma once

#include <string>
#include <vector>

#include "llvm/ADT/ArrayRef.h"

#include "base/diagnostics/registry.h"
#include "intent/syntax/ast.h"
#include "intent/syntax/tokens.h"

namespace nemo::syntax {

class Faults {
public:
  explicit Faults(const File &file) : file_(file) {}

  /// \returns the diagnostic, to add notes to; valid until the next call.
  Diagnostic &add(const diag::Entry &entry, Extent extent, std::string message,
                  std::string fix = {});
  void note(std::string text, Extent extent);
  /// A note to the last diagnostic without a place of its own: its cause.
  void cause(std::string text);

  /// `found`, the index of the token in `statement` at which parsing ended, cannot stand there.
  void unexpected(llvm::ArrayRef<Token> statement, size_t found, bool is_rule);
  /// A byte or character that begins no word of the language.
  void strange(const Token &token);
  /// The escapes of a string literal.
  void check_escapes(const Token &token);

  /// The token's text in quotes, shortened.
  std::string shown(const Token &token) const;

  std::vector<Diagnostic> take() { return std::move(diagnostics_); }
  size_t count() const { return diagnostics_.size(); }
  const File &file() const { return file_; }

private:
  void missing_value(llvm::ArrayRef<Token> statement, size_t found);

  const File &file_;
  std::vector<Diagnostic> diagnostics_;
};

} // namespace nemo::syntax
