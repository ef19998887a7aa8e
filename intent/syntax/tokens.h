// The text as a flat list of tokens, twelve bytes each: the generated lexer's token objects are
// copied from and dropped at once, so that looking ahead any distance is cheap.
#pragma once

#include <cstdint>
#include <vector>

#include "llvm/ADT/StringRef.h"

#include "intent/grammar/NemoLexer.h"
#include "intent/syntax/ast.h"

namespace nemo::syntax {

using Lexer = nemo::grammar::NemoLexer;

struct Token {
  uint32_t begin = 0;
  uint32_t end = 0;
  uint32_t kind = 0; ///< Lexer::ID and its like, or end_of_file
  Extent extent() const { return {begin, end}; }
};

inline constexpr uint32_t end_of_file = 0;

struct Tokens {
  std::vector<Token> list; ///< ends with end_of_file; without spaces and comments
  std::vector<Comment> comments;
};

/// \param text  UTF-8; a byte order mark at its start is skipped.
Tokens lex(llvm::StringRef text);

inline bool is_verb(uint32_t kind) { return kind >= Lexer::REQUIRE && kind <= Lexer::WHEN; }
inline bool is_clause(uint32_t kind) { return kind >= Lexer::OVER && kind <= Lexer::ELSE; }
inline bool is_word(uint32_t kind) { return kind >= Lexer::REQUIRE && kind <= Lexer::FALSE; }
/// What may name an attribute or a block where `=` or `{` follows.
inline bool is_name(uint32_t kind) { return kind == Lexer::ID || is_word(kind); }
inline bool is_line_end(uint32_t kind) {
  return kind == Lexer::LINE_END || kind == Lexer::SEMICOLON;
}
/// Joins two values: arithmetic, comparison, `and`, `or`, `in`, `..`.
inline bool is_binary(uint32_t kind) {
  return (kind >= Lexer::LE && kind <= Lexer::SLASH) || kind == Lexer::RANGE ||
         kind == Lexer::AND || kind == Lexer::OR || kind == Lexer::IN;
}
/// Begins a value and is one by itself.
inline bool is_operand(uint32_t kind) {
  return (kind >= Lexer::NUMBER && kind <= Lexer::STRING) || kind == Lexer::TRUE ||
         kind == Lexer::FALSE;
}

} // namespace nemo::syntax
