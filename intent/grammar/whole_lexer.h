// The generated lexer as the grammar asks for it: comments, and line ends inside brackets, do not
// reach the parser. For whoever reads whole files by the grammar's own rule; nemo itself has a
// reader that also recovers from faults (intent/syntax).
#pragma once

#include "antlr4-runtime.h"
#include "intent/grammar/NemoLexer.h"

namespace nemo::grammar {

class WholeLexer final : public NemoLexer {
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

} // namespace nemo::grammar
