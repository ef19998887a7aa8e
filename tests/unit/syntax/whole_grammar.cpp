#include "whole_grammar.h"

#include "intent/grammar/NemoParser.h"
#include "intent/grammar/whole_lexer.h"

namespace nemo::syntax {

bool sound_by_grammar(const std::string &text) {
  antlr4::ANTLRInputStream input(text);
  nemo::grammar::WholeLexer lexer(&input);
  antlr4::CommonTokenStream tokens(&lexer);
  nemo::grammar::NemoParser parser(&tokens);
  parser.removeErrorListeners();
  parser.file();
  return parser.getNumberOfSyntaxErrors() == 0;
}

} // namespace nemo::syntax
