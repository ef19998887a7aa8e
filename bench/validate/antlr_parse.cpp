// The peer of bench-validate: the least that a program with this grammar does. One generated lexer
// over the whole text, one generated parser with the prediction mode that nemo uses (SLL), one tree
// by the grammar's own rule for a file. Nothing looks at the tree, and the process ends without
// freeing it.
#include <cstdio>
#include <fstream>
#include <iterator>
#include <string>
#include <unistd.h>

#include "intent/grammar/NemoParser.h"
#include "intent/grammar/whole_lexer.h"

int main(int argc, char **argv) {
  const bool with_tree = argc < 2 || std::string(argv[1]) != "--no-tree";
  if (argc != (with_tree ? 2 : 3)) {
    std::fputs("usage: antlr-parse [--no-tree] FILE\n", stderr);
    return 1;
  }
  std::ifstream file(argv[argc - 1], std::ios::binary);
  const std::string text(std::istreambuf_iterator<char>(file), {});
  antlr4::ANTLRInputStream input(text);
  nemo::grammar::WholeLexer lexer(&input);
  antlr4::CommonTokenStream tokens(&lexer);
  nemo::grammar::NemoParser parser(&tokens);
  parser.setBuildParseTree(with_tree);
  parser.getInterpreter<antlr4::atn::ParserATNSimulator>()->setPredictionMode(
      antlr4::atn::PredictionMode::SLL);
  parser.file();
  const bool sound = !text.empty() && parser.getNumberOfSyntaxErrors() == 0;
  std::fflush(nullptr);
  _exit(sound ? 0 : 1);
}
