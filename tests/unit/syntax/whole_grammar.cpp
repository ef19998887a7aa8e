#include "whole_grammar.h"

#include "antlr4-runtime.h"
#include "intent/grammar/NemoLexer.h"
#include "intent/grammar/NemoParser.h"

namespace nemo::syntax {
namespace {

/// Comments, and line ends inside brackets, do not reach the parser.
class Filtered final : public nemo::grammar::NemoLexer {
public:
  using NemoLexer::NemoLexer;
  std::unique_ptr<antlr4::Token> nextToken() override {
    for (;;) {
      std::unique_ptr<antlr4::Token> token = NemoLexer::nextToken();
      const size_t kind = token->getType();
      open_ += kind == LPAREN || kind == LBRACK;
      open_ -= kind == RPAREN || kind == RBRACK;
      if (kind != COMMENT && (kind != LINE_END || open_ == 0))
        return token;
    }
  }

private:
  int open_ = 0;
};

} // namespace

bool sound_by_grammar(const std::string &text) {
  antlr4::ANTLRInputStream input(text);
  Filtered lexer(&input);
  antlr4::CommonTokenStream tokens(&lexer);
  nemo::grammar::NemoParser parser(&tokens);
  parser.removeErrorListeners();
  parser.file();
  return parser.getNumberOfSyntaxErrors() == 0;
}

} // namespace nemo::syntax
