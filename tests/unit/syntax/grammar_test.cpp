// The grammar's rule `file` defines the language; what runs is the statement reader with the rules
// for formulas. Here both read the same texts and must agree on which are sound.
#include <catch2/catch.hpp>

#include "intent/syntax/parse.h"
#include "whole_grammar.h"

using namespace nemo::syntax;

TEST_CASE("the grammar and the parser agree") {
  const char *sound[] = {
      "",
      "\n;;\n# c\n",
      "nemo = 1; stack = \"shop\"",
      "import \"x\"\nuse web shop\nuse web shop { port = 81 }",
      "weight = 3\nfor { in = 1 }",
      "workload web \"l\" { exec = [\n  \"a\", # c\n  \"b\",\n]; resources { cpu = 1core } }",
      "require (a.for <= 20ms and\n not b in [c]) over 5min where d weight 2 else \"no\"",
      "when -a - -b..c > f(1, 2,) for 30s",
      "labels { \"k/v\" = node.labels.\"k/v\" }",
  };
  for (const char *text : sound) {
    INFO(text);
    CHECK(sound_by_grammar(text));
    CHECK(parse("t.nemo", text).diagnostics.empty());
  }
  const char *unsound[] = {
      "x =",         "x = 1 2",    "x = (1",      "x = 1)",         "a { ",         "}",
      "{ a = 1 }",   "a.b = 3",    "+ 3",         "require",        "x = a over 3", "x = { a = 1 }",
      "a { } b = 1", "x = \"a",    "x = 'a'",     "require a = b",  "x = [a b]",    "x = a ++ b",
      "x = a, b",    "replicas 3", "a = 1 b = 2", "require a over", "x = [,]",      "x = a.",
      "x = f(,)",
  };
  for (const char *text : unsound) {
    INFO(text);
    CHECK_FALSE(sound_by_grammar(text));
    CHECK_FALSE(parse("t.nemo", text).diagnostics.empty());
  }
}
